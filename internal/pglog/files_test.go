package pglog_test

import (
	"os"
	"path/filepath"
	"testing"

	"avadb/internal/pglog"
)

// touched does something to a file when its first block has been read, and gives how many events were read.
func touched(t *testing.T, name string, what func(path string) error) (read int, file pglog.File) {
	t.Helper()
	path, _ := unzipped(t, name)
	did := false
	file, err := pglog.Executions(t.Context(), path, nil, pglog.Reading{Options: pglog.Options{Block: 50_000, Workers: 1}, Live: true}, func(b *pglog.Batch) error {
		read += len(b.Executions)
		if did {
			return nil
		}
		did = true
		return what(path)
	})
	if err != nil {
		t.Fatal(err)
	}
	return read, file
}

// A file that is deleted, renamed or truncated while it is read: what was there is read, and nothing breaks.
func TestFilesThatChangeWhileRead(t *testing.T) {
	want := readTruth(t)
	for _, format := range []string{"log", "csv", "json"} {
		name := "testdata/sampleA." + format + ".gz"
		if got, _ := touched(t, name, os.Remove); int64(got) != want.Executions {
			t.Errorf("%s: %d executions of a deleted file", format, got)
		}
		if got, _ := touched(t, name, func(path string) error { return os.Rename(path, path+".1") }); int64(got) != want.Executions {
			t.Errorf("%s: %d executions of a renamed file", format, got)
		}
		got, file := touched(t, name, func(path string) error { return os.Truncate(path, 800_001) })
		if got == 0 || int64(got) >= want.Executions {
			t.Errorf("%s: %d executions of a truncated file, %+v", format, got, file)
		}
	}
}

// Each is told in its entry and stops no other.
func TestNoLogs(t *testing.T) {
	folder := t.TempDir()
	write := func(name string, content []byte) string {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	program, err := os.ReadFile(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	names := []string{
		folder, filepath.Join(folder, "nosuch"), write("program", program[:200_000]), write("text", []byte("nothing\nof a log\n")),
		write("torn.gz", []byte("\x1f\x8b\x08\x00\x00")), write("noise.zst", []byte("\x28\xb5\x2f\xfd\xff\xff\xff\xff\xff")), write("x.xz", []byte("\xfd7zXZ\x00")),
	}
	r, err := pglog.Run(t.Context(), append(names, write("empty", nil), "testdata/edge/p_debian.csv"), nil, pglog.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range r.Files {
		good := f.Name == filepath.Join(folder, "empty") || f.Name == "testdata/edge/p_debian.csv"
		if (f.Error == nil) != good {
			t.Errorf("%s: error is %v", f.Name, f.Error)
		}
	}
	if r.Durations.Executions == 0 {
		t.Error("the log was not read")
	}
}
