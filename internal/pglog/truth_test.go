package pglog_test

import (
	"cmp"
	"encoding/json"
	"maps"
	"math"
	"os"
	"reflect"
	"slices"
	"testing"

	"avadb/internal/fingerprint"
	"avadb/internal/pglog"
)

// truth was counted by another program, from the csvlog alone.
type truth struct {
	Events     int64 `json:"csv_rows"`
	First      string
	Last       string
	Severity   map[string]int64
	Durations  int64             `json:"duration_events"`
	ByKind     map[string]amount `json:"by_kind"`
	Executions int64             `json:"exec_only_events"`
	TotalMS    float64           `json:"exec_only_total_ms"`
	Users      map[string]int64  `json:"duration_by_user"`
	Databases  map[string]int64  `json:"duration_by_db"`
	Apps       map[string]int64  `json:"duration_by_app"`
	Conns      map[string]int64  `json:"connections"`
	Temp       map[string]int64  `json:"temp_files"`
	Deadlocks  int64             `json:"deadlocks"`
	Waiting    int64             `json:"lock_still_waiting"`
	Acquired   int64             `json:"lock_acquired"`
	Checkpoint map[string]int64  `json:"checkpoints"`
	Autovacuum map[string]int64  `json:"autovacuum"`
	Errors     map[string]int64  `json:"errors_by_sqlstate"`
	Distinct   int               `json:"distinct_normalised_exec"`
	ByTotal    []topStatement    `json:"top10_exec_by_total"`
	ByCount    []topStatement    `json:"top10_exec_by_count"`
	ByMax      []topStatement    `json:"top10_exec_by_max"`
}

type amount struct {
	Count   int64
	TotalMS float64 `json:"total_ms"`
}

type topStatement struct {
	Query   string
	Count   int64
	TotalMS float64 `json:"total_ms"`
	MinMS   float64 `json:"min_ms"`
	MaxMS   float64 `json:"max_ms"`
}

func readTruth(t *testing.T) (want truth) {
	t.Helper()
	raw, err := os.ReadFile("testdata/sampleA.truth.json")
	if err == nil {
		err = json.Unmarshal(raw, &want)
	}
	if err != nil {
		t.Fatal(err)
	}
	return want
}

func run(t *testing.T, o pglog.Options, names ...string) *pglog.Result {
	t.Helper()
	o.Statements = true
	r, err := pglog.Run(t.Context(), names, nil, o)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range r.Files {
		if f.Error != nil {
			t.Fatalf("%s: %s", f.Name, *f.Error)
		}
	}
	return r
}

func statementsOf(r *pglog.Result) []pglog.Statement {
	return r.Top(func(*pglog.Statement) bool { return true }, func(a, b *pglog.Statement) int { return cmp.Compare(b.TotalMS, a.TotalMS) }, 0)
}

