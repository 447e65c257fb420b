package journal_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"avadb/internal/fault"
	"avadb/internal/journal"
)

// event is something that happens once, or for which there is no cause any more, or which fails.
type event struct {
	name string
	err  error
	done *bool
}

func newEvent(name string, err error) journal.Change {
	return journal.Change{Item: event{name, err, new(bool)}, Ours: journal.Absent(), Irreversible: true}
}

func (e event) Kind() journal.Kind           { return journal.EventKind }
func (e event) Name() string                 { return e.name }
func (e event) Database() string             { return "" }
func (e event) Same(a, b journal.State) bool { return a.Present == b.Present }
func (e event) Read(context.Context) (journal.State, error) {
	if *e.done {
		return journal.Absent(), nil
	}
	return journal.Present("there"), nil
}

func (e event) Write(_ context.Context, to journal.State) error {
	if to.Present {
		return &journal.KeptError{Reason: "no way back"}
	}
	if e.err == nil {
		*e.done = true
	}
	return e.err
}

// An event that there is no cause for any more is kept, and the others of the set go on; both can be read afterwards.
func TestEventWithoutCauseIsKept(t *testing.T) {
	r := newRig(t)
	avadb := r.locked(t)
	set, err := avadb.journal.Do(t.Context(), []journal.Change{
		newEvent("first", nil), newEvent("second", &journal.KeptError{Reason: "it had gone"}), newEvent("third", nil),
	})
	if err != nil || set.State != journal.SetApplied {
		t.Fatalf("%+v %v", set, err)
	}
	sets, err := avadb.journal.Sets(t.Context())
	if err != nil || len(sets) != 1 {
		t.Fatalf("%+v %v", sets, err)
	}
	items := sets[0].Items
	if items[0].State != journal.Written || items[1].State != journal.KeptAsIs || items[1].Error != "it had gone" || items[2].State != journal.Written {
		t.Errorf("%+v", items)
	}
	if plan, err := avadb.rollback(t.Context()); err != nil || plan.Set != nil {
		t.Errorf("there is nothing to undo: %+v, %v", plan, err)
	}
}

// One that fails ends the set. What has happened is not called undone.
func TestEventThatFails(t *testing.T) {
	r := newRig(t)
	avadb := r.locked(t)
	set, err := avadb.journal.Do(t.Context(), []journal.Change{newEvent("first", nil), newEvent("second", errors.New("no luck")), newEvent("third", nil)})
	if fault.KindOf(err) != fault.Failed || !strings.Contains(err.Error(), "write second: no luck") {
		t.Fatal(err)
	}
	if set.State != journal.SetPartial || set.Items[0].State != journal.KeptAsIs || set.Items[2].State != journal.RolledBack {
		t.Errorf("%+v", set)
	}
}

// A set of events that a crash left open is nothing that could be undone or finished: nobody is told to.
func TestOpenEventsAreNotToBeUndone(t *testing.T) {
	avadb := newRig(t).locked(t)
	open := func(kind journal.Kind) *journal.Set {
		return &journal.Set{ID: string(kind), State: journal.SetOpen, Node: avadb.journal.Node(), Items: []journal.Record{{Kind: kind, State: journal.Pending}}}
	}
	found := avadb.journal.OpenSets([]*journal.Set{open(journal.EventKind), open(journal.SystemSetting)})
	if len(found) != 1 || found[0].ID != string(journal.SystemSetting) {
		t.Errorf("%+v", found)
	}
}
