package slowlog

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"avadb/internal/fault"
	"avadb/internal/pg"
	"avadb/internal/pglog"
)

// once does something at the first block that is read.
func once(t *testing.T, what func() error) func(int64) {
	did := false
	return func(int64) {
		if did {
			return
		}
		did = true
		if err := what(); err != nil {
			t.Error(err)
		}
	}
}

// A file that is deleted while it is read is read to its end.
func TestIngestOfAFileThatIsDeleted(t *testing.T) {
	r := newIngestRig(t)
	path := r.write(t, "a.log", logOf(0, 30_000)) // several blocks
	in := r.ingester(t, r.conn, IngestOptions{Threshold: 100 * time.Millisecond, Progress: once(t, func() error { return os.Remove(path) })})
	done, err := in.File(t.Context(), path)
	if err != nil || done.Error != nil || done.RowsAdded != 30_000 {
		t.Errorf("%+v, %v", done, err)
	}
	r.wantRows(t, 30_000)
	if gone := r.ingest(t, path); gone.Error == nil || !strings.Contains(*gone.Error, "there is no such file") {
		t.Errorf("deleted: %+v", gone)
	}
}

// One that is truncated while it is read gives what was read before; what is written into it then follows, also where it begins as before.
func TestIngestOfAFileThatIsTruncated(t *testing.T) {
	r := newIngestRig(t)
	path := r.write(t, "a.log", logOf(0, 30_000))
	half := int64(len(logOf(0, 12_000)) - 30) // in the middle of a line
	in := r.ingester(t, r.conn, IngestOptions{Options: pglog.Options{Workers: 1}, Threshold: 100 * time.Millisecond, Progress: once(t, func() error { return os.Truncate(path, half) })})
	done, err := in.File(t.Context(), path)
	if err != nil || done.Error != nil || done.RowsAdded < 5_000 || done.RowsAdded >= 30_000 {
		t.Errorf("%+v, %v", done, err)
	}
	r.write(t, "a.log", logOf(0, 20)) // a copy of its beginning, put in its place
	if done := r.ingest(t, path); done.Error != nil || done.RowsAdded != 0 {
		t.Errorf("shorter: %+v", done)
	}
	r.write(t, "a.log", logOf(0, 30_000))
	r.ingest(t, path)
	r.wantRows(t, 30_000)
	r.write(t, "a.log", logOf(50_000, 50_010)) // another log
	r.ingest(t, path)
	r.wantRows(t, 30_010)
}

// What is no log is told, and stops nothing.
func TestIngestOfWhatIsNoLog(t *testing.T) {
	r := newIngestRig(t)
	program, err := os.ReadFile(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("nowhere", filepath.Join(r.folder, "dangling")); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		r.folder:                                 "it is a directory",
		r.write(t, "program", program[:100_000]): "it is binary and no PostgreSQL log",
		r.write(t, "text", []byte("nothing\nof a log\n")):           "no PostgreSQL log format fits",
		filepath.Join(r.folder, "dangling"):                         "there is no such file",
		r.write(t, "torn.gz", []byte("\x1f\x8b\x08\x00\x00")):       "decompress it",
		r.write(t, "noise.gz", append([]byte("\x1f\x8b"), 1, 2, 3)): "decompress it",
	} {
		if done := r.ingest(t, path); done.Error == nil || !strings.Contains(*done.Error, want) {
			t.Errorf("%s: %+v, want %q", path, done, want)
		}
	}
	empty := r.write(t, "empty.log", nil)
	if done := r.ingest(t, empty); done.Error != nil || done.RowsRead != 0 {
		t.Errorf("empty: %+v", done)
	}
	r.write(t, "empty.log", logOf(0, 3)) // and is none any more
	if done := r.ingest(t, empty); done.RowsAdded != 3 {
		t.Errorf("no longer empty: %+v", done)
	}
	r.wantRows(t, 3)
}

