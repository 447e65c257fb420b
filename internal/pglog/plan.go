package pglog

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/cespare/xxhash/v2"
)

// plannedQuery gives the statement that a plan of auto_explain is of, in any of its formats; nil where there is none. The plan itself is none of
// the statement.
func plannedQuery(plan []byte) []byte {
	plan = bytes.TrimLeft(plan, "\r\n\t ")
	switch {
	case bytes.HasPrefix(plan, []byte(`Query Text: "`)): // YAML: no statement begins with a quote
		return unquoted(plan[len("Query Text: "):])
	case bytes.HasPrefix(plan, []byte("Query Text: ")):
		return beforePlan(plan[len("Query Text: "):])
	case bytes.HasPrefix(plan, []byte("{")):
		if i := bytes.Index(plan, []byte(`"Query Text": "`)); i >= 0 {
			return unquoted(plan[i+len(`"Query Text": `):])
		}
	case bytes.HasPrefix(plan, []byte("<explain")):
		if _, inner, found := bytes.Cut(plan, []byte("<Query-Text>")); found {
			inner, _, _ = bytes.Cut(inner, []byte("</Query-Text>"))
			return []byte(xmlText.Replace(string(inner)))
		}
	}
	return nil
}

var xmlText = strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&", "&#x0d;", "\r")

// unquoted reads the string in double quotes that text begins with.
func unquoted(text []byte) []byte {
	end, _ := stringEnd(text, 1)
	var s string
	if end < 0 || json.Unmarshal(text[:end+1], &s) != nil {
		return nil
	}
	return []byte(s)
}

// beforePlan gives what is before the line of the plan's first node: the last one that begins a line, as those of the other nodes are indented,
// and a statement may hold anything. Parameters stand between the two.
func beforePlan(text []byte) []byte {
	query := text
	for end := len(text); end > 0; {
		begin := bytes.LastIndexByte(text[:end], '\n') + 1
		if begin == 0 {
			break
		}
		if isNode(text[begin:end]) {
			query = text[:begin-1]
			break
		}
		end = begin - 1
	}
	if i := bytes.LastIndex(query, []byte("\nQuery Parameters: ")); i >= 0 {
		query = query[:i]
	}
	return bytes.TrimRight(query, "\r\n")
}

// isNode tells a line such as Limit  (cost=1620.95..1620.96 rows=5 width=29).
func isNode(line []byte) bool {
	if len(line) == 0 || line[0] < 'A' || line[0] > 'Z' {
		return false
	}
	_, costs, found := bytes.Cut(line, []byte("  (cost="))
	return found && len(costs) > 0 && isDigit(costs[0]) && bytes.Contains(costs, []byte(" rows=")) && bytes.Contains(costs, []byte(" width="))
}

// isNested tells that an event is of a statement within a function, whose time is part of the statement that calls it.
func isNested(e *Event) bool { return len(e.Context) > 0 }

// planMatch leaves out the plans whose execution the log has as well. A statement's plan stands before its duration where it was sent as a text, and
// behind it with the extended protocol; both are of one process. Executions go through in the order of the log.
type planMatch struct {
	waiting []Execution     // plans that may still find theirs
	last    map[int32]ended // of each process
}

// ended is the last execution of a process, to which no plan belongs yet.
type ended struct {
	text uint64 // sum of its statement
}

// The ends of waiting: a duration is written when the statement has been committed.
const (
	planBytes = warmUp / 2
	planTime  = time.Minute // of the log
)

// take adds a batch's executions and plans, and gives those that are executions, without what begins before a place. It goes by what each execution
// says, and not by where batches end.
func (m *planMatch) take(all []Execution, from int64) (out []Execution) {
	if m.last == nil || len(m.last) > mostProcesses {
		m.last = map[int32]ended{}
	}
	out = all[:0]
	if len(m.waiting) > 0 || hasPlan(all) { // one that waited can come in between
		out = make([]Execution, 0, len(all))
	}
	for i := range all {
		e := all[i]
		if len(m.waiting) > 0 {
			out = append(out, m.expire(&e)...)
		}
		switch {
		case e.Kind != KindPlan:
			if !m.settle(&e) {
				m.last[e.PID] = ended{xxhash.Sum64String(e.Query)}
			} else {
				delete(m.last, e.PID)
			}
			if e.Offset >= from {
				out = append(out, e)
			}
		case e.Offset < from:
		case m.follows(&e):
			delete(m.last, e.PID)
		default:
			m.waiting = append(m.waiting, e)
		}
	}
	return out
}

func hasPlan(all []Execution) bool {
	return slices.ContainsFunc(all, func(e Execution) bool { return e.Kind == KindPlan })
}

// expire gives the plans that have waited long enough when an execution comes.
func (m *planMatch) expire(e *Execution) []Execution {
	return m.leave(func(plan *Execution) bool {
		return e.Offset-plan.Offset <= planBytes && e.At.Sub(plan.At) <= planTime
	})
}

// leave lets those plans wait that still shall, and gives the others.
func (m *planMatch) leave(waits func(plan *Execution) bool) (alone []Execution) {
	rest := m.waiting[:0]
	for i := range m.waiting {
		if waits(&m.waiting[i]) {
			rest = append(rest, m.waiting[i])
		} else {
			alone = append(alone, m.waiting[i])
		}
	}
	m.waiting = rest
	return alone
}

// follows tells a plan of the execution before it.
func (m *planMatch) follows(plan *Execution) bool {
	last, found := m.last[plan.PID]
	return found && last.text == xxhash.Sum64String(plan.Query)
}

// settle forgets the plans that waited for an execution, and tells whether there were any: those of its process since it began.
func (m *planMatch) settle(e *Execution) bool {
	if len(m.waiting) == 0 {
		return false
	}
	return len(m.leave(func(plan *Execution) bool { return !plan.isOf(e) })) > 0
}

// isOf tells a plan of an execution that was logged after it: it did not begin before. A prefix may have whole seconds, or no process.
func (plan *Execution) isOf(e *Execution) bool {
	coarse := 2 * time.Millisecond
	if plan.At.Nanosecond() == 0 && e.At.Nanosecond() == 0 {
		coarse = time.Second
	}
	return plan.PID == e.PID && plan.US <= e.US && !plan.began().Before(e.began().Add(-coarse)) && (e.PID != 0 || plan.Query == e.Query)
}

func (e *Execution) began() time.Time { return e.At.Add(-time.Duration(e.US) * time.Microsecond) }

// end gives the plans that wait for nothing any more at the end of a file: all, or those of some time ago where it is still written.
func (m *planMatch) end(live bool) (alone []Execution) {
	return m.leave(func(plan *Execution) bool { return live && time.Since(plan.At) < planTime })
}

// from is how far the log is done: what waits is read again.
func (m *planMatch) from(to int64) int64 {
	for i := range m.waiting {
		to = min(to, m.waiting[i].Offset)
	}
	return to
}
