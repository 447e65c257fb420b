package activity

import "slices"

// lockModes are the modes of a table's lock, weakest first.
func lockModes() []string {
	return []string{
		"AccessShareLock", "RowShareLock", "RowExclusiveLock", "ShareUpdateExclusiveLock",
		"ShareLock", "ShareRowExclusiveLock", "ExclusiveLock", "AccessExclusiveLock",
	}
}

// conflicting lists for each mode, in the order of lockModes, the modes that it conflicts with: the table of the manual (13.3.1).
func conflicting() [][]int {
	return [][]int{
		{7},
		{6, 7},
		{4, 5, 6, 7},
		{3, 4, 5, 6, 7},
		{2, 3, 5, 6, 7},
		{2, 3, 4, 5, 6, 7},
		{1, 2, 3, 4, 5, 6, 7},
		{0, 1, 2, 3, 4, 5, 6, 7},
	}
}

// conflict tells whether a lock held in one mode keeps another one waiting.
func conflict(held, wanted string) bool {
	h, w := strength(held), strength(wanted)
	return h >= 0 && w >= 0 && slices.Contains(conflicting()[h], w)
}

// strength is a mode's place in lockModes; -1 for what is no mode of a table's lock.
func strength(mode string) int { return slices.Index(lockModes(), mode) }
