package journal

import "slices"

// Conclude records in the sets of a server what a rollback did to the items of its targets, and gives the sets that
// changed: the targets, the sets that stand again because their rollback was undone, and rollbacks of the same targets
// that a crash left open, whose work this one has finished.
func Conclude(all, targets []*Set, items []Undo, by string) (changed []*Set) {
	for _, t := range targets {
		t.conclude(items, by)
		changed = append(changed, t)
		if t.State != SetUndone || !t.IsRollback() {
			continue
		}
		for _, again := range all {
			if again.UndoneBy != nil && *again.UndoneBy == t.ID && slices.Contains(t.Undoes, again.ID) {
				again.standAgain(items)
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

// standAgain marks the items of a set whose rollback was itself undone.
func (s *Set) standAgain(items []Undo) {
	s.State, s.UndoneBy = SetApplied, nil
	for i := range s.Items {
		record := &s.Items[i]
		if slices.ContainsFunc(items, func(u Undo) bool { return u.Action == Restored && record.sameItem(u.record()) }) {
			record.State = Written
		}
	}
}
