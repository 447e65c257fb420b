package tuning

import (
	"strings"
	"time"

	"avadb/internal/fault"
	"avadb/internal/units"
)

// Priority is how long work of a kind may take. The classes are those of the reference pool rules.
type Priority struct {
	Name      string
	Statement time.Duration // the longest that one statement may run
	For       string        // what it is meant for
}

// Priorities are the classes, the shortest first.
func Priorities() []Priority {
	return []Priority{
		{"critical", 5 * time.Second, "trade execution: answers at once or not at all"},
		{"high", 10 * time.Second, "what a user waits for"},
		{"normal", 30 * time.Second, "ordinary work"},
		{"low", 60 * time.Second, "reports"},
		{"background", 120 * time.Second, "batches"},
	}
}

// PriorityNames are the names of the classes.
func PriorityNames() []string {
	var names []string
	for _, p := range Priorities() {
		names = append(names, p.Name)
	}
	return names
}

const fromPriorities = "avadb's reference pool rules; PostgreSQL documentation, Client Connection Defaults"

// The bounds beside statement_timeout.
const (
	idleInTransaction = 60 * time.Second // of the reference pool rules
	leastTransaction  = 60 * time.Second // likewise
	mostLockWait      = 10 * time.Second
)

// Timeouts gives the timeouts of a class for a role or a database. A wait for a lock ends before the statement would, so that the error
// names what was wrong; a transaction may hold two statements of full length. transaction_timeout is there since 17.
func Timeouts(class string, major int) ([]Recommendation, error) {
	for _, p := range Priorities() {
		if p.Name == class {
			return p.timeouts(major), nil
		}
	}
	return nil, fault.New(fault.Usage, "unknown priority %q", class).WithHint("use one of: %s", strings.Join(PriorityNames(), ", "))
}

func (p Priority) timeouts(major int) []Recommendation {
	rec := func(name string, d time.Duration, formula, reason string) Recommendation {
		return Recommendation{Name: name, Value: timeout(d), Formula: formula, Reason: reason, Source: fromPriorities}
	}
	out := []Recommendation{
		rec("statement_timeout", p.Statement, "priority "+p.Name, p.Name+" priority: "+p.For),
		rec("lock_timeout", min(p.Statement/2, mostLockWait), "statement_timeout / 2, at most 10s", "a wait for a lock ends before the statement would, and the error says so"),
		rec("idle_in_transaction_session_timeout", idleInTransaction, formulaFixed, "a forgotten transaction holds locks and keeps VACUUM from its work"),
	}
	transaction := rec("transaction_timeout", max(2*p.Statement, leastTransaction), "statement_timeout x 2, at least 60s", "bounds a transaction of many short statements")
	if major < 17 {
		transaction.Skip, transaction.Value, transaction.Reason = true, "", "PostgreSQL 17 brings it"
	}
	return append(out, transaction)
}

// timeout is a duration in milliseconds or seconds, as a person writes it.
func timeout(d time.Duration) string {
	if d%time.Second != 0 {
		return units.FormatBase(float64(d.Milliseconds()), "ms")
	}
	return units.FormatBase(d.Seconds(), "s")
}
