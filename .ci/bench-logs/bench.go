// Command bench-logs makes logs of a size and measures what reads them.
package main

import (
	"flag"
	"fmt"
	"os"
)

func main() {
	sample := flag.String("sample", "internal/pglog/testdata/sampleA.csv.gz", "csvlog that the logs are made of")
	format := flag.String("make", "", "only make a log of this format: stderr, csv or json")
	out := flag.String("out", "docs/benchmarks-logs.md", "the document, or the log")
	bytes := flag.Int64("bytes", 1<<30, "size of the logs")
	flag.Parse()
	if err := run(*sample, *format, *out, *bytes); err != nil {
		fmt.Fprintln(os.Stderr, "bench-logs:", err)
		os.Exit(1)
	}
}

func run(sample, format, out string, bytes int64) error {
	m, err := newMaker(sample)
	if err != nil {
		return err
	}
	file, err := os.Create(out)
	if err != nil {
		return err
	}
	if err := m.write(file, format, bytes); err != nil {
		return err
	}
	return file.Close()
}
