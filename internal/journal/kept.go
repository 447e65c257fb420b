package journal

import "slices"

// KeptOf is what a rollback kept of one set because somebody changed it since.
type KeptOf struct {
	ID    string
	Names []string
}

// StillKept gives, newest first, the sets that hold what stood before: for each item the oldest of those gone over. Asked for
// another one, --force would restore what avadb had written in between.
func (r *Rollback) StillKept() []KeptOf { return StillKept(r.targets, r.Items) }

// StillKept is likewise for a rollback of these targets, oldest first.
func StillKept(targets []*Set, items []Undo) []KeptOf {
	names := map[string][]string{}
	for _, u := range items {
		if u.Action != Kept || u.Reason != ChangedSince {
			continue
		}
		oldest := slices.IndexFunc(targets, func(s *Set) bool {
			return slices.ContainsFunc(s.Items, func(r Record) bool { return r.sameItem(u.record()) })
		})
		if oldest >= 0 {
			id := targets[oldest].ID
			names[id] = append(names[id], u.Name)
		}
	}
	var kept []KeptOf
	for _, t := range slices.Backward(targets) {
		if len(names[t.ID]) > 0 {
			kept = append(kept, KeptOf{ID: t.ID, Names: names[t.ID]})
		}
	}
	return kept
}
