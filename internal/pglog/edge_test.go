package pglog_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"avadb/internal/pglog"
)

// prefixes of the small logs, as their servers had them.
func prefixes(t *testing.T) map[string]string {
	t.Helper()
	raw, err := os.ReadFile("testdata/edge/PREFIXES.txt")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for line := range strings.Lines(string(raw)) {
		name, prefix, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "|")
		all[name] = prefix
	}
	return all
}

// The same events in three formats are the same report, whatever the prefix and the server's language.
func TestFormatsAgree(t *testing.T) {
	given := prefixes(t)
	logs, err := filepath.Glob("testdata/edge/*.log")
	if err != nil || len(logs) < 8 {
		t.Fatalf("%v, %v", logs, err)
	}
	for _, log := range logs {
		name := strings.TrimSuffix(filepath.Base(log), ".log")
		t.Run(name, func(t *testing.T) {
			want := comparable(t, run(t, pglog.Options{}, strings.TrimSuffix(log, ".log")+".csv"))
			equal(t, "json", comparable(t, run(t, pglog.Options{}, strings.TrimSuffix(log, ".log")+".json")), want)
			for what, o := range map[string]pglog.Options{"detected": {}, "given": {Prefix: given[name]}} {
				r := run(t, o, log)
				got := comparable(t, r)
				if r.Range.From == nil || name == "p_empty" || name == "p_rds" {
					continue // its times are no times, or whole seconds: counted below
				}
				equal(t, what, got, want)
				if r.Files[0].SkippedLines != 0 {
					t.Errorf("%s: %d lines were skipped", what, r.Files[0].SkippedLines)
				}
			}
		})
	}
}

// comparable is what formats can agree on: a prefix may lack the code, the role, the application and the client.
func comparable(t *testing.T, r *pglog.Result) map[string]any {
	t.Helper()
	r.Range.From, r.Range.To = wholeSecond(r.Range.From), wholeSecond(r.Range.To) // a neighbour's prefix can be coarser
	var errors []any
	for _, e := range r.Errors {
		errors = append(errors, []any{e.Severity, e.Message, e.Count, e.Example.Statement, e.Example.Detail})
	}
	raw, err := json.Marshal(map[string]any{
		"severities": r.Severities, "durations": r.Durations, "errors": errors, "connections": r.Connections, "waits": r.LockWaits, "deadlocks": r.Deadlocks,
		"temp": r.TempFiles, "checkpoints": r.Checkpoints, "autovacuum": r.Autovacuum, "cancelled": r.Cancelled, "crashes": r.Crashes, "minutes": r.PerMinute,
		"range": r.Range,
	})
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]any{}
	if err := json.Unmarshal(raw, &all); err != nil {
		t.Fatal(err)
	}
	return all
}

// What the prefix does not hold is left out, and all else agrees.
func TestPoorPrefixes(t *testing.T) {
	for _, name := range []string{"p_empty", "p_rds"} {
		want := comparable(t, run(t, pglog.Options{}, "testdata/edge/"+name+".csv"))
		got := comparable(t, run(t, pglog.Options{}, "testdata/edge/"+name+".log"))
		for _, other := range []map[string]any{want, got} {
			delete(other, "minutes")
			delete(other, "range")
		}
		equal(t, name, got, want)
	}
}

// A translated server's durations and errors count in each format.
func TestTranslated(t *testing.T) {
	for name, total := range map[string]float64{"l_de": 70.885, "l_ja": 97.093} {
		for _, format := range []string{"log", "csv", "json"} {
			r := run(t, pglog.Options{}, "testdata/edge/"+name+"."+format)
			equal(t, name+" executions", r.Durations.Executions, int64(2))
			equal(t, name+" total", r.Durations.TotalMS, total)
			equal(t, name+" severities", r.Severities, map[string]int64{"LOG": 25, "ERROR": 1})
		}
	}
}

// The sample in stderr, csv and json is one report, but for the codes that only the last two have.
func TestSampleAgrees(t *testing.T) {
	want := comparable(t, run(t, pglog.Options{}, "testdata/sampleA.csv.gz"))
	for _, format := range []string{"log", "json"} {
		equal(t, format, comparable(t, run(t, pglog.Options{Workers: 3, Block: 4096}, "testdata/sampleA."+format+".gz")), want)
	}
}

func wholeSecond(at *time.Time) *time.Time {
	if at == nil {
		return nil
	}
	whole := at.Truncate(time.Second)
	return &whole
}
