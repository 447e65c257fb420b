package pglog

import (
	"cmp"
	"context"
	"io"
	"runtime"
	"slices"
	"sync"

	"avadb/internal/fault"
)

// Result is what a reading gives.
type Result struct {
	Report
	Dropped      Dropped
	DoubtfulZone string // an abbreviation in the timestamps that is not known, and was taken for UTC, or has several meanings; empty: none
	total        *total
}

// Dropped says what a reading left out for want of room.
type Dropped struct {
	Statements int64   // that had less time than others
	BoundMS    float64 // no one of them had more
}

// Run reads files in the order of their time, and stdin where the name is Stdin. A file that cannot be read is told in its entry and no
// error; those are a wrong prefix (fault.Usage) and the context's end.
func Run(ctx context.Context, names []string, stdin io.Reader, o Options) (*Result, error) {
	if err := o.prepare(); err != nil {
		return nil, err
	}
	r := &run{options: &o, total: newTotal(&o), stdin: stdin}
	for range r.workers() {
		r.digests = append(r.digests, newDigest(&o))
	}
	files := r.inOrder(ctx, names)
	for i := range files {
		if files[i].Error == nil {
			r.read(ctx, i, &files[i])
		}
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
	}
	for _, d := range r.digests {
		r.total.takeAll(d)
	}
	r.total.addPlans()
	result := &Result{Report: *r.total.report(files), DoubtfulZone: r.doubt}
	result.total = r.total
	result.Dropped = Dropped{r.total.table.dropped, milli(r.total.table.bound)}
	return result, nil
}

// run is one reading.
type run struct {
	options *Options
	stdin   io.Reader
	total   *total
	digests []*digest
	seams   seams
	block   int // number of the next file's first block
	doubt   string
}

func (r *run) workers() int {
	if r.options.Workers > 0 {
		return r.options.Workers
	}
	return runtime.GOMAXPROCS(0)
}

// inOrder looks at the beginning of each file and sorts them by their first event. Stdin is not looked at: its turn is that of its name.
func (r *run) inOrder(ctx context.Context, names []string) []File {
	files := make([]File, len(names))
	for i, name := range names {
		files[i].Name = name
		if name == Stdin || len(names) == 1 {
			continue
		}
		s, err := open(ctx, name, nil, r.options)
		if err != nil {
			files[i].fail(err)
			continue
		}
		files[i].first = s.first
		s.close()
	}
	slices.SortStableFunc(files, func(a, b File) int {
		if a.first == 0 || b.first == 0 {
			return 0
		}
		return cmp.Compare(a.first, b.first)
	})
	return files
}

func (f *File) fail(err error) {
	message := err.Error()
	if e := fault.As(err); e != nil && e.Hint != "" {
		message += ": " + e.Hint
	}
	f.Error = &message
}

// read counts one file.
func (r *run) read(ctx context.Context, number int, f *File) {
	s, err := open(ctx, f.Name, r.stdin, r.options)
	if err != nil {
		f.fail(err)
		return
	}
	defer s.close()
	f.Format = s.form.format + s.wrapped + s.compression
	if len(s.form.prefixes) > 0 {
		f.Prefix = &s.form.prefixes[0].Text
	}
	if s.form.format == formatEmpty {
		return
	}
	b := &blocks{in: s.in, ends: s.form.parser(), size: r.options.Block}
	var group sync.WaitGroup
	var mutex sync.Mutex
	for _, d := range r.digests {
		group.Go(func() {
			p := s.form.parser()
			events := d.events
			d.file = number
			r.work(ctx, d, p, b)
			mutex.Lock()
			defer mutex.Unlock()
			lines, skipped := p.counted()
			f.Lines += lines
			f.SkippedLines += skipped
			f.Events += d.events - events
			r.doubt = cmp.Or(r.doubt, p.zone())
		})
	}
	group.Wait()
	r.block += b.index
	f.Bytes, f.Cut = b.offset, b.cut
	if b.err != nil {
		f.fail(fault.New(fault.Failed, "read it to its end: %w", b.err))
	}
}

// work parses blocks until there are no more.
func (r *run) work(ctx context.Context, d *digest, p parser, in *blocks) {
	var b block
	emit := d.add
	for ctx.Err() == nil && in.next(&b) {
		d.pending.begin()
		p.parse(b.data, b.offset, emit)
		_ = r.seams.join(r.block+b.index, d.pending.seam(), d.settle) // nothing is delivered
		if len(d.tallies.list)+len(d.plans.list) > mostLocal {
			r.total.take(d)
		}
	}
}

// mostLocal statements are kept by a worker before they go to the total.
const mostLocal = 20_000
