// Command bench-warmup measures the first request of a new connection, cold and warm, and the first thousand requests after a restart,
// with and without avadb warmup. .ci/bench-warmup.sh builds and calls it.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"avadb/internal/pgtest"
)

// options of a run.
type options struct {
	avadb, out string
	rounds     int
	rows       int // of the orders
	requests   int // after each restart
}

// rig is what all rounds share.
type rig struct {
	options
	server *pgtest.Server
	env    []string
	random *rand.Rand
}

func main() {
	var o options
	flag.StringVar(&o.avadb, "avadb", "./avadb", "the program to measure")
	flag.StringVar(&o.out, "out", "", "the document to write")
	flag.IntVar(&o.rounds, "rounds", 5, "rounds, of which the median counts")
	flag.IntVar(&o.rows, "rows", 1_000_000, "rows of the table of orders")
	flag.IntVar(&o.requests, "requests", 1000, "requests that are timed after each restart")
	flag.Parse()
	if err := bench(context.Background(), o); err != nil {
		fmt.Fprintln(os.Stderr, "bench-warmup:", err)
		os.Exit(1)
	}
}

func bench(ctx context.Context, o options) (err error) {
	if o.avadb, err = filepath.Abs(o.avadb); err != nil {
		return err
	}
	install, err := pgtest.FindWanted()
	if err != nil {
		return err
	}
	home, err := os.MkdirTemp("", "avadb-bench-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(home) }()
	r := &rig{options: o, random: rand.New(rand.NewPCG(1, 1)), env: []string{"HOME=" + home, "PATH=" + os.Getenv("PATH")}}
	if r.server, err = pgtest.Start(ctx, install, pgtest.Options{Settings: map[string]string{"shared_buffers": "1GB", "max_wal_size": "8GB"}}); err != nil {
		return err
	}
	defer func() { _ = r.server.Close() }()
	r.env = append(r.env, "AVADB_DSN="+r.server.DSN("shop"))
	if err := r.fill(ctx); err != nil {
		return err
	}
	results := map[string][]sample{}
	for round := range o.rounds {
		for _, scenario := range scenarios() {
			s, err := r.measure(ctx, scenario)
			if err != nil {
				return fmt.Errorf("%s: %w", scenario.name, err)
			}
			say("round %d, %s: connect %.2f ms, first %.2f ms, warm %.2f ms, requests %.3f ms, loading %.2f s", round+1, scenario.name, s.connect, s.first, s.warm, s.mean, s.load)
			results[scenario.name] = append(results[scenario.name], s)
		}
	}
	text := r.report(install.Version, results)
	fmt.Print(text)
	if o.out == "" {
		return nil
	}
	return os.WriteFile(o.out, []byte(text), 0o644)
}

// scenario is what stands before the requests come.
type scenario struct {
	name    string
	restart bool // the buffers of the server are empty
	drop    bool // and the page cache holds none of its files
	warmup  bool
}

func scenarios() []scenario {
	return []scenario{
		{name: "nothing was restarted"},
		{name: "the server was restarted", restart: true},
		{name: "the server was restarted, then `avadb warmup`", restart: true, warmup: true},
		{name: "its host was restarted", restart: true, drop: true},
		{name: "its host was restarted, then `avadb warmup`", restart: true, drop: true, warmup: true},
	}
}

// sample is one scenario, once; times in milliseconds.
type sample struct {
	connect, first, warm float64 // of the first request, on a new connection
	mean, p99            float64 // of the requests on one connection after it
	load, megabytes      float64 // of warmup; seconds
}

func (r *rig) connect(ctx context.Context, database string) (*pgx.Conn, error) {
	return pgx.Connect(ctx, r.server.DSN(database))
}

func (r *rig) exec(ctx context.Context, database string, statements ...string) error {
	conn, err := r.connect(ctx, database)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	for _, statement := range statements {
		if _, err := conn.Exec(ctx, statement); err != nil {
			return fmt.Errorf("%.80s: %w", statement, err)
		}
	}
	return nil
}

// fill makes orders with their customers, and as many tables as an application has, for the catalogue. The counters then see an
// hour's work in short: some thousand requests.
func (r *rig) fill(ctx context.Context) error {
	if err := r.exec(ctx, "postgres", "CREATE DATABASE shop"); err != nil {
		return err
	}
	statements := []string{
		"CREATE EXTENSION pg_prewarm", "CREATE EXTENSION pg_buffercache",
		"CREATE TABLE customers (id int PRIMARY KEY, name text NOT NULL, city text NOT NULL)",
		"CREATE TABLE orders (id int PRIMARY KEY, customer_id int NOT NULL, placed timestamptz NOT NULL, note text NOT NULL)",
		"CREATE TABLE archive (id int PRIMARY KEY, note text NOT NULL)",
		fmt.Sprintf("INSERT INTO customers SELECT i, 'customer ' || i, 'city ' || i %% 1000 FROM generate_series(1, %d) AS i", r.rows/10),
		fmt.Sprintf("INSERT INTO orders SELECT i, 1 + abs(hashint4(i) %% %d), now() - i * interval '1 second', repeat('x', 150) FROM generate_series(1, %d) AS i", r.rows/10, r.rows),
		fmt.Sprintf("INSERT INTO archive SELECT i, repeat('x', 150) FROM generate_series(1, %d) AS i", r.rows),
		"CREATE INDEX ON orders (customer_id)", "CREATE INDEX ON orders (placed)",
	}
	for i := range 300 {
		statements = append(statements, fmt.Sprintf("CREATE TABLE module_%d (id int PRIMARY KEY, a text, b text, c timestamptz, d numeric)", i), fmt.Sprintf("CREATE INDEX ON module_%d (c)", i))
	}
	if err := r.exec(ctx, "shop", append(statements, "VACUUM ANALYZE", "CHECKPOINT", "SELECT pg_stat_reset()")...); err != nil {
		return err
	}
	_, _, err := r.requestMany(ctx, 5000)
	return err
}

// request is what an application asks first: some orders with their customers, by their keys.
func (r *rig) request() string {
	ids := make([]string, 20)
	for i := range ids {
		ids[i] = fmt.Sprint(1 + r.random.IntN(r.rows))
	}
	return "SELECT o.id, o.placed, c.name, (SELECT count(*) FROM orders AS other WHERE other.customer_id = c.id) FROM orders AS o JOIN customers AS c ON c.id = o.customer_id WHERE o.id IN (" + strings.Join(ids, ", ") + ")"
}

// requestMany times requests on one connection.
func (r *rig) requestMany(ctx context.Context, n int) (mean, p99 float64, err error) {
	conn, err := r.connect(ctx, "shop")
	if err != nil {
		return 0, 0, err
	}
	defer func() { _ = conn.Close(ctx) }()
	times := make([]float64, n)
	sum := 0.0
	for i := range times {
		began := time.Now()
		if _, err := conn.PgConn().ExecParams(ctx, r.request(), nil, nil, nil, nil).Close(); err != nil {
			return 0, 0, err
		}
		times[i] = ms(began)
		sum += times[i]
	}
	slices.Sort(times)
	return sum / float64(n), times[n*99/100], nil
}

// warmupResult is what avadb warmup -o json says, as far as it is needed.
type warmupResult struct {
	Loaded    float64 `json:"loaded_bytes"`
	ElapsedMS float64 `json:"elapsed_ms"`
	Complete  bool    `json:"complete"`
}

func (r *rig) run(ctx context.Context, args ...string) (result warmupResult, err error) {
	command := exec.CommandContext(ctx, r.avadb, append([]string{"warmup", "-q", "-o", "json"}, args...)...)
	command.Env, command.Stderr = r.env, os.Stderr
	out, err := command.Output()
	if err == nil {
		err = json.Unmarshal(out, &result)
	}
	return result, err
}

func (r *rig) measure(ctx context.Context, s scenario) (out sample, err error) {
	if s.restart {
		if err := r.exec(ctx, "postgres", "CHECKPOINT"); err != nil {
			return out, err
		}
		if err := r.server.Stop(ctx, "fast"); err != nil {
			return out, err
		}
		if s.drop {
			if err := forget(r.server.DataDir); err != nil {
				return out, err
			}
		}
		if err := r.server.StartAgain(ctx); err != nil {
			return out, err
		}
	} else if _, _, err := r.requestMany(ctx, r.requests); err != nil {
		return out, err
	}
	if s.warmup {
		done, err := r.run(ctx, "--no-measure", "--budget", "10m")
		if err != nil || !done.Complete {
			return out, fmt.Errorf("warmup: complete %v, %w", done.Complete, err)
		}
		out.load, out.megabytes = done.ElapsedMS/1000, done.Loaded/1e6
	}
	if out.connect, out.first, out.warm, err = r.firstRequest(ctx); err != nil {
		return out, err
	}
	out.mean, out.p99, err = r.requestMany(ctx, r.requests)
	return out, err
}

// firstRequest connects, and makes the same request over and over; where nobody warmed the server up it is the first that it sees.
func (r *rig) firstRequest(ctx context.Context) (connect, first, warm float64, err error) {
	began := time.Now()
	conn, err := r.connect(ctx, "shop")
	if err != nil {
		return 0, 0, 0, err
	}
	defer func() { _ = conn.Close(ctx) }()
	connect = ms(began)
	request := r.request()
	var times []float64
	for range 8 {
		began := time.Now()
		if _, err := conn.PgConn().ExecParams(ctx, request, nil, nil, nil, nil).Close(); err != nil {
			return 0, 0, 0, err
		}
		times = append(times, ms(began))
	}
	first, times = times[0], times[1:]
	slices.Sort(times)
	return connect, first, times[len(times)/2], nil
}

func ms(since time.Time) float64 { return float64(time.Since(since).Microseconds()) / 1000 }

func say(format string, args ...any) {
	fmt.Fprintf(os.Stderr, time.Now().Format("15:04:05 ")+format+"\n", args...)
}

// spread is the median of some numbers, with the least and the most.
func spread(samples []sample, of func(sample) float64, format string) string {
	var numbers []float64
	for _, s := range samples {
		numbers = append(numbers, of(s))
	}
	slices.Sort(numbers)
	return fmt.Sprintf(format+" ("+format+"-"+format+")", numbers[len(numbers)/2], numbers[0], numbers[len(numbers)-1])
}

func (r *rig) report(version string, results map[string][]sample) string {
	var b strings.Builder
	fmt.Fprintf(&b, `# Benchmarks of warmup

Written by `+"`make bench-warmup`"+`: the first request of a new connection, and the %d requests after it on another, in milliseconds; the median
of %d interleaved rounds (least-most). A request reads 20 orders by their keys, with their customers and the number of their orders; each time others.

| | connect | first request | the same, warm | first / warm | mean of %d requests | their p99 | loading |
| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
`, r.requests, r.rounds, r.requests)
	for _, s := range scenarios() {
		list := results[s.name]
		loading := ""
		if s.warmup {
			loading = fmt.Sprintf("%s s, %s MB", spread(list, func(s sample) float64 { return s.load }, "%.2f"), spread(list, func(s sample) float64 { return s.megabytes }, "%.0f"))
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s | %s | %s |\n", s.name,
			spread(list, func(s sample) float64 { return s.connect }, "%.2f"), spread(list, func(s sample) float64 { return s.first }, "%.2f"),
			spread(list, func(s sample) float64 { return s.warm }, "%.2f"), spread(list, func(s sample) float64 { return s.first / s.warm }, "%.1f"),
			spread(list, func(s sample) float64 { return s.mean }, "%.3f"), spread(list, func(s sample) float64 { return s.p99 }, "%.2f"), loading)
	}
	fmt.Fprintf(&b, `
- %d orders of %d customers with two more indexes, an archive of the same size that nobody asks for, and 300 empty tables for the catalogue;
  shared_buffers 1GB, which hold what is asked for.
- "Its host was restarted": the server is stopped and the kernel told to forget its files (POSIX_FADV_DONTNEED), so that they come from the disk.
- The first request comes on the first connection after the restart, or after warmup, over TCP on the same host, without TLS and password.
- Machine: %d cores, %s/%s. PostgreSQL %s.
`, r.rows, r.rows/10, runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, version)
	return b.String()
}
