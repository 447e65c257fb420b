// Command bench-logs makes logs out of the sample and measures what reads them. .ci/bench-logs.sh builds and calls it; as its folder lies
// below one with a dot, ./... does not reach it.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"
)

type options struct {
	avadb, sample, work, out string
	bytes, cut, distinct     int64
	rounds                   int
}

func main() {
	var o options
	ingest := flag.Bool("ingest", false, "measure slowlog ingest instead, against psql's \\copy")
	only := flag.String("make", "", "only make a log of this format, to -out: stderr, csv or json")
	each := flag.Int("tables", tables, "with -make: tables of each name, so that a statement has as many signatures")
	flag.StringVar(&o.avadb, "avadb", "./avadb", "the program to measure")
	flag.StringVar(&o.sample, "sample", "internal/pglog/testdata/sampleA.csv.gz", "csvlog that the logs are made of")
	flag.StringVar(&o.work, "work", "", "folder for the logs, 5 GB (default: a temporary one)")
	flag.StringVar(&o.out, "out", "docs/benchmarks-logs.md", "the document to write")
	flag.Int64Var(&o.bytes, "bytes", 1<<30, "size of the logs")
	flag.Int64Var(&o.cut, "cut", 60<<20, "size of the log for pgBadger")
	flag.Int64Var(&o.distinct, "distinct", 1<<30, "size of the log with a million statements; 0: none")
	flag.IntVar(&o.rounds, "rounds", 3, "how often each is measured")
	flag.Parse()
	var err error
	switch {
	case *only != "":
		err = o.make(*only, o.out, o.bytes, *each)
	case *ingest:
		err = o.ingest(context.Background())
	default:
		err = o.bench()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench-logs:", err)
		os.Exit(1)
	}
}

// make writes a log.
func (o *options) make(format, name string, bytes int64, tables int) error {
	m, err := newMaker(o.sample)
	if err != nil {
		return err
	}
	m.tables = tables
	file, err := os.Create(name)
	if err != nil {
		return err
	}
	if err := m.write(file, format, bytes); err != nil {
		return err
	}
	return file.Close()
}

// figure is what one reader reached, in MB/s and bytes, a round each.
type figure struct {
	name   string
	speeds []float64
	memory int64 // most of the rounds
}

func (f *figure) median() float64 {
	sorted := slices.Sorted(slices.Values(f.speeds))
	if len(sorted) == 0 {
		return 0
	}
	return sorted[len(sorted)/2]
}

// results are the figures of one format.
type results struct {
	format                                string
	slow, logs, badger, wc, scan, zip, un figure
}

func (o *options) bench() error {
	if o.work == "" {
		work, err := os.MkdirTemp("", "bench-logs-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(work) //nolint:errcheck // a leftover in the temporary folder does no harm
		o.work = work
	}
	var all []*results
	for _, format := range []string{"stderr", "csv", "json"} {
		r := &results{format: format}
		if err := o.prepare(format); err != nil {
			return err
		}
		for range o.rounds {
			if err := o.round(r); err != nil {
				return err
			}
		}
		all = append(all, r)
		o.clean(format)
	}
	d := document{options: o, all: all}
	if o.distinct > 0 {
		name := filepath.Join(o.work, "distinct")
		if err := o.make("stderr", name, o.distinct, 1<<30); err != nil {
			return err
		}
		var err error
		if d.many, err = o.count(name); err != nil {
			return err
		}
		if err := d.distinct.measure(name, o.avadb, "slow", "--file", name, "-o", "json"); err != nil {
			return err
		}
	}
	return os.WriteFile(o.out, d.text(), 0o644) //nolint:gosec // a document
}

func (o *options) name(format, what string) string { return filepath.Join(o.work, format+what) }

func (o *options) prepare(format string) error {
	if err := o.make(format, o.name(format, ""), o.bytes, tables); err != nil {
		return err
	}
	if err := o.make(format, o.name(format, ".cut"), o.cut, tables); err != nil {
		return err
	}
	return zipFile(o.name(format, ""), o.name(format, ".gz"))
}

func (o *options) clean(format string) {
	for _, what := range []string{"", ".cut", ".gz"} {
		_ = os.Remove(o.name(format, what)) // the folder goes, too
	}
}

// round measures each reader once, one after the other.
func (o *options) round(r *results) error {
	log, cut, zipped := o.name(r.format, ""), o.name(r.format, ".cut"), o.name(r.format, ".gz")
	if err := r.wc.measure(log, "wc", "-l", log); err != nil {
		return err
	}
	if err := r.scan.time(log, func() error { return scanNewlines(log) }); err != nil {
		return err
	}
	if err := r.slow.measure(log, o.avadb, "slow", "--file", log, "-o", "json"); err != nil {
		return err
	}
	if err := r.logs.measure(log, o.avadb, "logs", log, "-o", "json"); err != nil {
		return err
	}
	if err := r.un.time(log, func() error { return unzipFile(zipped) }); err != nil {
		return err
	}
	if err := r.zip.measure(log, o.avadb, "slow", "--file", zipped, "-o", "json"); err != nil {
		return err
	}
	formats := map[string]string{"stderr": "stderr", "csv": "csv", "json": "jsonlog"}
	return r.badger.measure(cut, "pgbadger", "-q", "-j", "2", "-f", formats[r.format], "-p", "%m [%p] %q%u@%d %a ", "-o", filepath.Join(o.work, "out.html"), cut)
}

func (f *figure) time(file string, work func() error) error {
	info, err := os.Stat(file)
	if err != nil {
		return err
	}
	begin := time.Now()
	if err := work(); err != nil {
		return err
	}
	f.speeds = append(f.speeds, float64(info.Size())/1e6/time.Since(begin).Seconds())
	return nil
}
