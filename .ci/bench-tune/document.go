package main

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
)

// document is a part of docs/benchmarks-cli.md.
func document(m machine, version string, o options, tuned, lab results) string {
	var b strings.Builder
	fmt.Fprintf(&b, `# Benchmarks of tuning

Written by `+"`make bench-tune`"+`: the factor by which each set of values is faster than initdb's defaults, median of %d interleaved
rounds (least to most). Above 1 is faster.

%s
`, o.rounds, tuned.table())
	if len(lab.numbers) > 0 {
		fmt.Fprintf(&b, "One value at a time, everything else at its default:\n\n%s\n", lab.table())
	}
	fmt.Fprintf(&b, `- pgbench at scale %d, 4 clients, %s a run; 1.5 million orders of 500,000 customers for the rest, one session.
- The values of pgtune and timescaledb-tune follow the rules that these publish, for %s of memory and %d processors; avadb's come from
  `+"`avadb tune --no-evidence -o conf`"+`.
- Each variant begins with a restart and with the data read into its buffers, as far as they hold it; of the queries and the index the fastest
  of three in one session counts. All data fits into memory, so that nothing here says what a disk would.
- Machine: %d cores, %s/%s; PostgreSQL %s.
`, o.scale, o.seconds, m.ram(), m.cpus, runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, version)
	return b.String()
}

// table has a row for each variant and a column for each workload: the ratio to the defaults of the same round.
func (r results) table() string {
	var columns []string
	for _, w := range workloads() {
		if r.numbers[w.name] != nil {
			columns = append(columns, w.name)
		}
	}
	var b strings.Builder
	b.WriteString("| | " + strings.Join(columns, " | ") + " |\n| --- |" + strings.Repeat(" ---: |", len(columns)) + "\n")
	for _, v := range r.variants {
		if v.name == "defaults" {
			continue
		}
		b.WriteString("| " + v.name + " |")
		for _, column := range columns {
			b.WriteString(" " + ratio(r.numbers[column][v.name], r.numbers[column]["defaults"]) + " |")
		}
		b.WriteString("\n")
	}
	return b.String()
}

func ratio(numbers, defaults []float64) string {
	if len(numbers) == 0 || len(numbers) > len(defaults) {
		return ""
	}
	ratios := make([]float64, len(numbers))
	for i := range numbers {
		ratios[i] = numbers[i] / defaults[i]
	}
	slices.Sort(ratios)
	return fmt.Sprintf("%.2f (%.2f-%.2f)", ratios[len(ratios)/2], ratios[0], ratios[len(ratios)-1])
}
