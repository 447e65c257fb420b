package journal_test

import (
	"testing"

	"avadb/internal/journal"
)

// mostSteps is more than any plan has: the loops end at the first child that lives.
const mostSteps = 40

func TestKilledWhileChanging(t *testing.T) {
	for _, plan := range []string{"settings", "preload", "extension"} {
		t.Run(plan, func(t *testing.T) { untilItLives(t, order{Rig: newRig(t), Plan: plan}, func() {}) })
	}
}

// Killed between the file and the database: the two copies of the set differ by one revision.
func TestKilledBetweenFileAndDatabase(t *testing.T) {
	r := newRig(t)
	avadb := r.locked(t)
	if _, err := avadb.journal.Do(t.Context(), avadb.changes(t.Context(), "settings", r.Store)); err != nil { // makes the table, which the child is to block
		t.Fatal(err)
	}
	undo(t, avadb)
	avadb.close()
	untilItLives(t, order{Rig: r, Plan: "settings", InFile: true}, func() {})
}

func TestKilledWhileRollingBack(t *testing.T) {
	for _, plan := range []string{"settings", "preload", "extension"} {
		t.Run(plan, func(t *testing.T) {
			r := newRig(t)
			untilItLives(t, order{Rig: r, Rollback: true}, func() {
				avadb := r.locked(t)
				defer avadb.close()
				if _, err := avadb.journal.Do(t.Context(), avadb.changes(t.Context(), plan, r.Store)); err != nil {
					t.Fatal(err)
				}
			})
		})
	}
}

// untilItLives kills a child at its first step, the next one at its second, until one lives to its end. After each, the
// next avadb brings back what stood before. prepare runs before each child.
func untilItLives(t *testing.T, o order, prepare func()) {
	t.Helper()
	before := winners(t, o.Rig.Store)
	for killed := true; killed; {
		prepare()
		raw := readAutoConf(t)
		o.DieAt++
		killed = o.start(t)
		avadb := o.Rig.locked(t)
		o.checkTrace(t, avadb, raw, killed)
		undo(t, avadb)
		avadb.close()
		wantWinners(t, o.Rig.Store, before)
		if t.Failed() || o.DieAt > mostSteps {
			t.Fatalf("at step %d", o.DieAt)
		}
	}
}

// checkTrace: a killed change either touched nothing, or the journal holds its set.
func (o order) checkTrace(t *testing.T, avadb *run, raw string, killed bool) {
	t.Helper()
	var last *journal.Set
	for _, s := range avadb.mustSets(t) {
		if s.IsRollback() == o.Rollback && s.State != journal.SetUndone {
			last = s
		}
	}
	switch {
	case last == nil && readAutoConf(t) != raw:
		t.Error("something was changed, and no set holds it")
	case last == nil && !killed && !o.Rollback:
		t.Error("the set of a child that lived is not there")
	case last == nil:
	case killed && last.State != journal.SetOpen && last.FinishedAt == nil, !killed && last.State != journal.SetApplied:
		t.Errorf("the set is %s", last.State)
	}
}

// undo rolls the newest set back, as the next avadb would, and checks that nothing stays open.
func undo(t *testing.T, avadb *run) {
	t.Helper()
	plan, err := avadb.rollback(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, u := range plan.Items {
		if u.Action != journal.Restored && u.Action != journal.Unchanged {
			t.Errorf("%s is %s: %s %s", u.Name, u.Action, u.Reason, u.Error)
		}
	}
	sets := avadb.mustSets(t)
	if open := avadb.journal.OpenSets(sets); len(open) > 0 {
		t.Errorf("still open: %s of %v", open[0].ID, open[0].Undoes)
	}
	for _, s := range sets {
		if !s.IsRollback() && s.State != journal.SetUndone {
			t.Errorf("set %s is %s after the rollback", s.ID, s.State)
		}
	}
}
