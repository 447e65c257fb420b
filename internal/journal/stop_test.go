package journal_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"avadb/internal/fault"
	"avadb/internal/journal"
)

// watching makes items that tell of each writing before it happens.
func (r *run) watching(tell func(name string, to journal.State) error) journal.Factory {
	return func(record journal.Record) (journal.Item, error) {
		item, err := r.item(record)
		return watched{item, tell}, err
	}
}

// What a rollback restored before an interrupt is in force, marked and reported; what it did not reach is said.
func TestInterruptedRollback(t *testing.T) {
	r := newRig(t)
	before := winners(t, r.Store)
	avadb := r.locked(t)
	if _, err := avadb.journal.Do(t.Context(), []journal.Change{
		avadb.set("work_mem", "64MB"), avadb.set("maintenance_work_mem", "128MB"), avadb.set("random_page_cost", "1.1"),
	}); err != nil {
		t.Fatal(err)
	}
	ctx, interrupt := context.WithCancelCause(t.Context())
	defer interrupt(nil)
	plan, err := avadb.journal.Plan(ctx, journal.Selection{}, avadb.watching(func(name string, _ journal.State) error {
		if name == "maintenance_work_mem" {
			interrupt(fault.New(fault.Terminated, "terminated"))
			return context.Canceled
		}
		return nil
	}))
	if err != nil {
		t.Fatal(err)
	}
	err = avadb.journal.Run(ctx, plan)
	if err == nil || plan.Set == nil {
		t.Fatalf("%v, %+v", err, plan.Set)
	}
	wantFault(t, err, fault.Terminated, "rollback "+plan.Set.ID+" stopped half-way", "run avadb rollback "+plan.Undoes[0]+" again")
	var reasons []string
	for _, u := range plan.Items {
		reasons = append(reasons, u.Name+": "+u.Reason)
	}
	want := []string{"random_page_cost: ", "maintenance_work_mem: it stopped here, and may be restored or not", "work_mem: " + journal.NotReached}
	if !slices.Equal(reasons, want) {
		t.Errorf("reasons %q, want %q", reasons, want)
	}
	var running string
	conn := dial(t, r.Store)
	defer func() { _ = conn.Close(context.WithoutCancel(t.Context())) }()
	if err := conn.QueryRow(t.Context(), "SHOW random_page_cost").Scan(&running); err != nil || running != "4" {
		t.Errorf("what was restored is not in force: %s, %v", running, err)
	}
	if undone, inPart, others := plan.Undone(); len(undone)+len(inPart) != 0 || len(others) != 1 {
		t.Errorf("undone %v, not %v", undone, others)
	}
	avadb.close()
	undo(t, r.locked(t))
	wantWinners(t, r.Store, before)
}

// A command that has ended before it wrote anything says so, and not that a connection was lost.
func TestEndedBeforeTheFirstWriting(t *testing.T) {
	r := newRig(t)
	avadb := r.locked(t)
	ctx, interrupt := context.WithCancelCause(t.Context())
	defer interrupt(nil)
	second := watched{avadb.set("work_mem", "").Item, func(string, journal.State) error {
		interrupt(fault.New(fault.Timeout, "not done within --timeout"))
		return nil
	}}
	_, err := avadb.journal.Do(ctx, []journal.Change{{Item: second, Ours: journal.Present("64MB")}, avadb.set("jit", "off")})
	wantFault(t, err, fault.Timeout, "not done within --timeout")
	if strings.Contains(err.Error(), "is lost") {
		t.Error(err)
	}
}

func TestExtendRefusesWhatSomebodyRolledBack(t *testing.T) {
	r := newRig(t)
	first := r.locked(t)
	set := first.applied(t)
	if _, err := first.journal.Extend(t.Context(), set, []journal.Change{first.set("jit", "off")}); err != nil {
		t.Fatalf("nobody has touched it: %v", err)
	}
	first.close() // the server is restarted
	other := r.locked(t)
	undo(t, other)
	before := winners(t, r.Store)
	other.close()
	again := r.locked(t)
	_, err := again.journal.Extend(t.Context(), set, []journal.Change{again.set("random_page_cost", "1.1")})
	wantFault(t, err, fault.Failed, "nothing more was changed", "avadb history "+set.ID)
	wantWinners(t, r.Store, before)
}

// The database holds a later revision than the one that is written: somebody else went on with the set.
func TestOlderRevisionIsNotWrittenSilently(t *testing.T) {
	r := newRig(t)
	avadb := r.locked(t)
	avadb.applied(t)
	tampering := watched{avadb.set("jit", "").Item, func(string, journal.State) error {
		sqlIn(t, r.Store, "UPDATE avadb.change_set SET rev = 100")
		return nil
	}}
	_, err := avadb.journal.Do(t.Context(), []journal.Change{{Item: tampering, Ours: journal.Present("off")}})
	wantFault(t, err, fault.Failed, "a later one already")
}

// A row must not name another file than its own.
func TestRowOfAnotherSetIsDamaged(t *testing.T) {
	r := newRig(t)
	avadb := r.locked(t)
	set := avadb.applied(t)
	sqlIn(t, r.Store,
		`INSERT INTO avadb.change_set SELECT system_identifier, gen_random_uuid(), rev + 1, document FROM avadb.change_set`,
		`INSERT INTO avadb.change_set SELECT system_identifier, gen_random_uuid(), 1, replace(document::text, id::text, '../../x')::json FROM avadb.change_set WHERE rev < 100 LIMIT 1`)
	avadb.close()
	avadb = r.locked(t)
	if got := avadb.mustSets(t); len(got) != 1 || got[0].ID != set.ID {
		t.Errorf("sets: %+v", got)
	}
	if !strings.Contains(avadb.said.String(), "holds change set "+set.ID) {
		t.Errorf("said %s", avadb.said)
	}
}

// The library of an extension that something depends on stays in the list of what the server loads.
func TestLibraryStaysWithItsExtension(t *testing.T) {
	r := newRig(t)
	avadb := r.locked(t)
	changes := slices.Concat(avadb.changes(t.Context(), "preload", ""), avadb.changes(t.Context(), "extension", r.Store)[1:])
	if _, err := avadb.journal.Do(t.Context(), changes); err != nil {
		t.Fatal(err)
	}
	stands := winners(t, r.Store)
	sqlIn(t, r.Store, "CREATE VIEW ours AS SELECT * FROM pg_stat_statements")
	plan, err := avadb.rollback(t.Context())
	if err != nil || len(plan.Items) != 2 {
		t.Fatalf("%+v, %v", plan, err)
	}
	for _, u := range plan.Items {
		if u.Action != journal.Kept {
			t.Errorf("%s %s is %s", u.Kind, u.Name, u.Action)
		}
	}
	if last := plan.Items[1]; last.Kind != journal.PreloadEntry || last.Reason != "the extension in database "+r.Store+" is still used" {
		t.Errorf("the library: %+v", last)
	}
	wantWinners(t, r.Store, stands)
}
