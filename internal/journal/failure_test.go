package journal_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"avadb/internal/fault"
	"avadb/internal/journal"
)

// watched is an item that tells of each writing before it happens; an error is the writing's own.
type watched struct {
	journal.Item
	tell func(name string, to journal.State) error
}

func (w watched) Write(ctx context.Context, to journal.State) error {
	if err := w.tell(w.Name(), to); err != nil {
		return err
	}
	return w.Item.Write(ctx, to)
}

func TestFailureInTheMiddleIsUndoneNewestFirst(t *testing.T) {
	r := newRig(t)
	before := winners(t, r.Store)
	avadb := r.locked(t)
	var order []string
	changes := []journal.Change{
		avadb.set("work_mem", "64MB"), avadb.set("search_path", "public, other"), avadb.set("max_connections", "lots"),
		avadb.set("maintenance_work_mem", "1GB"), avadb.set("random_page_cost", "1.1"),
	}
	for i := range changes {
		changes[i].Item = watched{changes[i].Item, func(name string, to journal.State) error {
			order = append(order, name+" "+to.Text())
			return nil
		}}
	}
	set, err := avadb.journal.Do(t.Context(), changes)
	wantFault(t, err, fault.Failed, "write max_connections", `"lots"`, "what had been changed (2) was undone")
	if f := fault.As(err); f.SQLState != "22023" {
		t.Errorf("SQLSTATE %q", f.SQLState)
	}
	want := []string{"work_mem 64MB", "search_path public, other", "max_connections lots", `search_path "$user", public, "Odd ""Name"""`, "work_mem 5MB"}
	if !slices.Equal(order, want) {
		t.Errorf("written %q, want %q", order, want)
	}
	wantWinners(t, r.Store, before)
	if set == nil || set.State != journal.SetUndone || set.Items[2].Error == "" || set.Items[4].State != journal.RolledBack {
		t.Errorf("set %+v", set)
	}
	plan, err := avadb.rollback(t.Context())
	if err != nil || plan.Set != nil {
		t.Errorf("there is nothing to undo: %+v, %v", plan, err)
	}
}

// What cannot be undone after a failure stays in the journal as partial, and a later rollback takes it up.
func TestFailureThatCannotBeUndone(t *testing.T) {
	r := newRig(t)
	before := winners(t, r.Store)
	avadb := r.locked(t)
	stubborn := watched{avadb.set("work_mem", "").Item, func(_ string, to journal.State) error {
		if to.Text() == "5MB" {
			return errors.New("not now")
		}
		return nil
	}}
	set, err := avadb.journal.Do(t.Context(), []journal.Change{
		{Item: stubborn, Ours: journal.Present("64MB")}, avadb.set("max_connections", "lots"),
	})
	wantFault(t, err, fault.Failed, "could not", set.ID)
	if set.State != journal.SetPartial || set.Items[0].State != journal.FailedItem || set.Items[0].Error == "" {
		t.Errorf("set %+v", set)
	}
	undo(t, avadb)
	wantWinners(t, r.Store, before)
}

// The reason of an item that could not be restored is a sentence and its next step, which must not run together.
func TestReasonOfAFailedUndoing(t *testing.T) {
	avadb := newRig(t).locked(t)
	var changes []journal.Change
	for name := range hints() {
		changes = append(changes, avadb.set(name, "64MB"))
	}
	if _, err := avadb.journal.Do(t.Context(), changes); err != nil {
		t.Fatal(err)
	}
	plan, err := avadb.journal.Plan(t.Context(), journal.Selection{}, func(record journal.Record) (journal.Item, error) {
		item, err := avadb.item(record)
		return watched{item, func(name string, _ journal.State) error {
			return fault.New(fault.Privilege, "not yours").WithHint("%s", hints()[name])
		}}, err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := avadb.journal.Run(t.Context(), plan); err != nil {
		t.Fatal(err)
	}
	for _, u := range plan.Items {
		want := "not yours"
		if hint := hints()[u.Name]; hint != "" {
			want += "; " + hint
		}
		if u.Reason != want || u.Error != "not yours" {
			t.Errorf("%s: reason %q, error %q", u.Name, u.Reason, u.Error)
		}
	}
	undo(t, avadb)
}

func hints() map[string]string {
	return map[string]string{"work_mem": "run it as a superuser", "maintenance_work_mem": ""}
}

func TestConnectionCut(t *testing.T) {
	for name, whom := range map[string]string{
		"writer": "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND classid = 1635148132 AND objid = 2",
		"lock":   "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND classid = 1635148132 AND objid = 1",
		"both":   "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND classid = 1635148132",
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			before := winners(t, r.Store)
			avadb := r.locked(t)
			cut := func(string, journal.State) error { sql(t, whom); return nil }
			set, err := avadb.journal.Do(t.Context(), []journal.Change{
				avadb.set("work_mem", "64MB"), {Item: watched{avadb.set("max_connections", "").Item, cut}, Ours: journal.Present("200")},
			})
			if set == nil {
				t.Fatal(err)
			}
			wantFault(t, err, fault.KindOf(err), "stays open", "avadb rollback "+set.ID)
			avadb.close()
			next := r.locked(t)
			if open := next.journal.OpenSets(next.mustSets(t)); len(open) != 1 || open[0].ID != set.ID {
				t.Errorf("open sets: %v", open)
			}
			undo(t, next)
			wantWinners(t, r.Store, before)
		})
	}
}

