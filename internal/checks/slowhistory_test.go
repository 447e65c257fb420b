package checks

import (
	"strconv"
	"testing"
	"time"

	"avadb/internal/statements"
)

func TestSlowHour(t *testing.T) {
	signature := "00000000000000aa"
	row := func(signature *string, query string, mean float64) statements.Statement {
		return statements.Statement{Signature: signature, Query: query, MeanMS: mean}
	}
	of := func(rows ...statements.Statement) *statements.Slow { return &statements.Slow{Statements: rows} }
	many := of()
	for range 101 {
		many.Statements = append(many.Statements, row(nil, strconv.Itoa(len(many.Statements)), 101))
	}
	for _, c := range []struct {
		name            string
		counted, logged *statements.Slow
		want            Status
		says            string
	}{
		{"nothing", of(), of(), OK, "none took more than 100 ms"},
		{"quick", of(row(&signature, "a", 100)), nil, OK, "none"},
		{"slow", of(row(&signature, "a", 101)), nil, Warn, "took 101 ms on average: 00000000000000aa -> avadb slow"},
		{"logged alone, whatever its writer took for slow", nil, of(row(nil, "SELECT 1", 60)), Warn, "60 ms on average: SELECT 1"},
		{"one statement in both is one", of(row(&signature, "a", 101)), of(row(&signature, "a 1", 150)), Warn, "took 150 ms"},
		{"many", many, nil, Fail, "101 ms"},
	} {
		expect(t, c.name, judgeSlow(between(0, 100), c.counted, c.logged, "avadb slow"), c.want, c.says)
	}
	both := judgeSlow(between(0, 100), of(row(&signature, "a", 101)), of(row(&signature, "a 1", 150)), "avadb slow")
	if *both.Value != 1 {
		t.Errorf("counted %v statements, want 1", *both.Value)
	}
}

func TestReset(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	expect(t, "before the snapshot", judgeReset(at, at.Add(time.Second), "avadb"), OK, "the history has seen it")
	expect(t, "after it", judgeReset(at.Add(time.Second), at, "avadb"), Warn, "is lost")
}
