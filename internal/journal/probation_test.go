package journal

import (
	"strings"
	"testing"
	"time"
)

func TestUnjudged(t *testing.T) {
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	until := func(d time.Duration, v Verdict) *Probation { return &Probation{Until: now.Add(d), Verdict: v} }
	for _, c := range []struct {
		name string
		set  Set
		want bool
	}{
		{"never on probation", Set{State: SetApplied}, false},
		{"still on probation", Set{State: SetApplied, Probation: until(time.Second, "")}, false},
		{"over", Set{State: SetApplied, Probation: until(-time.Second, "")}, true},
		{"over, and a crash before its end", Set{State: SetOpen, Probation: until(-time.Second, "")}, true},
		{"over, and half of it undone", Set{State: SetPartial, Probation: until(-time.Second, "")}, true},
		{"rolled back", Set{State: SetUndone, Probation: until(-time.Second, "")}, false},
		{"kept", Set{State: SetApplied, Probation: until(-time.Hour, VerdictKept)}, false},
		{"not judged, and said so", Set{State: SetApplied, Probation: until(-time.Hour, VerdictNotJudged)}, false},
	} {
		c.set.ID = "01a20f67"
		if got := Unjudged([]*Set{&c.set}, now); (len(got) == 1) != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
	s := Set{ID: "01a20f67", Probation: until(0, "")}
	if got := s.UnjudgedSentence(); !strings.HasPrefix(got, "change set 01a20f67 was on probation until 2026-11-24 12:00:00 UTC and nobody judged it; avadb rollback 01a20f67 undoes it") {
		t.Error(got)
	}
}
