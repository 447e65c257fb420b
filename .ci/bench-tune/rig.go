package main

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"avadb/internal/pgtest"
)

// rig is one server whose settings change between the runs.
type rig struct {
	options
	server  *pgtest.Server
	conf    string // included by postgresql.conf
	pgbench string
	failed  error // the first failure; the rest is not measured then
}

// load fills the server: pgbench's tables, and orders of customers to be joined, grouped and sorted.
func (r *rig) load(ctx context.Context) error {
	if err := r.runPgbench(ctx, nil, "-i", "-q", "-s", strconv.Itoa(r.scale)); err != nil {
		return err
	}
	conn, err := pgx.Connect(ctx, r.server.DSN("postgres"))
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	for _, statement := range []string{
		"CREATE TABLE customers AS SELECT g AS id, md5(g::text) AS name, g % 1000 AS city FROM generate_series(1, 500000) AS g",
		"CREATE TABLE orders AS SELECT g AS id, (random() * 499999)::int + 1 AS customer, random() * 1000 AS price, md5((g * 7)::text) AS note FROM generate_series(1, 1500000) AS g",
		"CREATE EXTENSION pg_prewarm",
		"VACUUM ANALYZE",
	} {
		if _, err := conn.Exec(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

func (r *rig) runPgbench(ctx context.Context, out *strings.Builder, args ...string) error {
	command := r.server.Command(ctx, r.pgbench, append(args, "-h", "127.0.0.1", "-p", strconv.Itoa(r.server.Port), "-U", "postgres", "postgres")...)
	var text strings.Builder
	command.Stdout, command.Stderr = &text, &text
	if err := command.Run(); err != nil {
		return fmt.Errorf("pgbench %s: %w: %s", strings.Join(args, " "), err, text.String())
	}
	if out != nil {
		out.WriteString(text.String())
	}
	return nil
}

// workload is one thing that is measured: more is better.
type workload struct {
	name string
	run  func(ctx context.Context, r *rig) (float64, error)
}

func workloads() []workload {
	return []workload{
		{"select-only", pgbenchRun("-S", "-c", "4", "-j", "2")},
		{"TPC-B-like", pgbenchRun("-c", "4", "-j", "2")},
		{"connection a transaction", pgbenchRun("-S", "-C", "-c", "4", "-j", "2")},
		{"hash join", queryRun("SELECT count(*), sum(price) FROM orders AS o JOIN customers AS c ON c.id = o.customer WHERE c.name > '1'")},
		{"hash aggregate", queryRun("SELECT count(*) FROM (SELECT customer, sum(price), max(note) FROM orders GROUP BY customer) AS g")},
		{"sort", queryRun("SELECT max(n) FROM (SELECT row_number() OVER (ORDER BY note, id) AS n FROM orders) AS s")},
		{"create index", queryRun("CREATE INDEX bench_index ON orders (note)", "DROP INDEX bench_index")},
	}
}

var tps = regexp.MustCompile(`tps = ([0-9.]+) `)

func pgbenchRun(args ...string) func(context.Context, *rig) (float64, error) {
	return func(ctx context.Context, r *rig) (float64, error) {
		var out strings.Builder
		if err := r.runPgbench(ctx, &out, append([]string{"-n", "-T", strconv.Itoa(int(r.seconds.Seconds()))}, args...)...); err != nil {
			return 0, err
		}
		found := tps.FindStringSubmatch(out.String())
		if found == nil {
			return 0, fmt.Errorf("pgbench gave no tps: %s", out.String())
		}
		return strconv.ParseFloat(found[1], 64)
	}
}

// repeats of a statement in its session, of which the fastest counts: the first one pays for what a new session maps and allocates.
const repeats = 3

// queryRun gives how often a minute the first statement can run; the others tidy up.
func queryRun(statements ...string) func(context.Context, *rig) (float64, error) {
	return func(ctx context.Context, r *rig) (float64, error) {
		conn, err := pgx.Connect(ctx, r.server.DSN("postgres"))
		if err != nil {
			return 0, err
		}
		defer func() { _ = conn.Close(ctx) }()
		best := time.Duration(math.MaxInt64)
		for range repeats {
			begun := time.Now()
			if _, err := conn.Exec(ctx, statements[0]); err != nil {
				return 0, err
			}
			best = min(best, time.Since(begun))
			for _, statement := range statements[1:] {
				if _, err := conn.Exec(ctx, statement); err != nil {
					return 0, err
				}
			}
		}
		return time.Minute.Seconds() / best.Seconds(), nil
	}
}

// results hold the measurements: of each workload and variant one a round.
type results struct {
	variants []variant
	numbers  map[string]map[string][]float64 // workload, variant
}

// measure runs all variants in each round, so that what else the machine does meets all alike.
func (r *rig) measure(ctx context.Context, variants []variant) results {
	out := results{variants: variants, numbers: map[string]map[string][]float64{}}
	for round := range r.rounds {
		for _, v := range variants {
			if err := r.become(ctx, v); err != nil {
				r.fail(err)
				return out
			}
			for _, w := range workloads() {
				if !v.measures(w.name) {
					continue
				}
				number, err := w.run(ctx, r)
				if err != nil {
					r.fail(fmt.Errorf("%s, %s: %w", v.name, w.name, err))
					return out
				}
				if out.numbers[w.name] == nil {
					out.numbers[w.name] = map[string][]float64{}
				}
				out.numbers[w.name][v.name] = append(out.numbers[w.name][v.name], number)
				fmt.Fprintf(os.Stderr, "round %d of %d, %s, %s: %.1f\n", round+1, r.rounds, v.name, w.name, number)
			}
		}
	}
	return out
}

func (r *rig) fail(err error) {
	if r.failed == nil {
		r.failed = err
	}
}

// become restarts the server with a variant's settings and loads as much of the data as its buffers hold, so that each begins warm: a
// production server runs for months, and what its buffers cost to fill is no part of its speed.
func (r *rig) become(ctx context.Context, v variant) error {
	if err := os.WriteFile(r.conf, []byte(v.conf), 0o644); err != nil {
		return err
	}
	if err := r.server.Stop(ctx, "fast"); err != nil {
		return err
	}
	if r.hugePages {
		if err := os.WriteFile("/proc/sys/vm/nr_hugepages", []byte(strconv.FormatInt(v.hugePages, 10)), 0); err != nil {
			return fmt.Errorf("huge pages for %s: %w", v.name, err)
		}
	}
	if err := os.Setenv("GLIBC_TUNABLES", v.tunables); err != nil {
		return err
	}
	if err := r.server.StartAgain(ctx); err != nil {
		return fmt.Errorf("start with %s: %w", v.name, err)
	}
	conn, err := pgx.Connect(ctx, r.server.DSN("postgres"))
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	for _, statement := range []string{
		"SELECT sum(pg_prewarm(oid)) FROM pg_class WHERE relname IN ('orders', 'customers', 'pgbench_accounts', 'pgbench_accounts_pkey')",
		"CHECKPOINT",
	} {
		if _, err := conn.Exec(ctx, statement); err != nil {
			return err
		}
	}
	return r.runPgbench(ctx, nil, "-n", "-S", "-T", "2", "-c", "2")
}

// avadbConf asks avadb itself for the values.
func (r *rig) avadbConf(ctx context.Context, args ...string) (string, error) {
	path, err := filepath.Abs(r.avadb)
	if err != nil {
		return "", err
	}
	command := r.server.Command(ctx, path, append(args, "-o", "conf", "-q", "--dsn", r.server.DSN("postgres"))...)
	command.Env = append(command.Env, "HOME=/nonexistent", "PATH="+os.Getenv("PATH"))
	out, err := command.Output()
	if err != nil {
		return "", fmt.Errorf("avadb %s: %w", strings.Join(args, " "), err)
	}
	return string(out), nil
}