func equal(t *testing.T, what string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func TestTruth(t *testing.T) {
	want := readTruth(t)
	for _, format := range []string{"log", "csv", "json"} {
		t.Run(format, func(t *testing.T) {
			r := run(t, pglog.Options{}, "testdata/sampleA."+format+".gz")
			compare(t, r, want)
			if format != "log" {
				equal(t, "errors", errorsOf(r), want.Errors)
			}
			if r.Files[0].SkippedLines != 0 {
				t.Errorf("%d lines were skipped", r.Files[0].SkippedLines)
			}
		})
	}
}

func compare(t *testing.T, r *pglog.Result, want truth) {
	t.Helper()
	equal(t, "events", r.Files[0].Events, want.Events)
	equal(t, "from", r.Range.From.Format("2006-01-02 15:04:05.000 UTC"), want.First)
	equal(t, "to", r.Range.To.Format("2006-01-02 15:04:05.000 UTC"), want.Last)
	equal(t, "severities", r.Severities, want.Severity)
	equal(t, "durations", r.Durations.Events, want.Durations)
	equal(t, "executions", r.Durations.Executions, want.Executions)
	equal(t, "total", r.Durations.TotalMS, want.TotalMS)
	kinds := map[string]amount{}
	for kind, total := range r.Durations.ByKind {
		kinds[kind] = amount{total.Events, total.TotalMS}
	}
	wanted := maps.Clone(want.ByKind)
	for long, short := range map[string]string{"execute fetch from": "fetch", "fastpath function call": "fastpath"} {
		wanted[short] = wanted[long]
		delete(wanted, long)
	}
	equal(t, "kinds", kinds, wanted)
	equal(t, "users", eventsOf(r.Users), want.Users)
	equal(t, "databases", eventsOf(r.Databases), want.Databases)
	equal(t, "applications", eventsOf(r.Applications), want.Apps)
	equal(t, "connections", map[string]int64{"received": r.Connections.Received, "authorized": r.Connections.Authorized, "disconnection": r.Connections.Disconnected}, want.Conns)
	equal(t, "temporary files", map[string]int64{"count": r.TempFiles.Count, "bytes": r.TempFiles.Bytes}, want.Temp)
	equal(t, "deadlocks", r.Deadlocks, want.Deadlocks)
	equal(t, "still waiting", r.LockWaits.StillWaiting, want.Waiting)
	equal(t, "acquired", r.LockWaits.Acquired, want.Acquired)
	equal(t, "checkpoints", map[string]int64{"starting": r.Checkpoints.Starting, "complete": r.Checkpoints.Complete}, want.Checkpoint)
	equal(t, "autovacuum", r.Autovacuum.Analyze, want.Autovacuum["analyze"])
	distinct := map[fingerprint.Signature]bool{}
	for _, s := range statementsOf(r) {
		distinct[s.Signature] = true
	}
	equal(t, "distinct statements", len(distinct), want.Distinct)
	top(t, r, want.ByTotal, func(a, b topStatement) int { return cmp.Compare(b.TotalMS, a.TotalMS) })
	top(t, r, want.ByCount, func(a, b topStatement) int { return cmp.Compare(b.Count, a.Count) })
	top(t, r, want.ByMax, func(a, b topStatement) int { return cmp.Compare(b.MaxMS, a.MaxMS) })
}

func eventsOf(shares map[string]pglog.Share) map[string]int64 {
	events := map[string]int64{}
	for name, share := range shares {
		events[name] = share.Events
	}
	return events
}

func errorsOf(r *pglog.Result) map[string]int64 {
	n := map[string]int64{}
	for _, e := range r.Errors {
		n[e.Severity+" "+*e.SQLState] += e.Count
	}
	return n
}

// top compares the first statements in an order; those that are equal in it may change places.
func top(t *testing.T, r *pglog.Result, want []topStatement, order func(a, b topStatement) int) {
	t.Helper()
	sums := map[fingerprint.Signature]topStatement{}
	for _, s := range statementsOf(r) {
		sum, known := sums[s.Signature]
		if !known {
			sum.MinMS = s.MinMS
		}
		sum.Count += s.Calls
		sum.TotalMS = math.Round((sum.TotalMS+s.TotalMS)*1000) / 1000
		sum.MinMS, sum.MaxMS = min(sum.MinMS, s.MinMS), max(sum.MaxMS, s.MaxMS)
		sums[s.Signature] = sum
	}
	sorted := slices.SortedFunc(maps.Values(sums), func(a, b topStatement) int {
		return cmp.Or(order(a, b), cmp.Compare(b.TotalMS, a.TotalMS))
	})
	wanted := slices.Clone(want)
	for i := range wanted {
		wanted[i].Query = ""
	}
	slices.SortFunc(wanted, func(a, b topStatement) int { return cmp.Or(order(a, b), cmp.Compare(b.TotalMS, a.TotalMS)) })
	last := wanted[len(wanted)-1]
	above := func(s topStatement) bool { return order(s, last) < 0 } // the last place can be shared
	wanted = slices.DeleteFunc(wanted, func(s topStatement) bool { return !above(s) })
	equal(t, "top", slices.DeleteFunc(sorted, func(s topStatement) bool { return !above(s) }), wanted)
	if len(wanted) < 8 {
		t.Errorf("only %d places are not shared", len(wanted))
	}
}
