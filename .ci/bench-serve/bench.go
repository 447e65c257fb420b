// Command bench-serve measures the pool of avadb serve: how many attempts to connect a server sees at the same moment when it comes back
// to many clients, with jitter and without, and how long a first request takes with a warm-up and without. .ci/bench-serve.sh builds and
// calls it.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"

	"avadb/internal/pg"
	"avadb/internal/pgtest"
)

// options of a run.
type options struct {
	out, only string
	clients   int
	outage    time.Duration
	rounds    int // of the herd
	firsts    int // first requests of each kind
}

// rig is what all parts share.
type rig struct {
	options
	install pgtest.Install
}

func main() {
	var o options
	flag.StringVar(&o.out, "out", "", "the document to write, where all parts were measured")
	flag.StringVar(&o.only, "only", "", "one part: herd, first")
	flag.IntVar(&o.clients, "clients", 500, "clients that lose their server")
	flag.DurationVar(&o.outage, "outage", 8*time.Second, "how long the server is away")
	flag.IntVar(&o.rounds, "rounds", 5, "outages with jitter and without, of which the median counts")
	flag.IntVar(&o.firsts, "firsts", 40, "first requests with warm-up and without, of which the median counts")
	flag.Parse()
	if err := bench(context.Background(), o); err != nil {
		fmt.Fprintln(os.Stderr, "bench-serve:", err)
		os.Exit(1)
	}
}

func bench(ctx context.Context, o options) (err error) {
	r := &rig{options: o}
	if r.install, err = pgtest.FindWanted(); err != nil {
		return err
	}
	parts := []struct {
		name    string
		measure func(context.Context) (string, error)
	}{{"herd", r.herd}, {"first", r.first}}
	var text strings.Builder
	fmt.Fprintf(&text, "# Benchmarks of avadb serve\n\nWritten by `make bench-serve`: PostgreSQL %s and all clients on one machine with %d cores.\n", r.install.Version, runtime.NumCPU())
	for _, part := range parts {
		if o.only != "" && o.only != part.name {
			continue
		}
		section, err := part.measure(ctx)
		if err != nil {
			return fmt.Errorf("%s: %w", part.name, err)
		}
		fmt.Fprint(os.Stderr, section)
		text.WriteString(section)
	}
	if o.out == "" || o.only != "" {
		return nil
	}
	return os.WriteFile(o.out, []byte(text.String()), 0o644)
}

// target resolves a connection string, and nothing of the environment.
func target(dsn string) (*pg.Target, error) {
	return pg.Resolve(pg.Sources{DSN: dsn, Env: func(string) string { return "" }})
}
