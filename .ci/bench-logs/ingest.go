package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"

	"avadb/internal/pgtest"
)

// copyTarget is what of \copy's speed avadb is to reach.
const copyTarget = 0.6

// ingesting measures how fast logs become rows, on a server of its own, against psql's \copy of the same rows into the same kind of table.
type ingesting struct {
	*options
	server *pgtest.Server
	psql   string
	log    string // that is ingested
	rows   string // of it, as COPY writes them
	count  int64  // of the rows
}

// way is one of the ways into the table, measured in turn.
type way struct {
	figure
	run func() error
}

// columns that the log fills, in the order of sql/slowlog/copy.sql.
const columns = `"timestamp", query, duration_ms, threshold_ms, query_signature, origin, calls, queryid, dbname, usename, application_name, pid, dedupe_key`

func (o *options) ingest(ctx context.Context) error {
	work, err := os.MkdirTemp("", "bench-ingest-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)                      //nolint:errcheck // a leftover in the temporary folder does no harm
	if err := os.Chmod(work, 0o755); err != nil { //nolint:gosec // the server's user reads its log there
		return err
	}
	install, err := pgtest.FindWanted()
	if err != nil {
		return err
	}
	i := &ingesting{options: o, psql: filepath.Join(install.Bin, "psql"), log: filepath.Join(work, "bench.csv"), rows: filepath.Join(work, "rows")}
	i.server, err = pgtest.Start(ctx, install, pgtest.Options{Settings: map[string]string{
		"fsync": "on", "shared_buffers": "256MB", "max_wal_size": "8GB", "checkpoint_timeout": "30min", "autovacuum": "off", "logging_collector": "on", "log_filename": "pg.log",
	}})
	if err != nil {
		return err
	}
	defer func() { _ = i.server.Close() }()
	if err := o.make("csv", i.log, o.bytes, tables); err != nil {
		return err
	}
	if err := i.prepare(); err != nil {
		return err
	}
	ways := []*way{
		{figure{name: "psql `\\copy` of the same rows"}, i.copyRows},
		{figure{name: "`avadb slowlog ingest FILE`"}, func() error { return i.avadbIngest(i.log) }},
		{figure{name: "`avadb slowlog ingest --from-server`"}, func() error { return i.avadbIngest("--from-server", "bench.csv") }},
		{figure{name: "again, without the cursors: no row is new"}, func() error { return i.avadbIngest(i.log) }},
		{figure{name: "again, with them"}, func() error { return i.avadbIngest(i.log) }},
	}
	for range o.rounds {
		for n, w := range ways {
			if err := i.clear(n < 3, n < 4); err != nil {
				return err
			}
			if err := w.time(i.log, w.run); err != nil {
				return fmt.Errorf("%s: %w", w.name, err)
			}
			w.memory = max(w.memory, lastMemory)
			fmt.Fprintf(os.Stderr, "%s: %.1f MB/s\n", w.name, w.speeds[len(w.speeds)-1])
		}
	}
	return os.WriteFile(o.out, i.document(ways), 0o644) //nolint:gosec // a document
}

// prepare makes the tables, puts the log where the server finds it, and keeps the rows that it gives as a file for \copy.
func (i *ingesting) prepare() error {
	if err := i.avadbRun("slowlog", "init"); err != nil {
		return err
	}
	if err := i.avadbIngest(i.log); err != nil {
		return err
	}
	// By another program: what this one takes would be counted as its children's.
	if out, err := exec.Command("cp", i.log, filepath.Join(i.server.DataDir, "log", "bench.csv")).CombinedOutput(); err != nil {
		return fmt.Errorf("cp: %w: %s", err, out)
	}
	out, err := i.sql("CREATE TABLE copied (LIKE slow_query_log INCLUDING ALL)", "SELECT count(*) FROM slow_query_log", `\copy (SELECT `+columns+` FROM slow_query_log ORDER BY id) TO `+i.rows)
	if err != nil {
		return err
	}
	for line := range strings.Lines(out) {
		if n, err := strconv.ParseInt(strings.TrimSpace(line), 10, 64); err == nil {
			i.count = n
		}
	}
	if i.count == 0 {
		return errors.New("the log gave no row")
	}
	return nil
}

// clear empties the tables and forgets the cursors.
func (i *ingesting) clear(rows, cursors bool) (err error) {
	if rows {
		_, err = i.sql("TRUNCATE slow_query_log, copied", "CHECKPOINT")
	}
	if cursors {
		err = errors.Join(err, os.RemoveAll(filepath.Join(i.state(), "avadb", "ingest")))
	}
	return err
}

func (i *ingesting) copyRows() error {
	_, err := i.sql(`\copy copied (` + columns + `) FROM ` + i.rows)
	return err
}

func (i *ingesting) sql(statements ...string) (string, error) {
	args := []string{"-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", i.server.DSN("postgres")}
	for _, s := range statements {
		args = append(args, "-c", s)
	}
	out, err := exec.Command(i.psql, args...).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("psql: %w: %s", err, out)
	}
	return string(out), nil
}

