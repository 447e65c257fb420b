package tuning_test

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"os"
	"strings"
	"testing"

	"avadb/internal/fault"
	"avadb/internal/tuning"
	"avadb/internal/units"
)

// parameters is pg_settings of a fresh server of the major version, read from one that ran.
func parameters(t testing.TB, major int) map[string]tuning.Parameter {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("testdata/pg_settings_%d.csv", major))
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]tuning.Parameter{}
	for _, row := range rows[1:] {
		p := tuning.Parameter{
			Name: row[0], Vartype: row[1], Unit: row[2], Context: row[3], MinVal: row[4], MaxVal: row[5],
			Current: row[7], ResetVal: row[8], BootVal: row[9],
		}
		if row[6] != "" {
			p.EnumVals = strings.Split(row[6], ",")
		}
		all[p.Name] = p
	}
	return all
}

// fresh is what tune meets on a new server with so much memory.
func fresh(t testing.TB, major int, ram string) tuning.Input {
	t.Helper()
	bytes, err := units.ParseSize(ram)
	if err != nil {
		t.Fatal(err)
	}
	return tuning.Input{RAMBytes: bytes, Major: major, Parameters: parameters(t, major), Platform: "PostgreSQL on x86_64-pc-linux-gnu, compiled by gcc"}
}

// has gives the server another value, in base units, as if it had started with it.
func has(in *tuning.Input, name, resetVal string) {
	p := in.Parameters[name]
	p.ResetVal, p.Current = resetVal, resetVal
	in.Parameters[name] = p
}

func set(in *tuning.Input, assignments ...string) {
	for _, text := range assignments {
		name, value, _ := strings.Cut(text, "=")
		in.Set = append(in.Set, tuning.Assignment{Name: name, Value: value})
	}
}

func recommend(t testing.TB, in tuning.Input) ([]tuning.Recommendation, []tuning.Warning) {
	t.Helper()
	recs, warnings, err := tuning.Recommend(in)
	if err != nil {
		t.Fatalf("refused: %v", err)
	}
	return recs, warnings
}

func find(t testing.TB, recs []tuning.Recommendation, name string) tuning.Recommendation {
	t.Helper()
	for _, rec := range recs {
		if rec.Name == name {
			return rec
		}
	}
	t.Fatalf("%s is not among the recommendations %v", name, recs)
	return tuning.Recommendation{}
}

func names(recs []tuning.Recommendation) string {
	var all []string
	for _, rec := range recs {
		all = append(all, rec.Name)
	}
	return strings.Join(all, " ")
}

// wantRefusal checks the kind of an error and that its message holds every one of the texts.
func wantRefusal(t testing.TB, err error, kind fault.Kind, texts ...string) {
	t.Helper()
	refusal := fault.As(err)
	if refusal == nil {
		t.Fatalf("got %v, want a refusal", err)
	}
	if refusal.Kind != kind {
		t.Errorf("kind %s, want %s: %v", refusal.Kind, kind, err)
	}
	if refusal.Hint == "" {
		t.Errorf("no next step: %v", err)
	}
	for _, text := range texts {
		if !strings.Contains(refusal.Message, text) {
			t.Errorf("message %q lacks %q", refusal.Message, text)
		}
	}
}

func wantWarning(t testing.TB, warnings []tuning.Warning, texts ...string) {
	t.Helper()
	for _, text := range texts {
		found := false
		for _, w := range warnings {
			found = found || strings.Contains(w.Message, text)
		}
		if !found {
			t.Errorf("no warning has %q: %v", text, warnings)
		}
	}
}
