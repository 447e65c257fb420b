package statements

import (
	"slices"
	"strings"
	"testing"
)

// What a row is in one window says nothing of both: its entry may be new after a reset, and the statement is not.
func TestCompareMarksWhatIsNewAndWhatIsGone(t *testing.T) {
	rows := func(entries ...string) *Slow {
		s := &Slow{}
		for _, entry := range entries {
			query, flags, _ := strings.Cut(entry, " ")
			s.Statements = append(s.Statements, Statement{Query: query, Origin: "stats", Calls: 1, TotalMS: 2, Flags: strings.Fields(flags)})
		}
		return s
	}
	now := rows("stayed", "began new", "returned new reset", "came")
	Compare(now, rows("stayed new", "returned", "went"))
	var got []string
	for _, s := range now.Statements {
		got = append(got, strings.Join(append([]string{s.Query}, s.Flags...), " "))
	}
	if want := []string{"stayed", "began new", "returned reset", "came new", "went vanished"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
