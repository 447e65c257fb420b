package main

import (
	"fmt"
	"os"
	"runtime"
	"strings"
)

// document is docs/benchmarks-cli.md. It names the machine's kind, and not the machine.
func (r result) document() string {
	return fmt.Sprintf(`# Benchmarks of the command line

Written by `+"`make bench-cli`"+`, which repeats them on any Debian machine and fails where a target is missed.

%s
- Medians of %d pairs, run in turn so that what else the machine does meets both alike, from the start of the process to
  its end, output to /dev/null.
- The hello world writes one line and is built like avadb: %s.
- `+"`avadb slow --since 1h`"+` prints its table of 10 from %d entries in pg_stat_statements. psql runs the very query of it
  (sql/statements/top.sql) on the same server, started as the program itself and not through Debian's wrapper script.
  What avadb asks besides, about the server, the extension and its window, is in avadb's time and not in psql's.
- Machine: %s, %d cores, %s/%s; %s; PostgreSQL %s.
`, r.table(), r.runs, "`CGO_ENABLED=0 go build -trimpath -ldflags '-s -w'`", r.entries,
		processor(), runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, runtime.Version(), r.install.Version)
}

// processor is the model's name as the kernel tells it.
func processor() string {
	text, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return "unknown processor"
	}
	for line := range strings.Lines(string(text)) {
		if name, value, found := strings.Cut(line, ":"); found && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return "unknown processor"
}
