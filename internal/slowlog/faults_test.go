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
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		got := value(t, r.admin, "SELECT count(*) FROM slow_query_log")
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
