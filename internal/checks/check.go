package checks

import (
	"context"
	"math"
)

// Check is one entry of the checklist.
type Check struct {
	ID        string    // group and number, such as CNX01; scripts and monitors know it by this
	Title     string    // what is looked at, in a few words
	Unit      string    // of the value: pct, s, ms, xids, or a word for what is counted; empty where nothing is measured
	Threshold Threshold // what the value is held against
	Needs     string    // the least privilege
	Run       func(ctx context.Context, e *Env) (Outcome, error)
}

// Group is the letters of the check's ID.
func (c Check) Group() string { return groupOf(c.ID) }

// Status is what a check came to. It is part of the JSON contract.
type Status string

// The statuses, best first. Skip says nothing about the server.
const (
	OK   Status = "OK"
	Skip Status = "SKIP" // not visible, not asked or not in use: the detail says which
	Warn Status = "WARN"
	Fail Status = "FAIL"
)

// rank orders by how much a status matters.
func (s Status) rank() int {
	switch s {
	case Fail:
		return 3
	case Warn:
		return 2
	case Skip:
		return 1
	case OK:
		return 0
	}
	return 0
}

// Outcome is what running a check gave.
type Outcome struct {
	Status Status
	Value  *float64 // in the check's unit; nil where nothing was measured
	Detail string   // one sentence
	Fix    string   // the next step as one command or statement; for all but OK
	Blind  bool     // of a SKIP: it could not be seen, rather than not asked for or not in use
}

// Result is one line of the answer.
type Result struct {
	ID        string    `json:"id" col:""`             // such as CNX01
	Status    Status    `json:"status" col:"status"`   // what it came to
	Title     string    `json:"title" col:""`          // what was looked at
	Value     *float64  `json:"value" col:""`          // measured; null where nothing was
	Unit      string    `json:"unit" col:""`           // of value and threshold
	Threshold Threshold `json:"threshold" col:"right"` // a value above it is a finding
	Detail    string    `json:"detail" col:"elastic"`  // one sentence
	Fix       string    `json:"fix" col:"elastic"`     // the next step as a command or a statement; empty for OK
	Blind     bool      `json:"blind"`                 // of SKIP: it could not be seen; false: not asked for or not in use
}

// Threshold is the value above which a check warns or fails, in its unit.
type Threshold struct {
	Warn *float64 `json:"warn"` // above it: WARN; null where nothing warns by a number
	Fail *float64 `json:"fail"` // above it: FAIL; null where nothing fails by a number
}

// above makes a threshold of a warning alone.
func above(warn float64) Threshold { return Threshold{Warn: &warn} }

// between makes a threshold with both.
func between(warn, fail float64) Threshold { return Threshold{Warn: &warn, Fail: &fail} }

// failAbove makes a threshold of a failure alone.
func failAbove(fail float64) Threshold { return Threshold{Fail: &fail} }

// String shows it in a table: 80 / 95.
func (t Threshold) String() string {
	switch {
	case t.Warn == nil && t.Fail == nil:
		return ""
	case t.Fail == nil:
		return short(*t.Warn)
	case t.Warn == nil:
		return "- / " + short(*t.Fail)
	}
	return short(*t.Warn) + " / " + short(*t.Fail)
}

// short leaves the nine digits of a billion out: they would take the width of the line.
func short(value float64) string {
	if value >= 1e9 {
		return number(value/1e9) + "B"
	}
	return number(value)
}

func (t Threshold) judge(value float64) Status {
	switch {
	case t.Fail != nil && value > *t.Fail:
		return Fail
	case t.Warn != nil && value > *t.Warn:
		return Warn
	}
	return OK
}

// measured holds a value against the check's threshold; fix is dropped where all is well.
func (t Threshold) measured(value float64, detail, fix string) Outcome {
	value = rounded(value)
	o := Outcome{Status: t.judge(value), Value: &value, Detail: detail, Fix: fix}
	if o.Status == OK {
		o.Fix = ""
	}
	return o
}

// fine and found are outcomes without a value.
func fine(detail string) Outcome { return Outcome{Status: OK, Detail: detail} }

func found(status Status, detail, fix string) Outcome {
	return Outcome{Status: status, Detail: detail, Fix: fix}
}

// skipped is of what was not asked for or is not in use.
func skipped(detail, fix string) Outcome { return found(Skip, detail, fix) }

// unseen is of what is there, or may be, and could not be seen.
func unseen(detail, fix string) Outcome {
	return Outcome{Status: Skip, Detail: detail, Fix: fix, Blind: true}
}

// rounded keeps what a person reads of a measure.
func rounded(value float64) float64 { return math.Round(value*100) / 100 }
