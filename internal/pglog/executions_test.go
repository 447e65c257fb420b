package pglog_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"avadb/internal/pglog"
)

// unzipped writes a sample as the server did.
func unzipped(t *testing.T, name string) (path string, raw []byte) {
	t.Helper()
	file, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close() //nolint:errcheck // only read
	unzip, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	if raw, err = io.ReadAll(unzip); err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(t.TempDir(), "log")
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	return path, raw
}

func executions(t *testing.T, name string, o pglog.Reading) (all []pglog.Execution, to int64) {
	t.Helper()
	last := int64(-1)
	f, err := pglog.Executions(t.Context(), name, nil, o, func(b *pglog.Batch) error {
		for _, e := range b.Executions {
			if e.Kind == pglog.KindPlan {
				continue // it waited
			}
			if e.Offset <= last {
				t.Errorf("offset %d after %d", e.Offset, last)
			}
			last = e.Offset
		}
		all, to = append(all, b.Executions...), b.To
		return nil
	})
	if err != nil || f.Error != nil {
		t.Fatal(err, f.Error)
	}
	return all, to
}

func TestExecutions(t *testing.T) {
	want := readTruth(t)
	for _, format := range []string{"log", "csv", "json"} {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			path, raw := unzipped(t, "testdata/sampleA."+format+".gz")
			all, to := executions(t, path, pglog.Reading{Options: pglog.Options{Block: 50_000, Workers: 3}})
			equal(t, "executions", int64(len(all)), want.Executions)
			equal(t, "read up to", to, int64(len(raw)))
			total, without, parameters := 0.0, 0, 0
			for _, e := range all {
				total += float64(e.US)
				if e.Query == "" {
					without++
				}
				if e.Parameters != "" {
					parameters++
				}
			}
			equal(t, "total", math.Round(total)/1000, want.TotalMS)
			equal(t, "executions whose statement was not logged", without, 9)
			if parameters < 700 {
				t.Errorf("%d have parameters", parameters)
			}
			resume(t, raw, all)
		})
	}
}

// resume reads a file that grows, again and again from where it was: what comes is what one reading gives.
func resume(t *testing.T, raw []byte, want []pglog.Execution) {
	t.Helper()
	grown := filepath.Join(t.TempDir(), "grown")
	var all []pglog.Execution
	var from int64
	for size := 0; ; size = min(size+433_333, len(raw)) {
		if err := os.WriteFile(grown, raw[:size], 0o600); err != nil {
			t.Fatal(err)
		}
		more, to := executions(t, grown, pglog.Reading{Options: pglog.Options{Block: 10_000, Workers: 2}, From: from, Live: size < len(raw)})
		all, from = append(all, more...), max(from, to)
		if size == len(raw) {
			break
		}
	}
	equal(t, "executions of a growing file", len(all), len(want))
	for i := range min(len(all), len(want)) {
		if all[i] != want[i] {
			t.Fatalf("execution %d: got %+v, want %+v", i, all[i], want[i])
		}
	}
}

func TestExecutionsThreshold(t *testing.T) {
	all, _ := executions(t, "testdata/sampleA.csv.gz", pglog.Reading{Threshold: 100 * time.Millisecond})
	for _, e := range all {
		if e.US < 100_000 || e.Session == "" || e.Line == 0 || e.At.IsZero() || e.PID == 0 {
			t.Errorf("%+v", e)
		}
	}
	if len(all) < 8 {
		t.Errorf("only %d", len(all))
	}
}

// What cannot be kept ends the reading.
func TestExecutionsStop(t *testing.T) {
	full := errors.New("the disk is full")
	batches := 0
	_, err := pglog.Executions(t.Context(), "testdata/sampleA.csv.gz", nil, pglog.Reading{Options: pglog.Options{Block: 10_000}}, func(*pglog.Batch) error {
		batches++
		return full
	})
	if !errors.Is(err, full) || batches != 1 {
		t.Errorf("%v after %d batches", err, batches)
	}
}

// A torn file is told, and what is before the tear is counted.
func TestTornGzip(t *testing.T) {
	raw, err := os.ReadFile("testdata/sampleA.log.gz")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "torn.gz")
	if err := os.WriteFile(path, raw[:len(raw)/2], 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := pglog.Run(t.Context(), []string{path}, nil, pglog.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if f := r.Files[0]; f.Error == nil || f.Events < 1000 {
		t.Errorf("%+v", f)
	}
}

// Lines that end as on Windows, and a last one that is torn, are the same events.
func TestLineEnds(t *testing.T) {
	for _, format := range []string{"log", "csv", "json"} {
		raw, err := os.ReadFile("testdata/edge/p_debian." + format)
		if err != nil {
			t.Fatal(err)
		}
		want := comparable(t, run(t, pglog.Options{}, "testdata/edge/p_debian."+format))
		path := filepath.Join(t.TempDir(), "log")
		for what, text := range map[string][]byte{
			"without the last line's end": bytes.TrimSuffix(raw, []byte("\n")),
			"CRLF":                        bytes.ReplaceAll(raw, []byte("\n"), []byte("\r\n")),
		} {
			if format == "csv" && what == "CRLF" {
				text = bytes.ReplaceAll(raw, []byte(",0\n"), []byte(",0\r\n")) // within a message the server's own stay
			}
			if err := os.WriteFile(path, text, 0o600); err != nil {
				t.Fatal(err)
			}
			equal(t, format+" "+what, comparable(t, run(t, pglog.Options{}, path)), want)
		}
	}
}

// A csvlog that is read while the server writes a message of several lines: what is there of it waits.
func TestExecutionsOfATornRecord(t *testing.T) {
	raw, err := os.ReadFile("testdata/edge/p_debian.csv")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "a.csv")
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	want, _ := executions(t, path, pglog.Reading{})
	if len(want) < 2 {
		t.Fatal(want)
	}
	for cut := bytes.IndexByte(raw, '\n') + 1; cut < len(raw); cut += bytes.IndexByte(raw[cut:], '\n') + 1 {
		if err := os.WriteFile(path, raw[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		all, to := executions(t, path, pglog.Reading{Live: true})
		if err := os.WriteFile(path, raw, 0o600); err != nil {
			t.Fatal(err)
		}
		rest, _ := executions(t, path, pglog.Reading{From: to})
		if all = append(all, rest...); !slices.Equal(all, want) {
			t.Errorf("cut at %d: %d executions, not %d", cut, len(all), len(want))
		}
	}
}
