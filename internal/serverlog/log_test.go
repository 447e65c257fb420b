package serverlog

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"avadb/internal/pg"
	"avadb/internal/pglog"
	"avadb/internal/pgtest"
)

var shared *pgtest.Server

func TestMain(m *testing.M) {
	install, err := pgtest.FindWanted()
	if err == nil {
		shared, err = pgtest.Start(context.Background(), install, pgtest.Options{Settings: map[string]string{
			"logging_collector": "on", "log_filename": "pg.log", "log_destination": "stderr, csvlog", "log_min_duration_statement": "0",
		}})
	}
	if err != nil {
		panic(err)
	}
	defer func() { _ = shared.Close() }()
	m.Run()
}

func connect(t *testing.T) *pg.Conn {
	t.Helper()
	target, err := pg.Resolve(pg.Sources{DSN: shared.DSN("postgres")})
	if err != nil {
		t.Fatal(err)
	}
	conn, err := pg.Connect(t.Context(), target, pg.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	return conn
}

// put writes a file into the log directory, as the server's own user could.
func put(t *testing.T, name string, content []byte) {
	t.Helper()
	path := filepath.Join(shared.DataDir, "log", name)
	if err := os.WriteFile(path, content, 0o644); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Remove(path) })
}

// Every byte comes as it is in the file, read in any order, over more chunks than one.
func TestReaderGivesTheFile(t *testing.T) {
	content := make([]byte, 11_000_017)
	for i := range content {
		content[i] = byte(i * 31 >> (i % 7) & 0xff)
	}
	put(t, "big.log", content)
	log, err := Open(t.Context(), connect(t))
	if err != nil {
		t.Fatal(err)
	}
	in, err := log.Open(t.Context(), "big.log")
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(in)
	if err != nil || !bytes.Equal(got, content) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	seeker, ok := in.(io.Seeker)
	if !ok {
		t.Fatal("it cannot seek")
	}
	if end, err := seeker.Seek(0, io.SeekEnd); err != nil || end != int64(len(content)) {
		t.Errorf("end is %d, %v", end, err)
	}
	for _, at := range []int64{0, 5, 65536, 4 << 20, 3, 11_000_000} {
		if _, err := seeker.Seek(at, io.SeekStart); err != nil {
			t.Fatal(err)
		}
		piece := make([]byte, 16)
		if _, err := io.ReadFull(in, piece); err != nil || !bytes.Equal(piece, content[at:at+16]) {
			t.Errorf("at %d: %v, %v", at, piece, err)
		}
	}
}

// Without names it is one format, the one that tells most.
func TestOneFormat(t *testing.T) {
	put(t, "old.csv.1.gz", nil)
	put(t, "old.json", nil)
	log, err := Open(t.Context(), connect(t))
	if err != nil {
		t.Fatal(err)
	}
	names, err := log.Expand(t.Context(), nil)
	if got := fmt.Sprint(names); err != nil || got != "[pg.csv old.csv.1.gz]" && got != "[old.csv.1.gz pg.csv]" {
		t.Errorf("%v, %v", names, err)
	}
	if names, err = log.Expand(t.Context(), []string{"*.json", "nosuch", "*.json"}); err != nil || fmt.Sprint(names) != "[old.json nosuch]" {
		t.Errorf("%v, %v", names, err)
	}
	if _, err := log.Open(t.Context(), "../PG_VERSION"); err == nil {
		t.Error("what is outside of the directory was opened")
	}
}

// A file that goes while it is read is an error of it, and nothing is read twice or left out before.
func TestRemovedWhileRead(t *testing.T) {
	var content bytes.Buffer
	for i := range 40_000 {
		fmt.Fprintf(&content, "2026-11-24 03:20:00.000 UTC [%d] LOG:  duration: 1.000 ms  statement: SELECT %d\n", i%100, i)
	}
	put(t, "gone.log", content.Bytes())
	log, err := Open(t.Context(), connect(t))
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	_, err = pglog.Executions(t.Context(), "gone.log", nil, pglog.Reading{Options: pglog.Options{Logs: log, Workers: 1, Block: 10_000}}, func(b *pglog.Batch) error {
		for _, e := range b.Executions {
			if e.Query != fmt.Sprintf("SELECT %d", n) {
				t.Fatalf("%q is execution %d", e.Query, n)
			}
			n++
		}
		return os.RemoveAll(filepath.Join(shared.DataDir, "log", "gone.log"))
	})
	if err == nil || n == 0 || n == 40_000 {
		t.Errorf("%d executions, %v", n, err)
	}
}

// A log is read as from its file, compressed or not.
func TestLogsAreThoseOfTheFiles(t *testing.T) {
	raw, err := os.ReadFile("../pglog/testdata/sampleA.csv.gz")
	if err != nil {
		t.Fatal(err)
	}
	put(t, "old.csv.1.gz", raw)
	log, err := Open(t.Context(), connect(t))
	if err != nil {
		t.Fatal(err)
	}
	read := func(name string, logs pglog.Logs) (all []pglog.Execution) {
		t.Helper()
		_, err := pglog.Executions(t.Context(), name, nil, pglog.Reading{Options: pglog.Options{Logs: logs}}, func(b *pglog.Batch) error {
			all = append(all, b.Executions...)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	want, got := read("../pglog/testdata/sampleA.csv.gz", nil), read("old.csv.1.gz", log)
	if len(want) < 1000 || !slices.Equal(got, want) {
		t.Errorf("%d executions, not %d", len(got), len(want))
	}
	here, err := pglog.Identity(t.Context(), "../pglog/testdata/sampleA.csv.gz", pglog.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if there, err := pglog.Identity(t.Context(), "old.csv.1.gz", pglog.Options{Logs: log}); err != nil || there != here {
		t.Errorf("%s, %v: not %s", there, err, here)
	}
}