func TestConnectionCutWhileRollingBack(t *testing.T) {
	r := newRig(t)
	before := winners(t, r.Store)
	avadb := r.locked(t)
	if _, err := avadb.journal.Do(t.Context(), avadb.changes(t.Context(), "settings", "")); err != nil {
		t.Fatal(err)
	}
	plan, err := avadb.journal.Plan(t.Context(), journal.Selection{}, func(record journal.Record) (journal.Item, error) {
		item, err := avadb.item(record)
		return watched{item, func(name string, _ journal.State) error {
			if name == "search_path" {
				sql(t, "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND classid = 1635148132")
			}
			return nil
		}}, err
	})
	if err != nil {
		t.Fatal(err)
	}
	err = avadb.journal.Run(t.Context(), plan)
	wantFault(t, err, fault.KindOf(err), "stopped half-way", "run avadb rollback "+plan.Undoes[0]+" again")
	avadb.close()
	next := r.locked(t)
	if open := next.journal.OpenSets(next.mustSets(t)); len(open) != 1 || open[0].ID != plan.Set.ID {
		t.Errorf("open sets: %v", open)
	}
	undo(t, next)
	wantWinners(t, r.Store, before)
}

// stateInTheWay puts a file where the state folder would be: root writes into any folder that it may not.
func (r *rig) stateInTheWay(t *testing.T) {
	t.Helper()
	r.State = filepath.Join(t.TempDir(), "state")
	if err := os.WriteFile(r.State, nil, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestJournalInTheDatabaseAlone(t *testing.T) {
	r := newRig(t)
	r.stateInTheWay(t)
	before := winners(t, r.Store)
	avadb := r.locked(t)
	if _, err := avadb.journal.Do(t.Context(), avadb.changes(t.Context(), "settings", "")); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(avadb.said.String(), "offline rollback will not work") {
		t.Errorf("said %s", avadb.said)
	}
	undo(t, avadb)
	wantWinners(t, r.Store, before)
}

func TestJournalNowhere(t *testing.T) {
	r := newRig(t)
	r.stateInTheWay(t)
	sql(t, "CREATE ROLE nobody_much LOGIN")
	t.Cleanup(func() { sql(t, "DROP ROLE nobody_much") })
	r.DSN = strings.Replace(r.DSN, "user=postgres", "user=nobody_much", 1)
	avadb, err := r.open(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer avadb.close()
	wantFault(t, avadb.journal.Lock(t.Context()), fault.Prerequisite, "nothing was changed", "not a directory",
		`GRANT CREATE ON DATABASE "`+r.Store+`" TO "nobody_much"`)
}

func TestFullDisk(t *testing.T) {
	r := newRig(t)
	raw := readAutoConf(t)
	child, said := order{Rig: r, Plan: "settings", FileSize: 200}.command(t)
	if err := child.Run(); err == nil || child.ProcessState.ExitCode() != 1 || !strings.Contains(said.String(), "nothing was changed: write the journal file") {
		t.Fatalf("%v: %s", err, said)
	}
	if readAutoConf(t) != raw {
		t.Error("postgresql.auto.conf was changed")
	}
	next := r.locked(t)
	if sets := next.mustSets(t); len(sets) != 0 {
		t.Errorf("a set was left: %+v", sets[0])
	}
	left, err := filepath.Glob(filepath.Join(r.State, "journal", "*", "*"))
	if err != nil || len(left) != 1 || filepath.Base(left[0]) != ".lock" {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// A set that the database refuses is no set: its file goes again.
func TestDatabaseRefusesTheFirstRevision(t *testing.T) {
	r := newRig(t)
	avadb := r.locked(t)
	if _, err := avadb.journal.Do(t.Context(), avadb.changes(t.Context(), "settings", "")); err != nil {
		t.Fatal(err)
	}
	undo(t, avadb)
	known := len(avadb.mustSets(t))
	raw := readAutoConf(t)
	sqlIn(t, r.Store, "ALTER TABLE avadb.change_set ADD CONSTRAINT full_up CHECK (false) NOT VALID")
	_, err := avadb.journal.Do(t.Context(), avadb.changes(t.Context(), "settings", ""))
	wantFault(t, err, fault.Failed, "nothing was changed", "full_up")
	if got := avadb.mustSets(t); len(got) != known || readAutoConf(t) != raw {
		t.Errorf("%d sets, want %d", len(got), known)
	}
}

// The disk fills up between two changes: what was made is undone, and the database, which can still be written, knows it.
func TestFullDiskInTheMiddle(t *testing.T) {
	r := newRig(t)
	before := winners(t, r.Store)
	avadb := r.locked(t)
	full := watched{avadb.set("jit", "").Item, func(string, journal.State) error {
		folders, err := filepath.Glob(filepath.Join(r.State, "journal", "*"))
		for _, folder := range folders {
			err = errors.Join(err, os.RemoveAll(folder), os.WriteFile(folder, nil, 0o600)) // as root, no folder is read-only
		}
		return err
	}}
	set, err := avadb.journal.Do(t.Context(), []journal.Change{
		avadb.set("work_mem", "64MB"), {Item: full, Ours: journal.Present("off")}, avadb.set("random_page_cost", "1.1"),
	})
	wantFault(t, err, fault.Failed, "write the journal file", "what had been changed (2) was undone", "XDG_STATE_HOME")
	if strings.Contains(err.Error(), "the change was made") {
		t.Error(err)
	}
	wantWinners(t, r.Store, before)
	if got := avadb.mustSets(t); set == nil || len(got) != 1 || got[0].State != journal.SetUndone {
		t.Errorf("%+v", got)
	}
}
