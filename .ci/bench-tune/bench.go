// Command bench-tune measures what tuned values do: the defaults of initdb against those of avadb and of its peers on the same data,
// in interleaved rounds. .ci/bench-tune.sh builds and calls it.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"avadb/internal/pgtest"
)

// options of a run.
type options struct {
	avadb   string
	out     string
	rounds  int
	scale   int           // of pgbench: 50 is about 750 MB
	seconds time.Duration // of each pgbench run
	lab     bool          // single values, too

	hugePages bool // reserve huge pages for the variants that want them: as root, nothing else on the machine may need them
}

func main() {
	var o options
	flag.StringVar(&o.avadb, "avadb", "./avadb", "the program that gives the values")
	flag.StringVar(&o.out, "out", "", "the document to write")
	flag.IntVar(&o.rounds, "rounds", 5, "rounds of each comparison, of which the median counts")
	flag.IntVar(&o.scale, "scale", 50, "scale of pgbench")
	flag.DurationVar(&o.seconds, "time", 8*time.Second, "length of a pgbench run")
	flag.BoolVar(&o.lab, "lab", true, "measure single values, too")
	flag.BoolVar(&o.hugePages, "huge-pages", false, "reserve huge pages for the variants that want them (root; vm.nr_hugepages is 0 afterwards)")
	flag.Parse()
	if err := bench(context.Background(), o); err != nil {
		fmt.Fprintln(os.Stderr, "bench-tune:", err)
		os.Exit(1)
	}
}

func bench(ctx context.Context, o options) (err error) {
	install, err := pgtest.FindWanted()
	if err != nil {
		return err
	}
	server, err := pgtest.Start(ctx, install, pgtest.Options{Settings: map[string]string{"include_if_exists": "variant.conf"}})
	if err != nil {
		return err
	}
	defer func() { _ = server.Close() }()
	r := &rig{options: o, server: server, conf: filepath.Join(server.DataDir, "variant.conf"), pgbench: filepath.Join(install.Bin, "pgbench")}
	if err := r.load(ctx); err != nil {
		return err
	}
	machine := thisMachine()
	variants, err := r.variants(ctx, machine)
	if err != nil {
		return err
	}
	tuned := r.measure(ctx, variants)
	var lab results
	if o.lab {
		lab = r.measure(ctx, labVariants(machine, o.hugePages))
	}
	if o.hugePages {
		if err := r.become(ctx, variant{}); err != nil {
			r.fail(err)
		}
	}
	text := document(machine, install.Version, o, tuned, lab)
	fmt.Print(text)
	if r.failed != nil || o.out == "" {
		return r.failed
	}
	return os.WriteFile(o.out, []byte(text), 0o644)
}
