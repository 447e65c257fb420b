package units

import "strings"

// SameValue tells whether two texts mean the same to a GUC of this pg_settings.vartype (bool, integer,
// real, enum, string) and unit: 60s is 1min, on is true. A text that PostgreSQL would refuse equals
// only itself, and a string must match exactly (list parameters are compared by whoever parses lists).
func SameValue(a, b, vartype, unit string) bool {
	if a == b {
		return true
	}
	switch vartype {
	case "bool":
		x, okX := ParseBool(a)
		y, okY := ParseBool(b)
		return okX && okY && x == y
	case "integer":
		x, okX := BaseInt(a, unit)
		y, okY := BaseInt(b, unit)
		return okX && okY && x == y
	case "real":
		x, okX := BaseReal(a, unit)
		y, okY := BaseReal(b, unit)
		return okX && okY && x == y
	case "enum":
		return enumName(a) == enumName(b)
	}
	return false
}

// ParseBool reads a boolean GUC: on, off, true, false, yes, no, 1, 0 in any case, or an unambiguous
// start of one ("o" is none). The rules are parse_bool of src/backend/utils/adt/bool.c.
func ParseBool(s string) (value, ok bool) {
	s = strings.ToLower(s)
	starts := func(word string, shortest int) bool {
		return len(s) >= shortest && strings.HasPrefix(word, s)
	}
	switch {
	case s == "1", starts("true", 1), starts("yes", 1), s == "on":
		return true, true
	case s == "0", starts("false", 1), starts("no", 1), starts("off", 2):
		return false, true
	}
	return false, false
}

// enumName folds the hidden aliases of enum GUCs into one name each. Names that two parameters share
// never mean different things, so the parameter need not be known (src/backend/utils/misc/guc_tables.c).
func enumName(s string) string {
	s = strings.ToLower(s)
	switch s {
	case "true", "yes", "1", "pglz": // wal_compression = on is shown as pglz
		return "on"
	case "false", "no", "0":
		return "off"
	case "debug":
		return "debug2"
	case "archive", "hot_standby": // wal_level before 9.6
		return "replica"
	}
	return s
}