// follow follows in the background; stop ends it.
func (r *ingestRig) follow(t *testing.T, every time.Duration, patterns ...string) (stop func() error) {
	t.Helper()
	in := r.ingester(t, r.conn, IngestOptions{Threshold: 100 * time.Millisecond})
	ctx, cancel := context.WithCancelCause(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- in.Follow(ctx, patterns, every, func(done Ingested) {
			if done.Error != nil {
				t.Errorf("told: %s: %s", done.Name, *done.Error)
			}
		})
	}()
	return func() error {
		cancel(fault.New(fault.Terminated, "terminated"))
		return <-ended
	}
}

func (r *ingestRig) awaitRows(t *testing.T, want int) {
	t.Helper()
	r.awaitRowsWhere(t, want, "true")
}

func (r *ingestRig) awaitRowsWhere(t *testing.T, want int, condition string) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		got := value(t, r.admin, "SELECT count(*) FROM slow_query_log WHERE "+condition)
		if got == fmt.Sprint(want) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s rows, never %d", got, want)
		}
	}
}

// x.log becomes x.log.gz between two looks, under a pattern that the new name does not match: what was added just before is not lost.
func TestFollowWhileCompressed(t *testing.T) {
	r := newIngestRig(t)
	path := r.write(t, "a.log", logOf(0, 10))
	r.write(t, "b.log", logOf(1000, 1010))
	stop := r.follow(t, 300*time.Millisecond, filepath.Join(r.folder, "*.log"))
	r.awaitRows(t, 20)
	var zipped bytes.Buffer
	w := gzip.NewWriter(&zipped)
	_, _ = w.Write(logOf(0, 25))
	_ = w.Close()
	r.write(t, "a.log.gz", zipped.Bytes())
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	r.awaitRows(t, 35)
	r.write(t, "a.log", logOf(2000, 2005)) // the next one of that name
	r.awaitRows(t, 40)
	if err := os.Rename(path, path+".1"); err != nil { // renamed away, and no other yet
		t.Fatal(err)
	}
	f, err := os.OpenFile(path+".1", os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = f.Write(logOf(2005, 2010)) // by the server, which has not noticed yet
	_ = f.Close()
	r.awaitRows(t, 45)
	if err := stop(); fault.KindOf(err) != fault.Terminated {
		t.Errorf("it ended with %v", err)
	}
	r.wantRows(t, 45)
}

// A file that is known only from its second part on: COPY meets a row that is there, and INSERT leaves it out.
func TestIngestOfAFileThatIsHalfKnown(t *testing.T) {
	r := newIngestRig(t)
	path := r.write(t, "a.log", logOf(0, 60_000))
	r.ingest(t, path)
	run(t, r.admin, "DELETE FROM slow_query_log WHERE id < (SELECT min(id) FROM slow_query_log) + 30000 OR id % 7 = 0")
	left, err := strconv.ParseInt(value(t, r.admin, "SELECT count(*) FROM slow_query_log"), 10, 64)
	if err == nil {
		err = os.RemoveAll(filepath.Join(r.state, "ingest"))
	}
	if err != nil {
		t.Fatal(err)
	}
	if done := r.ingest(t, path); done.RowsRead != 60_000 || done.RowsAdded != 60_000-left {
		t.Errorf("%+v, of %d left", done, left)
	}
	r.wantRows(t, 60_000)
}

// COPY is refused under row level security: INSERT does it all.
func TestIngestUnderRowLevelSecurity(t *testing.T) {
	r := newIngestRig(t)
	run(t, r.admin, "CREATE ROLE guarded LOGIN", "GRANT INSERT ON slow_query_log TO guarded", "ALTER TABLE slow_query_log ENABLE ROW LEVEL SECURITY",
		"CREATE POLICY all_of_it ON slow_query_log FOR ALL TO guarded USING (true) WITH CHECK (true)")
	target, err := pg.Resolve(pg.Sources{DSN: shared.DSN(r.name), User: "guarded"})
	if err != nil {
		t.Fatal(err)
	}
	conn, err := pg.Connect(t.Context(), target, pg.Options{Changes: true})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	path := r.write(t, "a.log", logOf(0, 30_000))
	if done, err := r.ingester(t, conn, IngestOptions{Threshold: 100 * time.Millisecond}).File(t.Context(), path); err != nil || done.RowsAdded != 30_000 {
		t.Errorf("%+v, %v", done, err)
	}
	r.wantRows(t, 30_000)
}

// Whatever a text holds, COPY stores the same as INSERT.
func TestCopyStoresWhatInsertDoes(t *testing.T) {
	r := newIngestRig(t)
	table := r.find(t)
	text, empty, pid, id := "a\tb\nc\r\\d\\N\\.\u00e9\x01\x7f", "", int32(7), int64(-5)
	var rows []Row
	for i, query := range []string{text, "", "\\.", "\\N", "\\", "\t", "\n", "a\\", `\x41`, "end\n"} {
		at := time.Date(2026, 11, 24, 3, 20, 0, 123456789*i/10, time.UTC)
		rows = append(rows, Row{At: at, Query: query, DurationMS: 0.125 * float64(i) * 1e6, ThresholdMS: 100, Origin: OriginLog, Calls: 1, Key: Key("%d", i)})
		rows = append(rows, Row{At: at, Query: query, DurationMS: 1e-3, ThresholdMS: 0.5, Signature: &text, Origin: "x\ty", Calls: 3, QueryID: &id, Database: &empty, User: &text, Application: &query, PID: &pid, Key: Key("b%d", i)})
	}
	const all = `SELECT string_agg(to_jsonb(t)::text, E'\n' ORDER BY dedupe_key) FROM (SELECT "timestamp", query, duration_ms, threshold_ms, query_signature, origin, calls, queryid, dbname, usename, application_name, pid, dedupe_key FROM slow_query_log) AS t`
	if added, err := table.Add(t.Context(), r.conn, rows); err != nil || added != int64(len(rows)) {
		t.Fatal(added, err)
	}
	want := value(t, r.admin, all)
	run(t, r.admin, "TRUNCATE slow_query_log")
	var lines []byte
	for i := range rows {
		lines = rows[i].appendCopy(lines)
	}
	if err := table.Copy(t.Context(), r.conn, lines); err != nil {
		t.Fatal(err)
	}
	if got := value(t, r.admin, all); got != want {
		t.Errorf("COPY:\n%s\nINSERT:\n%s", got, want)
	}
	if err := table.Copy(t.Context(), r.conn, lines); fault.As(err) == nil || fault.As(err).SQLState != "23505" {
		t.Errorf("again: %v", err)
	}
}

// The plan of a statement at the end of a log that does not grow any more is a row in the end; one whose duration follows is none of its own.
func TestFollowAPlanAtTheEnd(t *testing.T) {
	r := newIngestRig(t)
	plan := func(ago time.Duration, pid int) string {
		return fmt.Sprintf("%s UTC [%d] app@shop LOG:  duration: 300.000 ms  plan:\n\tQuery Text: SELECT 1\n\tResult  (cost=0.00..0.01 rows=1 width=4)\n", time.Now().UTC().Add(-ago).Format("2006-01-02 15:04:05.000"), pid)
	}
	r.write(t, "a.log", append(logOf(0, 3), plan(57*time.Second, 9)...))
	path := r.write(t, "b.log", append(logOf(10, 13), plan(30*time.Second, 8)...))
	stop := r.follow(t, 20*time.Millisecond, filepath.Join(r.folder, "*.log"))
	r.awaitRowsWhere(t, 6, "pid >= 10") // the older plan may be a row already where this took seconds
	if got := value(t, r.admin, "SELECT count(*) FROM slow_query_log WHERE pid = 8"); got != "0" {
		t.Error("a plan is a row before its duration had the time to follow")
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = fmt.Fprintf(f, "%s UTC [8] app@shop LOG:  duration: 300.200 ms  statement: SELECT 1\n", time.Now().UTC().Add(-30*time.Second).Format("2006-01-02 15:04:05.000"))
	_ = f.Close()
	r.awaitRows(t, 8)
	if got := value(t, r.admin, "SELECT string_agg(pid || ' ' || duration_ms || ' ' || query, ', ' ORDER BY pid) FROM slow_query_log WHERE pid < 10"); got != "8 300.20 SELECT $?, 9 300.00 SELECT $?" {
		t.Errorf("rows are %s", got)
	}
	_ = stop()
	r.wantRows(t, 8)
}
