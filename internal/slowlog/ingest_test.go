package slowlog

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"avadb/internal/fault"
	"avadb/internal/pg"
	"avadb/internal/pglog"
)

// logLine is one execution of a stderr log with the prefix '%m [%p] %u@%d '.
func logLine(n int) string {
	return fmt.Sprintf("2026-11-24 03:20:%02d.%03d UTC [%d] app@shop LOG:  duration: %d.500 ms  statement: SELECT name FROM users WHERE id = %d AND note = 'secret'\n", n/1000%60, n%1000, 100+n%7, 200+n, n)
}

func logOf(from, to int) []byte {
	var b bytes.Buffer
	for n := from; n < to; n++ {
		b.WriteString(logLine(n))
	}
	return b.Bytes()
}

// ingestRig is a table, a folder of logs and one of state.
type ingestRig struct {
	*rig
	folder, state string
}

func newIngestRig(t *testing.T) *ingestRig {
	t.Helper()
	r := &ingestRig{newRig(t), t.TempDir(), t.TempDir()}
	table, err := Find(t.Context(), r.conn, "public")
	if err == nil {
		err = createIn(t.Context(), r.conn, table)
	}
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func (r *ingestRig) write(t *testing.T, name string, content []byte) string {
	t.Helper()
	path := filepath.Join(r.folder, name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// ingester is a new one, with the cursors that are on disk.
func (r *ingestRig) ingester(t *testing.T, conn *pg.Conn, o IngestOptions) *Ingester {
	t.Helper()
	table, err := Find(t.Context(), conn, "")
	if err != nil {
		t.Fatal(err)
	}
	cursors, err := OpenCursors(r.state, conn, table)
	if err != nil {
		t.Fatal(err)
	}
	in, err := NewIngester(t.Context(), conn, table, cursors, o)
	if err != nil {
		t.Fatal(err)
	}
	return in
}

func (r *ingestRig) ingest(t *testing.T, path string) Ingested {
	t.Helper()
	done, err := r.ingester(t, r.conn, IngestOptions{Threshold: 100 * time.Millisecond}).File(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	return done
}

func (r *ingestRig) wantRows(t *testing.T, want int) {
	t.Helper()
	got := value(t, r.admin, "SELECT count(*) || ' ' || count(DISTINCT dedupe_key) FROM slow_query_log WHERE origin = 'log'")
	if got != fmt.Sprintf("%d %d", want, want) {
		t.Errorf("rows and keys are %s, want %d", got, want)
	}
}

func TestIngestIsIdempotent(t *testing.T) {
	r := newIngestRig(t)
	path := r.write(t, "a.log", logOf(0, 50))
	if done := r.ingest(t, path); done.RowsRead != 50 || done.RowsAdded != 50 || done.Error != nil {
		t.Errorf("first: %+v", done)
	}
	if done := r.ingest(t, path); done.RowsRead != 0 {
		t.Errorf("again: %+v", done)
	}
	row := value(t, r.admin, `SELECT query || '|' || duration_ms || '|' || threshold_ms || '|' || usename || '|' || dbname || '|' || pid || '|' || length(query_signature) FROM slow_query_log ORDER BY duration_ms LIMIT 1`)
	if row != "SELECT name FROM users WHERE id = $? AND note = $?|200.50|100.00|app|shop|100|16" {
		t.Errorf("row is %s", row)
	}

	// It grew.
	r.write(t, "a.log", logOf(0, 80))
	if done := r.ingest(t, path); done.RowsRead != 30 || done.RowsAdded != 30 {
		t.Errorf("grown: %+v", done)
	}
	// It was renamed, and compressed; the cursors are lost.
	if err := os.RemoveAll(filepath.Join(r.state, "ingest")); err != nil {
		t.Fatal(err)
	}
	if done := r.ingest(t, r.write(t, "a.log.1", logOf(0, 80))); done.RowsRead != 80 || done.RowsAdded != 0 {
		t.Errorf("renamed: %+v", done)
	}
	var zipped bytes.Buffer
	w := gzip.NewWriter(&zipped)
	_, _ = w.Write(logOf(0, 90))
	_ = w.Close()
	if done := r.ingest(t, r.write(t, "a.log.1.gz", zipped.Bytes())); done.RowsAdded != 10 {
		t.Errorf("compressed: %+v", done)
	}
	// Truncated and written anew it is another file.
	if done := r.ingest(t, r.write(t, "a.log", logOf(100, 110))); done.RowsAdded != 10 {
		t.Errorf("truncated: %+v", done)
	}
	r.wantRows(t, 100)
}

func TestIngestWaitsForATornLine(t *testing.T) {
	r := newIngestRig(t)
	whole := logOf(0, 10)
	path := r.write(t, "a.log", whole[:len(whole)-20])
	if done := r.ingest(t, path); done.RowsAdded != 8 { // another line could still belong to the ninth
		t.Errorf("torn: %+v", done)
	}
	r.write(t, "a.log", whole)
	if done := r.ingest(t, path); done.RowsAdded != 2 {
		t.Errorf("whole: %+v", done)
	}
	if got := value(t, r.admin, "SELECT count(*) FROM slow_query_log WHERE query LIKE '%note = $?'"); got != "10" {
		t.Errorf("%s rows are whole", got)
	}
}

// Killed after any step, by a panic that nobody who writes anything catches, the next one loses and doubles nothing.
func TestIngestKilledAtEveryStep(t *testing.T) {
	r := newIngestRig(t)
	const rows = 25_000 // three transactions
	path := r.write(t, "a.log", logOf(0, rows))
	for kill := 1; ; kill++ {
		run(t, r.admin, "TRUNCATE slow_query_log")
		if err := os.RemoveAll(filepath.Join(r.state, "ingest")); err != nil {
			t.Fatal(err)
		}
		if r.killed(t, path, kill) {
			r.ingest(t, path)
			r.wantRows(t, rows)
			continue
		}
		r.wantRows(t, rows)
		if kill < 6 {
			t.Errorf("only %d steps", kill)
		}
		return
	}
}

// killed ingests with a connection of its own and dies after a step; false where there are not so many.
func (r *ingestRig) killed(t *testing.T, path string, after int) (died bool) {
	t.Helper()
	target, err := pg.Resolve(pg.Sources{DSN: shared.DSN(r.name)})
	if err != nil {
		t.Fatal(err)
	}
	conn, err := pg.Connect(t.Context(), target, pg.Options{Changes: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = conn.Raw().Close(context.WithoutCancel(t.Context()))
	}()
	in := r.ingester(t, conn, IngestOptions{Threshold: 100 * time.Millisecond})
	stop := context.Canceled
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	steps := 0
	in.step = func() {
		if steps++; steps == after {
			died = true
			cancel(stop)
		}
	}
	if died {
		return true
	}
	_, err = in.File(ctx, path)
	if err != nil && !died {
		t.Fatal(err)
	}
	return died
}

func TestIngestRefuses(t *testing.T) {
	r := &ingestRig{newRig(t, original), t.TempDir(), t.TempDir()}
	table, err := Find(t.Context(), r.conn, "")
	if err != nil {
		t.Fatal(err)
	}
	_, err = NewIngester(t.Context(), r.conn, table, &Cursors{}, IngestOptions{})
	if f := fault.As(err); f == nil || f.Kind != fault.Prerequisite || !strings.Contains(f.Hint, "avadb slowlog init") {
		t.Errorf("error is %v", err)
	}
}

func TestFollowThroughARotation(t *testing.T) {
	r := newIngestRig(t)
	path := r.write(t, "a.log", logOf(0, 10))
	in := r.ingester(t, r.conn, IngestOptions{Threshold: 100 * time.Millisecond})
	ctx, stop := context.WithCancelCause(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- in.Follow(ctx, []string{path}, 10*time.Millisecond, func(Ingested) {}) }()
	count := func(n int) {
		t.Helper()
		for deadline := time.Now().Add(time.Minute); value(t, r.admin, "SELECT count(*) FROM slow_query_log") != fmt.Sprint(n); time.Sleep(10 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("never %d rows: %s", n, value(t, r.admin, "SELECT count(*) FROM slow_query_log"))
			}
		}
	}
	count(10)
	add := func(from, to int) {
		t.Helper()
		f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY|os.O_CREATE, 0o600)
		if err == nil {
			_, err = f.Write(logOf(from, to))
		}
		if err != nil {
			t.Fatal(err)
		}
		_ = f.Close()
	}
	add(10, 20)
	count(20)
	add(20, 25) // what was written just before the rotation
	if err := os.Rename(path, path+".1"); err != nil {
		t.Fatal(err)
	}
	add(30, 40)
	count(35)
	add(40, 45) // the same by a copy that is truncated, and grows beyond what it was
	copied, err := os.ReadFile(path)
	if err == nil {
		err = os.WriteFile(path+".2", copied, 0o600)
	}
	if err == nil {
		err = os.WriteFile(path, logOf(50, 90), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	count(80)
	end := fault.New(fault.Terminated, "terminated")
	stop(end)
	if err := <-ended; fault.KindOf(err) != fault.Terminated {
		t.Errorf("it ended with %v", err)
	}
}

// A cursor says nothing of what an earlier reading left out.
func TestIngestReadsAgainWhatWasLeftOut(t *testing.T) {
	r := newIngestRig(t)
	path := r.write(t, "a.log", logOf(0, 50))
	from := time.Date(2026, 11, 24, 3, 20, 0, 0, time.UTC)
	for _, one := range []struct {
		threshold    time.Duration
		since, until time.Duration
		added        int64
	}{
		{240 * time.Millisecond, 0, 0, 10},
		{230 * time.Millisecond, 0, 0, 10},
		{230 * time.Millisecond, 0, 0, 0},
		{0, 0, 5 * time.Millisecond, 5},
		{0, 20 * time.Millisecond, 0, 10},
		{0, 0, 0, 15},
	} {
		o := IngestOptions{Threshold: one.threshold}
		if one.since > 0 {
			o.Since = from.Add(one.since)
		}
		if one.until > 0 {
			o.Until = from.Add(one.until)
		}
		done, err := r.ingester(t, r.conn, o).File(t.Context(), path)
		if err != nil || done.RowsAdded != one.added {
			t.Errorf("%+v: %+v, %v", one, done, err)
		}
	}
	r.wantRows(t, 50)
}

// Each format counts a session's lines by itself: the same number is not the same execution.
func TestIngestKeepsExecutionsOfOneNumberApart(t *testing.T) {
	r := newIngestRig(t)
	for i, name := range []string{"a.log", "b.log"} {
		r.write(t, name, fmt.Appendf(nil, "2026-11-24 03:20:00.000 UTC [7] 6a.7 3 LOG:  duration: %d.500 ms  statement: SELECT %d\n", 200+i, i))
		in := r.ingester(t, r.conn, IngestOptions{Options: pglog.Options{Prefix: "%m [%p] %c %l "}, Threshold: 100 * time.Millisecond})
		if done, err := in.File(t.Context(), filepath.Join(r.folder, name)); err != nil || done.RowsAdded != 1 {
			t.Errorf("%+v, %v", done, err)
		}
	}
}

// What stands before the place where a file is broken becomes rows, once.
func TestIngestOfABrokenFile(t *testing.T) {
	r := newIngestRig(t)
	var zipped bytes.Buffer
	w := gzip.NewWriter(&zipped)
	_, _ = w.Write(logOf(0, 20_000))
	_ = w.Close()
	path := r.write(t, "a.log.gz", zipped.Bytes()[:zipped.Len()/2])
	first := r.ingest(t, path)
	if first.Error == nil || first.RowsAdded < 5_000 {
		t.Errorf("broken: %+v", first)
	}
	r.write(t, "a.log.gz", zipped.Bytes())
	r.ingest(t, path)
	r.wantRows(t, 20_000)
}

// A table that was dropped and made anew gets what the one before had, also one of another database of the same name.
func TestIngestIntoARecreatedTable(t *testing.T) {
	r := newIngestRig(t)
	path := r.write(t, "a.log", logOf(0, 50))
	r.ingest(t, path)
	r.ingest(t, path)
	run(t, r.admin, "DROP TABLE slow_query_log")
	r.recreate(t)
	if done := r.ingest(t, path); done.From != 0 || done.RowsAdded != 50 {
		t.Errorf("into a new table: %+v", done)
	}
	if done := r.ingest(t, path); done.RowsRead != 0 {
		t.Errorf("again: %+v", done)
	}
	r.wantRows(t, 50)
	run(t, r.admin, "DELETE FROM slow_query_log", "VACUUM FULL slow_query_log") // pruned, and still the same
	if done := r.ingest(t, path); done.RowsRead != 0 {
		t.Errorf("of a pruned table: %+v", done)
	}
}

func (r *ingestRig) recreate(t *testing.T) {
	t.Helper()
	table, err := Find(t.Context(), r.conn, "public")
	if err == nil {
		err = createIn(t.Context(), r.conn, table)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// The same while it is followed: without a table it ends and says how to make one.
func TestFollowIntoARecreatedTable(t *testing.T) {
	r := newIngestRig(t)
	path := r.write(t, "a.log", logOf(0, 10))
	in := r.ingester(t, r.conn, IngestOptions{Threshold: 100 * time.Millisecond})
	if _, err := in.File(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	run(t, r.admin, "DROP TABLE slow_query_log")
	r.recreate(t)
	r.write(t, "a.log", logOf(0, 12))
	if done, err := in.File(t.Context(), path); err != nil || done.RowsAdded != 12 {
		t.Errorf("%+v, %v", done, err)
	}
	run(t, r.admin, "DROP TABLE slow_query_log")
	r.write(t, "a.log", logOf(0, 14))
	if _, err := in.File(t.Context(), path); fault.KindOf(err) != fault.Prerequisite {
		t.Errorf("without a table: %v", err)
	}
}

// A prefix that is found out by nobody is enough to be given.
func TestIngestWithAPrefixThatIsGiven(t *testing.T) {
	r := newIngestRig(t)
	var log strings.Builder
	for n := range 5 {
		fmt.Fprintf(&log, "~%d~app~2026-11-24 03:20:0%d.000 UTC~#~LOG:  duration: 200.500 ms  statement: SELECT %d\n", 100+n, n, n)
	}
	path := r.write(t, "a.log", []byte(log.String()))
	in := r.ingester(t, r.conn, IngestOptions{Options: pglog.Options{Prefix: "~%p~%u~%m~#~"}, Threshold: 100 * time.Millisecond})
	if done, err := in.File(t.Context(), path); err != nil || done.Error != nil || done.RowsAdded != 5 {
		t.Errorf("%+v, %v", done, err)
	}
	if got := value(t, r.admin, "SELECT string_agg(DISTINCT usename, ',') FROM slow_query_log"); got != "app" {
		t.Errorf("role %s", got)
	}
}

// The server's own prefix says which name is whose; a file that has another is read by its own.
func TestIngestWithThePrefixOfTheServer(t *testing.T) {
	r := newIngestRig(t)
	swapped := r.write(t, "a.log", []byte("2026-11-24 03:20:00.000 UTC [7] shop@app LOG:  duration: 200.500 ms  statement: SELECT 1\n"))
	other := r.write(t, "b.log", []byte("2026-11-24 03:20:00.000 UTC [7]: user=eve,db=store,app=x,client=y LOG:  duration: 300.500 ms  statement: SELECT 1\n"))
	in := r.ingester(t, r.conn, IngestOptions{Options: pglog.Options{Likely: "%m [%p] %d@%u "}, Threshold: 100 * time.Millisecond})
	for _, path := range []string{swapped, other} {
		if done, err := in.File(t.Context(), path); err != nil || done.Error != nil || done.RowsAdded != 1 {
			t.Errorf("%+v, %v", done, err)
		}
	}
	if got := value(t, r.admin, "SELECT string_agg(usename || ' ' || dbname, ', ' ORDER BY duration_ms) FROM slow_query_log"); got != "app shop, eve store" {
		t.Errorf("rows are of %s", got)
	}
}
