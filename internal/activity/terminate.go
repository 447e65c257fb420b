package activity

import (
	"context"
	"strconv"
	"time"

	"avadb/internal/journal"
	"avadb/internal/pg"
	"avadb/internal/query"
)

// Termination is the event of a session that is ended: kept in the journal, and never undone.
type Termination struct {
	conn   *pg.Conn
	wanted Wanted
	who    Candidate

	ended  bool
	action string
	reason string
}

// NewTermination makes the event.
func NewTermination(conn *pg.Conn, w Wanted, who Candidate) *Termination {
	return &Termination{conn: conn, wanted: w, who: who}
}

// Kind is part of journal.Item.
func (t *Termination) Kind() journal.Kind { return journal.EventKind }

// Name is part of journal.Item.
func (t *Termination) Name() string { return "terminate backend " + strconv.Itoa(int(t.who.PID)) }

// Database is part of journal.Item.
func (t *Termination) Database() string { return t.who.Database }

// Same compares presence: the seconds move on.
func (t *Termination) Same(a, b journal.State) bool { return a.Present == b.Present }

// Read tells which session is there to be ended.
func (t *Termination) Read(context.Context) (journal.State, error) {
	if t.ended {
		return journal.Absent(), nil
	}
	return journal.Present(t.who.describe()), nil
}

// Write ends the session. A *journal.KeptError says that it has gone by itself, or is not any more what it was to be ended for.
func (t *Termination) Write(ctx context.Context, to journal.State) error {
	if to.Present {
		return &journal.KeptError{Reason: "a session that was ended cannot be brought back"}
	}
	var application *string
	if t.wanted.Application != "" {
		application = &t.wanted.Application
	}
	rows, err := query.Rows[struct {
		State     string
		Signalled *bool
	}](ctx, t.conn, "activity/terminate", t.who.PID, t.who.Start, application, secondsOf(t.wanted.IdleInTransaction), secondsOf(t.wanted.Idle))
	switch {
	case err != nil:
		return err
	case len(rows) == 0, rows[0].Signalled != nil && !*rows[0].Signalled:
		t.action, t.reason = ActionGone, "it had ended by itself"
	case rows[0].Signalled == nil:
		t.action, t.reason = ActionKept, "it is "+rows[0].State+" now, and no longer "+t.wanted.what()
	default:
		t.ended, t.action = true, ActionSignalled
		return nil
	}
	return &journal.KeptError{Reason: t.reason}
}

// what names the condition that a session met.
func (w Wanted) what() string {
	if words := w.String(); words != "" {
		return words
	}
	return "of application " + w.Application
}

func secondsOf(d time.Duration) *float64 {
	if d == 0 {
		return nil
	}
	s := d.Seconds()
	return &s
}

// Confirm waits up to a time for the ended sessions to be gone, and gives what became of each that was come to, also beside an error.
func Confirm(ctx context.Context, conn *pg.Conn, all []*Termination, patience time.Duration) ([]Terminated, error) {
	left, err := stillThere(ctx, conn, all)
	for deadline := time.Now().Add(patience); err == nil && len(left) > 0 && time.Now().Before(deadline); {
		select {
		case <-ctx.Done():
			err = pg.Describe(ctx, ctx.Err())
		case <-time.After(50 * time.Millisecond):
			left, err = stillThere(ctx, conn, all)
		}
	}
	for _, t := range all {
		if t.ended && err == nil && !left[t.who.PID] {
			t.action = ActionTerminated
		}
	}
	return Outcomes(all), err
}

// Outcomes is what became of each session that was come to.
func Outcomes(all []*Termination) []Terminated {
	rows := make([]Terminated, 0, len(all))
	for _, t := range all {
		if t.action != "" {
			rows = append(rows, t.who.row(t.action, t.reason))
		}
	}
	return rows
}

func stillThere(ctx context.Context, conn *pg.Conn, all []*Termination) (map[int32]bool, error) {
	var pids []int32
	var starts []time.Time
	for _, t := range all {
		if t.ended {
			pids, starts = append(pids, t.who.PID), append(starts, *t.who.Start)
		}
	}
	left := map[int32]bool{}
	if len(pids) == 0 {
		return left, nil
	}
	rows, err := query.Rows[struct{ PID int32 }](ctx, conn, "activity/still_there", pids, starts)
	for _, row := range rows {
		left[row.PID] = true
	}
	return left, err
}

// Plan is what a dry run says of the chosen sessions.
func Plan(chosen []Candidate) []Terminated {
	rows := make([]Terminated, 0, len(chosen))
	for i := range chosen {
		rows = append(rows, chosen[i].row(ActionPlanned, ""))
	}
	return rows
}