func (i *ingesting) state() string { return filepath.Join(filepath.Dir(i.log), "state") }

func (i *ingesting) avadbIngest(args ...string) error {
	return i.avadbRun(append([]string{"slowlog", "ingest", "--threshold", "0", "-o", "json"}, args...)...)
}

// lastMemory is the most that the last avadb took, in bytes.
var lastMemory int64

func (i *ingesting) avadbRun(args ...string) error {
	c := exec.Command(i.avadb, args...)
	c.Env = append(os.Environ(), "AVADB_DSN="+i.server.DSN("postgres"), "XDG_STATE_HOME="+i.state())
	var stdout, stderr bytes.Buffer
	c.Stdout, c.Stderr = &stdout, &stderr
	if err := c.Run(); err != nil {
		return fmt.Errorf("avadb: %w: %s", err, stderr.String())
	}
	lastMemory = memoryOf(c.ProcessState)
	var doc struct {
		Read *int64 `json:"rows_read"`
	}
	if i.count > 0 && json.Unmarshal(stdout.Bytes(), &doc) == nil && doc.Read != nil && *doc.Read != i.count && *doc.Read != 0 {
		return fmt.Errorf("%d rows were read, and not %d", *doc.Read, i.count)
	}
	return nil
}

func (i *ingesting) document(ways []*way) []byte {
	var out bytes.Buffer
	fmt.Fprintf(&out, `<!-- generated by make bench-ingest -->

# Benchmarks: server logs into slow_query_log

A csvlog of %d MB, made of a real one as for [benchmarks-logs.md](benchmarks-logs.md), with %d executions, each of which becomes a row
(`+"`--threshold 0`"+`: the worst case), into a table with its three indexes. The yardstick is psql's `+"`\\copy`"+` of the very same rows into a table
made alike: it has nothing to parse and writes them in one transaction. PostgreSQL with fsync on the same machine, which has %d processors; medians of
%d rounds, in which each has its turn. MB are those of the log, 10^6 bytes.

| what | MB/s | rows/s | of `+"`\\copy`"+` | most memory in MB |
| --- | ---: | ---: | ---: | ---: |
`, i.bytes/1e6, i.count, runtime.NumCPU(), i.rounds)
	info, err := os.Stat(i.log)
	if err != nil {
		return out.Bytes()
	}
	for _, w := range ways {
		seconds := float64(info.Size()) / 1e6 / w.median()
		memory := strconv.FormatInt(w.memory/1e6, 10)
		if w == ways[0] {
			memory = ""
		}
		fmt.Fprintf(&out, "| %s | %.1f | %.0f | %.2f | %s |\n", w.name, w.median(), float64(i.count)/seconds, w.median()/ways[0].median(), memory)
	}
	ratio := ways[1].median() / ways[0].median()
	fmt.Fprintf(&out, "\nTarget: %.1f of `\\copy` at least, and %d MB of memory at most. Reached: %.2f (%s), %d MB (%s).\n", copyTarget, memoryTarget/1_000_000,
		ratio, met(ratio >= copyTarget), ways[1].memory/1e6, met(ways[1].memory <= memoryTarget))
	return out.Bytes()
}
