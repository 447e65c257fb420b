package checks

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"avadb/internal/fault"
)

func TestImprovement(t *testing.T) {
	for _, c := range []struct {
		better        direction
		before, after *float64
		want          *float64
	}{
		{lower, seconds(50), seconds(25), seconds(50)},
		{lower, seconds(25), seconds(50), seconds(-100)},
		{lower, seconds(3), seconds(2), seconds(33.3)},
		{lower, seconds(0), seconds(2), nil},
		{lower, nil, seconds(2), nil},
		{lower, seconds(2), nil, nil},
		{higher, seconds(0), seconds(66.67), seconds(66.7)},
		{higher, seconds(100), seconds(0), seconds(-100)},
	} {
		got := c.better.improvement(c.before, c.after)
		if (got == nil) != (c.want == nil) || got != nil && *got != *c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
}

func TestVisibility(t *testing.T) {
	for _, c := range []struct {
		counting, logged, table bool
		want                    float64
		word                    string
	}{
		{false, false, false, 0, "none"},
		{true, false, false, 33.33, "partial (pg_stat_statements)"},
		{false, true, true, 66.67, "partial (log_min_duration_statement, slow_query_log)"},
		{true, true, true, 100, "full"},
	} {
		if got := visibility(c.counting, c.logged, c.table); rounded(*got.Value) != c.want || got.Detail != c.word {
			t.Errorf("%+v: %v %s", c, *got.Value, got.Detail)
		}
	}
}

func TestCheckName(t *testing.T) {
	for name, fine := range map[string]bool{
		"before": true, "2026-01-31": true, "A_1": true, "": false, "-x": false, "../x": false, "a/b": false, "a.b": false, "x y": false,
		"*": false, "é": false, strings.Repeat("x", 64): true, strings.Repeat("x", 65): false,
	} {
		if err := CheckName(name); (err == nil) != fine {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func TestFiguresFile(t *testing.T) {
	folder := FigureFolder{Root: t.TempDir()}
	saved := &Saved{SchemaVersion: 1, Name: "before", SystemIdentifier: "42", SavedAt: time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC), Figures: []Kept{{Figure: "avg_query_ms", Unit: "ms", Detail: "not measured"}}}
	for range 2 { // a second one takes the place of the first
		if err := folder.Write(saved); err != nil {
			t.Fatal(err)
		}
	}
	got, err := folder.Read("42", "before")
	if err != nil || got.figure("avg_query_ms") == nil || got.figure("avg_query_ms").Value != nil || got.figure("nosuch") != nil {
		t.Fatalf("%+v %v", got, err)
	}
	path := filepath.Join(folder.Root, "figures", "42", "before.json")
	for text, kind := range map[string]fault.Kind{
		"": fault.Failed, "{": fault.Failed, "[]": fault.Failed, "{}": fault.Failed,
		`{"schema_version": 2, "system_identifier": "42", "saved_at": "2026-01-31T12:00:00Z"}`: fault.Failed,
		`{"schema_version": 1, "system_identifier": "43", "saved_at": "2026-01-31T12:00:00Z"}`: fault.NotFound,
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := folder.Read("42", "before"); fault.KindOf(err) != kind || fault.As(err).Hint == "" {
			t.Errorf("%q: %v", text, err)
		}
	}
	if _, err := folder.Read("43", "before"); fault.KindOf(err) != fault.NotFound || !strings.Contains(fault.As(err).Hint, "another server") {
		t.Errorf("%v", err)
	}
	if _, err := folder.Read("42", "after"); fault.KindOf(err) != fault.NotFound || fault.As(err).Hint != "there are: before" {
		t.Errorf("%v", err)
	}
}
