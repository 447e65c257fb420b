package journal

import (
	"slices"
	"strings"

	"avadb/internal/fault"
)

// Selection says what to roll back: nothing given means the newest set that is no rollback and not yet undone.
type Selection struct {
	ID    string   // exactly this set, a rollback too
	To    string   // everything newer than this set
	All   bool     // every set not yet undone
	Only  []string // names of items; empty: all
	Force bool     // also on another node, and over what somebody else wrote since
}

// Targets gives the sets that a selection undoes, oldest first. --to and --all never take rollbacks: what a rollback
// restored is already the state of an older set.
func Targets(sets []*Set, sel Selection) ([]*Set, error) {
	switch {
	case sel.ID != "":
		set, err := Find(sets, sel.ID)
		if err != nil {
			return nil, err
		}
		if set.EventsAlone() {
			return nil, fault.New(fault.Usage, "change set %s (%s) is an event, which no rollback can take back", set.ID, set.Command).
				WithHint("see what happened: avadb history %s", set.ID)
		}
		return []*Set{set}, nil
	case sel.To != "":
		bound, err := Find(sets, sel.To)
		if err != nil {
			return nil, err
		}
		return undoable(sets, func(s *Set) bool { return s.ID > bound.ID }), nil
	}
	all := undoable(sets, func(*Set) bool { return true })
	if !sel.All && len(all) > 1 {
		all = all[len(all)-1:]
	}
	return all, nil
}

func undoable(sets []*Set, wanted func(*Set) bool) []*Set {
	var out []*Set
	for _, s := range sets {
		if !s.IsRollback() && s.State != SetUndone && !s.EventsAlone() && wanted(s) {
			out = append(out, s)
		}
	}
	return out
}

// Merged gives what undoing the sets means for each item: the oldest before and the newest ours, newest item first.
// What was undone already does not count, unless it is asked for by the set's ID or by its name. Names in only must be there.
func Merged(sets []*Set, only []string) ([]Record, error) {
	var merged, undone []Record
	for _, set := range sets {
		for _, r := range set.Items {
			if r.State == RolledBack && set.State != SetUndone {
				undone = append(undone, r)
				continue
			}
			merged = join(merged, r)
		}
	}
	for _, r := range undone {
		if len(only) > 0 && !slices.ContainsFunc(merged, r.sameItem) {
			merged = append(merged, r)
		}
	}
	slices.Reverse(merged)
	slices.SortStableFunc(merged, libraryLast)
	if len(only) == 0 {
		return merged, nil
	}
	for _, name := range only {
		if !slices.ContainsFunc(merged, func(r Record) bool { return r.isNamed(name) }) {
			return nil, fault.New(fault.Usage, "nothing named %q is in what would be rolled back", name).
				WithHint("it holds: %s", strings.Join(names(merged), ", "))
		}
	}
	return slices.DeleteFunc(merged, func(r Record) bool { return !inOnly(r, only) }), nil
}

// join adds a newer record of an item to the older ones. One that a crash or a failure left may or may not have been
// written, so that the older ours can stand as well.
func join(merged []Record, r Record) []Record {
	at := slices.IndexFunc(merged, r.sameItem)
	if at < 0 {
		return append(merged, r)
	}
	m := &merged[at]
	if r.State == Pending || r.State == FailedItem {
		m.olderOurs = slices.Insert(slices.Clone(m.olderOurs), 0, m.Ours)
	} else {
		m.olderOurs = nil
	}
	m.Ours = r.Ours
	m.Irreversible = m.Irreversible || r.Irreversible
	return merged
}

// libraryLast puts a library that is to leave the server behind the extensions, one of which may have to stay.
func libraryLast(a, b Record) int {
	leaves := func(r Record) int {
		if r.Kind == PreloadEntry && !r.Before.Present {
			return 1
		}
		return 0
	}
	return leaves(a) - leaves(b)
}

func inOnly(r Record, only []string) bool {
	return len(only) == 0 || slices.ContainsFunc(only, r.isNamed)
}

func names(records []Record) []string {
	out := make([]string, 0, len(records))
	for _, r := range records {
		out = append(out, r.Name)
	}
	return out
}

// Reasons that others tell apart: of an item that is kept unless it is forced, and of one that stands as it was, because
// the rollback stopped before it.
const (
	ChangedSince = "somebody changed it since"
	NotReached   = "not reached"
)

// Decide compares what stands with what stood before and with what avadb wrote. reason is set for Kept. An irreversible
// change of what was not there before is undone by taking the whole away.
func Decide(r Record, now State, same func(a, b State) bool, force bool) (action Action, reason string) {
	ours := func(s State) bool { return same(now, s) }
	switch {
	case same(now, r.Before):
		return Unchanged, ""
	case r.Irreversible && r.Before.Present:
		return Kept, "it cannot be undone"
	case force || ours(r.Ours) || slices.ContainsFunc(r.olderOurs, ours):
		return Restored, ""
	}
	return Kept, ChangedSince
}

// Action is what a rollback does with an item. It is part of the JSON contract.
type Action string

// The actions of a rollback.
const (
	Restored  Action = "restored"
	Unchanged Action = "unchanged"
	Kept      Action = "kept"
	Failing   Action = "failed"
)

// Undo is one line of a rollback: the item, what stood before, what avadb wrote, what stands, and what is done.
type Undo struct {
	Kind     Kind   `json:"kind" col:""`          // what it changes
	Name     string `json:"name" col:""`          // parameter, library, extension, table or grant
	Database string `json:"database" col:""`      // of an extension, table or grant; empty for what belongs to the whole server
	Before   State  `json:"before" col:"left"`    // what stood before
	Ours     State  `json:"ours"`                 // what avadb wrote
	Now      State  `json:"now" col:"left"`       // what stood when the rollback looked
	Action   Action `json:"action" col:"status"`  // what a rollback does with it
	Reason   string `json:"reason" col:"elastic"` // why it was kept, or nothing was to be done
	Error    string `json:"error"`                // of an item that failed

	inUse bool // kept, because something depends on it
}

func (u Undo) record() Record { return Record{Kind: u.Kind, Name: u.Name, Database: u.Database} }
