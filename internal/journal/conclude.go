package journal

import "slices"

// Conclude records in the sets of a server what a rollback did to the items of its targets, and gives the sets that
// changed: the targets, the sets that stand again because their rollback was undone, and rollbacks of the same targets
// that a crash left open, whose work this one has finished.
func Conclude(all, targets []*Set, items []Undo, by string) (changed []*Set) {
	for _, t := range targets {
		t.conclude(items, by)
		changed = append(changed, t)
		for _, again := range all {
			if slices.Contains(t.Undoes, again.ID) && again.standAgain(restoredTo(all, t, again, items)) {
				changed = append(changed, again)
			}
		}
	}
	for _, s := range all {
		if s.ID != by && s.State == SetOpen && s.IsRollback() && within(s.Undoes, targets) {
			s.State, s.UndoneBy = SetUndone, &by
			changed = append(changed, s)
		}
	}
	return changed
}

func within(ids []string, targets []*Set) bool {
	return !slices.ContainsFunc(ids, func(id string) bool {
		return !slices.ContainsFunc(targets, func(t *Set) bool { return t.ID == id })
	})
}

// conclude marks the items that a rollback went over. The set is undone once the rollback has gone over each of its items
// and failed at none: what was kept was looked at, and is reported by the rollback.
func (s *Set) conclude(items []Undo, by string) {
	complete := true
	for i := range s.Items {
		record := &s.Items[i]
		at := slices.IndexFunc(items, func(u Undo) bool { return record.sameItem(u.record()) })
		switch {
		case at < 0:
			complete = complete && record.State == RolledBack
		case items[at].Action == Failing:
			complete = false
		case items[at].Action == Kept:
			record.State = KeptAsIs
		default:
			record.State = RolledBack
		}
	}
	if complete {
		s.State, s.UndoneBy = SetUndone, &by
	}
}

// restoredTo picks, of the items of an undone rollback, those whose return makes a set's records stand again. A set that
// is newer than the one whose value came back had lost the item to an earlier rollback.
func restoredTo(all []*Set, rollback, set *Set, items []Undo) []Undo {
	return slices.DeleteFunc(slices.Clone(items), func(u Undo) bool {
		bound := ""
		for _, s := range all {
			if slices.Contains(rollback.Undoes, s.ID) && s.wrote(u) {
				bound = max(bound, s.ID)
			}
		}
		return u.Action != Restored || bound != "" && set.ID > bound
	})
}

// wrote tells whether what an undoing brings back is what the set once wrote.
func (s *Set) wrote(u Undo) bool {
	return slices.ContainsFunc(s.Items, func(r Record) bool {
		return r.sameItem(u.record()) && r.Ours.Present == u.Before.Present && r.Ours.Text() == u.Before.Text()
	})
}

// standAgain marks the items of a set that stand again because its rollback was itself undone, and tells whether there
// is one. It does not matter which rollback closed the set: one of a part of it leaves no trace but on its items.
func (s *Set) standAgain(restored []Undo) bool {
	again := false
	for i := range s.Items {
		record := &s.Items[i]
		if slices.ContainsFunc(restored, func(u Undo) bool { return record.sameItem(u.record()) }) {
			record.State, again = Written, true
		}
	}
	if again {
		s.State, s.UndoneBy = SetApplied, nil
	}
	return again
}
