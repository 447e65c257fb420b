package activity

// strength orders the modes of a table's lock, 0 is the weakest; -1 for what is none.
func strength(mode string) int {
	switch mode {
	case "AccessShareLock":
		return 0
	case "RowShareLock":
		return 1
	case "RowExclusiveLock":
		return 2
	case "ShareUpdateExclusiveLock":
		return 3
	case "ShareLock":
		return 4
	case "ShareRowExclusiveLock":
		return 5
	case "ExclusiveLock":
		return 6
	case "AccessExclusiveLock":
		return 7
	}
	return -1
}

// conflict tells whether a lock held in one mode keeps another one waiting: the table of the manual (13.3.1), a bit for each mode in the order
// of strength.
func conflict(held, wanted string) bool {
	conflicts := [...]uint8{0b10000000, 0b11000000, 0b11110000, 0b11111000, 0b11101100, 0b11111100, 0b11111110, 0b11111111}
	h, w := strength(held), strength(wanted)
	return h >= 0 && w >= 0 && conflicts[h]&(1<<w) != 0
}
