package checks

import (
	"context"
	"fmt"
	"slices"
	"time"

	"avadb/internal/fault"
	"avadb/internal/pg"
)

// limit is the time of one check: a statement that takes longer is cancelled, the check is skipped, and the next one begins.
const limit = 5 * time.Second

// Run runs the checks in their order. A check that could not be done is SKIP with the reason. The error is of the kind
// Connect where the connection was lost, else that of the context's end.
func Run(ctx context.Context, e *Env, checks []Check) ([]Result, error) {
	results := make([]Result, 0, len(checks))
	for _, c := range checks {
		outcome, err := e.bounded(ctx, "verify --only "+c.ID, c.Run)
		if err != nil {
			return nil, err
		}
		results = append(results, Result{
			ID: c.ID, Status: outcome.Status, Title: c.Title, Value: outcome.Value, Unit: c.Unit,
			Threshold: c.Threshold, Detail: outcome.Detail, Fix: outcome.Fix, Blind: outcome.Blind,
		})
	}
	return results, nil
}

// bounded runs one piece of work within its time. What goes wrong is a skip, except for what ends the whole.
// again is the command line that tries it once more.
func (e *Env) bounded(ctx context.Context, again string, work func(context.Context, *Env) (Outcome, error)) (Outcome, error) {
	over := fault.New(fault.Timeout, "not done within %s", limit)
	own, stop := context.WithTimeoutCause(ctx, limit, over)
	defer stop()
	outcome, err := work(own, e)
	if err == nil {
		return outcome, nil
	}
	if ctx.Err() != nil {
		return Outcome{}, pg.Describe(ctx, ctx.Err())
	}
	if err := e.stillConnected(ctx, own); err != nil {
		return Outcome{}, err
	}
	return skippedBy(err, e.command(again)), nil
}

// stillConnected tells a check that failed from a connection that is gone. One that was given up because a statement could
// not be cancelled in time is opened anew.
func (e *Env) stillConnected(ctx, own context.Context) error {
	if !e.Conn.Raw().IsClosed() {
		return nil
	}
	if own.Err() != nil {
		if err := e.Conn.Reconnect(ctx); err == nil {
			return nil
		}
	}
	return fault.New(fault.Connect, "the connection to the server was lost in the middle of the checks").
		WithHint("look into the server's log, then run avadb verify again")
}

// skippedBy makes an error the reason of a skip. The next step is the GRANT where that is what is missing, else again.
func skippedBy(err error, again string) Outcome {
	f := fault.As(err)
	switch {
	case f == nil:
		return unseen("could not be checked: "+err.Error(), again)
	case f.Kind == fault.Privilege && f.Hint != "":
		again = f.Hint
	}
	return unseen("could not be checked: "+f.Message, again)
}

// Summary counts the statuses.
type Summary struct {
	OK   int `json:"ok"`   // as they should be
	Warn int `json:"warn"` // deserve a look
	Fail int `json:"fail"` // must be mended
	Skip int `json:"skip"` // could not be seen, were not asked for, or are not in use
}

// Summarize counts the results.
func Summarize(results []Result) Summary {
	var s Summary
	for _, r := range results {
		switch r.Status {
		case OK:
			s.OK++
		case Warn:
			s.Warn++
		case Fail:
			s.Fail++
		case Skip:
			s.Skip++
		}
	}
	return s
}

// String is the summary in words.
func (s Summary) String() string {
	return fmt.Sprintf("%d OK, %d WARN, %d FAIL, %d SKIP", s.OK, s.Warn, s.Fail, s.Skip)
}

// WorstFirst orders results for a person; equal ones stay in the order of the checklist.
func WorstFirst(results []Result) []Result {
	sorted := slices.Clone(results)
	slices.SortStableFunc(sorted, func(a, b Result) int { return b.Status.rank() - a.Status.rank() })
	return sorted
}
