package main

import (
	"context"
	"fmt"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

var tps = regexp.MustCompile(`tps = ([0-9.]+) `)

// throughput is pgbench's with and without a collector, in turn.
func (r *rig) throughput(ctx context.Context) (string, error) {
	server, conn, err := r.start(ctx, nil)
	if err != nil {
		return "", err
	}
	defer func() { _ = server.Close() }()
	if err := r.fill(ctx, conn); err != nil {
		return "", err
	}
	pgbench := func(args ...string) (float64, error) {
		command := server.Command(ctx, filepath.Join(r.install.Bin, "pgbench"), append(args, "-h", "127.0.0.1", "-p", strconv.Itoa(server.Port), "-U", "postgres", "shop")...)
		out, err := command.CombinedOutput()
		if err != nil {
			return 0, fmt.Errorf("pgbench: %w: %s", err, out)
		}
		if found := tps.FindSubmatch(out); found != nil {
			return strconv.ParseFloat(string(found[1]), 64)
		}
		return 0, nil
	}
	if _, err := pgbench("-i", "-q", "-s", "10"); err != nil {
		return "", err
	}
	var with, without, lost []float64
	for round := range r.rounds + 1 {
		var pair [2]float64
		for _, on := range []int{round % 2, 1 - round%2} { // who comes first changes
			stop := func() error { return nil }
			if on == 1 {
				if stop, err = r.collector(ctx, server.DSN("shop"), "10s"); err != nil {
					return "", err
				}
			}
			if pair[on], err = pgbench("-n", "-S", "-c", "4", "-j", "2", "-T", strconv.Itoa(r.seconds)); err != nil {
				return "", err
			}
			if err := stop(); err != nil {
				return "", err
			}
		}
		say("round %d: %.0f without, %.0f with", round, pair[0], pair[1])
		if round > 0 { // the first warms up
			without, with, lost = append(without, pair[0]), append(with, pair[1]), append(lost, 100*(pair[0]-pair[1])/pair[0])
		}
	}
	return strings.TrimLeft(fmt.Sprintf(`
## What the collector takes of pgbench

`+"`pgbench -S`"+` with 4 clients, %d s a run, %d rounds in turn, %d more entries in pg_stat_statements, `+"`--every 10s`"+`.

| transactions a second | |
| --- | ---: |
| without | %s |
| with | %s |
| lost, of each round | %s %% (target: below 1%%) |
`, r.seconds, r.rounds, r.entries, spread(without, "%.0f"), spread(with, "%.0f"), spread(lost, "%.1f")), "\n"), nil
}
