package tuning

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"avadb/internal/units"
)

// checkValue says what is wrong with a value, and what would be right; two empty texts where the
// server will take it.
func checkValue(p Parameter, value string) (wrong, right string) {
	switch {
	case p.Context == "internal":
		return fmt.Sprintf("%s cannot be set: it is fixed in this server", p.Name), "leave it out"
	case isOutsideAutoConf(p.Name):
		return fmt.Sprintf("%s cannot be set with ALTER SYSTEM", p.Name), "set it in postgresql.conf or for the session"
	}
	switch p.Vartype {
	case "bool":
		if _, ok := units.ParseBool(value); !ok {
			return fmt.Sprintf("%s cannot be %q", p.Name, value), p.Name + " takes on or off"
		}
	case "enum":
		if !slices.ContainsFunc(p.EnumVals, func(known string) bool { return strings.EqualFold(known, value) }) {
			return fmt.Sprintf("%s cannot be %q on this server", p.Name, value), p.Name + " takes " + strings.Join(p.EnumVals, ", ")
		}
	case "integer", "real":
		return checkNumber(p, value)
	default:
		return checkText(p, value)
	}
	return "", ""
}

// isOutsideAutoConf names the parameters that ALTER SYSTEM refuses though they are not internal
// (tried out on 14 and 18).
func isOutsideAutoConf(name string) bool {
	switch name {
	case "allow_alter_system", "config_file", "data_directory",
		"transaction_deferrable", "transaction_isolation", "transaction_read_only":
		return true
	}
	return false
}

func checkNumber(p Parameter, value string) (wrong, right string) {
	n, ok := base(p, value)
	if !ok {
		return fmt.Sprintf("%s cannot be %q: it takes %s", p.Name, value, numberForm(p)), exampleOf(p)
	}
	least, hasLeast := number(p.MinVal)
	most, hasMost := number(p.MaxVal)
	if hasLeast && n < least || hasMost && n > most {
		return fmt.Sprintf("%s cannot be %s: it takes %s", p.Name, value, rangeOf(p, least, most)),
			fmt.Sprintf("choose a value of %s within its range", p.Name)
	}
	return "", ""
}

// rangeOf leaves out an upper end that only says how large a float gets.
func rangeOf(p Parameter, least, most float64) string {
	if most > math.MaxInt64 {
		return fromBase(p, least) + " or more"
	}
	return fromBase(p, least) + " to " + fromBase(p, most)
}

func numberForm(p Parameter) string {
	_, isMemory := units.BytesPerUnit(p.Unit)
	switch {
	case isMemory:
		return "a size, with the unit B, kB, MB, GB or TB"
	case p.Unit != "":
		return "a time, with the unit us, ms, s, min, h or d"
	case p.Vartype == "integer":
		return "a whole number"
	}
	return "a number"
}

func exampleOf(p Parameter) string {
	if p.Current == "" {
		return ""
	}
	return fmt.Sprintf("%s is %s now", p.Name, p.Current)
}

// checkText refuses an empty list of libraries: the server stores it as one library with an empty
// name. With shared_preload_libraries it does not start again; with the other two a reload locks
// every new session out.
func checkText(p Parameter, value string) (wrong, right string) {
	if !isPreloadList(p.Name) || strings.Trim(value, " \t,\"'") != "" {
		return "", ""
	}
	return fmt.Sprintf("%s cannot be set to an empty list: the server would look for a library without a name and let nobody in", p.Name),
		fmt.Sprintf("ALTER SYSTEM RESET %s takes the entry away", p.Name)
}

func isPreloadList(name string) bool {
	switch name {
	case "shared_preload_libraries", "session_preload_libraries", "local_preload_libraries":
		return true
	}
	return false
}
