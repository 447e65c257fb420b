// Command bench-cli measures the start and `slow` of the command line. .ci/bench-cli.sh builds and calls it; as its
// folder lies below one with a dot, ./... does not reach it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"avadb/internal/pgtest"
)

// The targets, as factors of the yardstick and in bytes.
const (
	startTarget = 3.0
	slowTarget  = 1.3
	sizeTarget  = 25_000_000
	entries     = 5000
)

func main() {
	avadb := flag.String("avadb", "./avadb", "the program to measure")
	hello := flag.String("hello", "", "a Go hello world, built the same way")
	runs := flag.Int("runs", 101, "pairs of each comparison")
	out := flag.String("out", "docs/benchmarks-cli.md", "the document to write")
	flag.Parse()
	if err := bench(context.Background(), *avadb, *hello, *out, *runs); err != nil {
		fmt.Fprintln(os.Stderr, "bench-cli:", err)
		os.Exit(1)
	}
}

func bench(ctx context.Context, avadb, hello, out string, runs int) error {
	avadb, err := filepath.Abs(avadb)
	if err != nil {
		return err
	}
	size, err := os.Stat(avadb)
	if err != nil {
		return err
	}
	home, err := os.MkdirTemp("", "bench-cli-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(home) }() // a leftover in the temporary folder does no harm
	env := cleanEnvironment(home)
	start, err := compare(ctx, runs, env, []string{avadb, "version"}, []string{hello})
	if err != nil {
		return err
	}
	install, err := pgtest.FindWanted()
	if err != nil {
		return err
	}
	slow, counted, err := benchSlow(ctx, avadb, install, env, home, runs)
	if err != nil {
		return err
	}
	r := result{size: size.Size(), start: start, slow: slow, runs: runs, entries: counted, install: install}
	if err := os.WriteFile(out, []byte(r.document()), 0o644); err != nil {
		return err
	}
	fmt.Print(r.table())
	return r.verdict()
}

// result is all that was measured.
type result struct {
	size        int64
	start, slow pair
	runs        int
	entries     int
	install     pgtest.Install
}

func (r result) verdict() error {
	var missed error
	for what, failed := range map[string]bool{
		"`avadb version`": r.start.ratio() > startTarget,
		"`avadb slow`":    r.slow.ratio() > slowTarget,
		"the binary":      r.size >= sizeTarget,
	} {
		if failed {
			missed = errors.Join(missed, errors.New(what+" misses its target"))
		}
	}
	return missed
}

func (r result) table() string {
	line := func(what, measured, yardstick, ratio, target string) string {
		return "| " + what + " | " + measured + " | " + yardstick + " | " + ratio + " | " + target + " |\n"
	}
	times := func(what string, p pair, yardstick string, target float64) string {
		return line(what, ms(p.measured), yardstick+" "+ms(p.yardstick), fmt.Sprintf("%.2f x", p.ratio()), fmt.Sprintf("at most %.1f x", target))
	}
	return line("what", "median", "yardstick", "factor", "target") + line("---", "---:", "---:", "---:", "---") +
		times("`avadb version`", r.start, "Go hello world", startTarget) +
		times("`avadb slow` on "+strconv.Itoa(r.entries)+" entries", r.slow, "psql, the same SQL", slowTarget) +
		line("size of the binary", fmt.Sprintf("%.1f MB", float64(r.size)/1e6), "", "", "below 25 MB")
}
