package pglog

import (
	"cmp"
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"avadb/internal/fault"
)

// Execution is a finished execution of a statement, as a log has it: its duration, or auto_explain's plan where that is all there is. Texts that it does not have are empty.
type Execution struct {
	At          time.Time // when it was logged, at its end; zero: the log has no time
	US          int64     // microseconds it took
	Kind        Kind
	User        string
	Database    string
	Application string
	Session     string // session identifier of csvlog, jsonlog and %c
	Line        int64  // number within the session, from 1; 0: not known. With Session it identifies the execution
	PID         int32  // 0: not known
	QueryID     int64  // 0: none
	Query       string // as it was, whole; nothing is masked. Empty: the log does not say
	Parameters  string // as the log has them
	Offset      int64  // of the message's first byte in the file, decompressed
}

// Batch is the executions of a piece of a file, in its order.
type Batch struct {
	Executions []Execution
	To         int64 // the file is read up to here, decompressed: the place to go on from
	Lines      int64 // of the piece
	Skipped    int64 // of them, that are no part of a message
}

// Reading says what of a file Executions gives.
type Reading struct {
	Options
	Threshold time.Duration // shorter executions are left out
	From      int64         // what begins before it is left out: 0, or the To of an earlier batch
	Live      bool          // the file can be written while it is read: a last message whose line has no end waits. A compressed one is whole
}

// warmUp is how many bytes before Reading.From are read again: a statement can stand in a message before its duration.
const warmUp = 1 << 20

// Executions reads one file and hands its executions over in their order, a batch at a time; an error of each ends the reading and comes
// back. The file is stdin where the name is Stdin. What else there is to tell stands in the File; its Error is nil.
func Executions(ctx context.Context, name string, stdin io.Reader, o Reading, each func(*Batch) error) (File, error) {
	file := File{Name: name}
	if err := o.prepare(); err != nil {
		return file, err
	}
	s, err := open(ctx, name, stdin, &o.Options)
	if err != nil {
		return file, err
	}
	defer s.close()
	file.Format = s.form.format + s.wrapped + s.compression
	if s.form.format == formatEmpty {
		return file, nil
	}
	b := &blocks{in: s.in, ends: s.form.parser(), size: o.Block, live: o.Live && s.compression == ""}
	if err := s.goTo(b, o.From); err != nil {
		if !errors.Is(err, errShorter) {
			return file, err
		}
		o.From = 0 // it is not what it was: all of it is read
		return Executions(ctx, name, stdin, o, each)
	}
	file.Began = o.From
	match := &planMatch{}
	deliver := func(batch *Batch) error {
		batch.Executions = match.take(batch.Executions, o.From)
		batch.To = match.from(batch.To)
		return each(batch)
	}
	r := &run{options: &o.Options}
	var group sync.WaitGroup
	var mutex sync.Mutex
	for range r.workers() {
		group.Go(func() {
			k := &keeper{reading: &o, pending: pending{of: map[int32]*announcement{}}, parser: s.form.parser()}
			k.work(ctx, b, &r.seams, deliver)
			mutex.Lock()
			defer mutex.Unlock()
			lines, skipped := k.parser.counted()
			file.Lines += lines
			file.SkippedLines += skipped
			file.Events += k.events
			file.Doubt = cmp.Or(file.Doubt, k.parser.zone())
		})
	}
	group.Wait()
	file.Bytes, file.Cut = b.offset, b.cut
	switch {
	case r.seams.err != nil:
		return file, r.seams.err
	case b.err != nil:
		return file, fault.New(fault.Failed, "read it to its end: %w", b.err)
	case ctx.Err() != nil:
		return file, context.Cause(ctx)
	}
	alone := match.end(b.live)
	file.Waiting = len(match.waiting) > 0
	if len(alone) > 0 {
		return file, each(&Batch{Executions: alone, To: match.from(b.offset)})
	}
	return file, nil
}

// errShorter tells that a file ends before the place to go on from.
var errShorter = errors.New("it is shorter than it was")

// goTo lets the blocks begin a little before a place.
func (s *source) goTo(b *blocks, from int64) error {
	begin := max(from-warmUp, 0)
	if from == 0 {
		return nil
	}
	if f, ok := s.file.(io.Seeker); ok && s.compression == "" && s.wrapped == "" {
		end, err := f.Seek(0, io.SeekEnd)
		if err == nil && end < from {
			return errShorter
		}
		if err == nil {
			_, err = f.Seek(begin, io.SeekStart)
		}
		if err != nil {
			return fault.New(fault.Failed, "go on in it: %w", err)
		}
		s.in, b.in = s.file, s.file
	} else if _, err := io.CopyN(io.Discard, s.in, begin); err != nil {
		if errors.Is(err, io.EOF) {
			return errShorter
		}
		return fault.New(fault.Failed, "read it to its end: %w", err)
	}
	if begin > 0 {
		b.offset = begin
		b.offset += b.skip()
	}
	return nil
}

// keeper keeps the executions of the blocks that one worker reads.
type keeper struct {
	reading *Reading
	pending pending
	parser  parser
	batch   *Batch
	events  int64
	names   recent
}

// recent gives one text for names that come again and again.
type recent [256]string

func (r *recent) of(name []byte) string {
	if len(name) == 0 {
		return ""
	}
	place := &r[(len(name)<<3^int(name[len(name)-1])<<1^int(name[len(name)/2])<<4)&(len(r)-1)]
	if *place != string(name) {
		*place = string(name)
	}
	return *place
}

func (k *keeper) work(ctx context.Context, in *blocks, all *seams, each func(*Batch) error) {
	var b block
	for ctx.Err() == nil && in.next(&b) {
		k.pending.begin()
		k.batch = &Batch{To: b.offset + int64(len(b.data))}
		lines, skipped := k.parser.counted()
		k.parser.parse(b.data, b.offset, k.add)
		linesNow, skippedNow := k.parser.counted()
		k.batch.Lines, k.batch.Skipped = linesNow-lines, skippedNow-skipped
		one := k.pending.seam()
		one.batch, one.deliver = k.batch, each
		if all.join(b.index, one, settleExecution) != nil {
			return
		}
	}
}

func settleExecution(batch *Batch, o *orphan, sql string) {
	for i := range batch.Executions {
		if batch.Executions[i].Offset == o.seq {
			batch.Executions[i].Query = sql
		}
	}
}

func (k *keeper) add(e *Event) {
	k.events++
	if e.Severity != Log {
		return
	}
	if sql, ok := announced(e.Message); ok {
		k.pending.announce(e.PID, sql)
		return
	}
	t := timing(e)
	if t.Kind == KindPlan && !isNested(e) {
		if t.Text = plannedQuery(t.Text); t.Text == nil {
			return
		}
	} else if !t.Kind.IsExecution() {
		return
	}
	if t.Kind == KindBare {
		sql, state := k.pending.take(e.PID)
		if state == unknown {
			k.pending.ask(e, t.US, e.Offset)
		}
		t.Text = sql
	}
	if t.US < k.reading.Threshold.Microseconds() || !k.reading.within(e.Time) {
		return
	}
	one := Execution{
		US: t.US, Kind: t.Kind, User: k.names.of(e.User), Database: k.names.of(e.Database), Application: k.names.of(e.App), Session: k.names.of(e.Session), Line: e.Line,
		PID: e.PID, QueryID: e.QueryID, Query: string(t.Text), Parameters: string(parameters(e.Detail)), Offset: e.Offset,
	}
	if e.Time != 0 {
		one.At = time.UnixMicro(e.Time).UTC()
	}
	k.batch.Executions = append(k.batch.Executions, one)
}
