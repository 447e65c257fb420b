package tuning

import (
	"strconv"
	"strings"

	"avadb/internal/fault"
)

// Assignment is a parameter and the value the user wants it to have.
type Assignment struct {
	Name  string
	Value string // the text as given: blanks count in a log_line_prefix
}

// ParseAssignment reads NAME=VALUE as --set takes it. The name ends at the first =, the value is
// everything behind it, unchanged. Errors are fault.Usage.
func ParseAssignment(text string) (Assignment, error) {
	name, value, found := strings.Cut(text, "=")
	name = strings.TrimSpace(name)
	if !found || !isParameterName(name) {
		return Assignment{}, fault.New(fault.Usage, "cannot read the setting %q", text).
			WithHint("write it as NAME=VALUE, for example --set work_mem=32MB")
	}
	// ALTER SYSTEM refuses a line break, and the protocol ends a string at a NUL.
	if strings.ContainsAny(value, "\n\r\x00") {
		return Assignment{}, fault.New(fault.Usage, "cannot set %s: the value holds a line break or a NUL", name).
			WithHint("give the value on one line")
	}
	return Assignment{Name: name, Value: value}, nil
}

// isParameterName accepts what the server accepts: identifiers, joined by dots where an extension
// owns the parameter.
func isParameterName(name string) bool {
	for part := range strings.SplitSeq(name, ".") {
		if part == "" || isDigit(part[0]) || part[0] == '$' {
			return false
		}
		for i := range len(part) {
			c := part[i]
			isLetter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c >= 0x80
			if !isLetter && !isDigit(c) && c != '$' {
				return false
			}
		}
	}
	return true
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// assignments are the user's own values, --connections among them, under the server's names.
func assignments(in Input) ([]Recommendation, error) {
	given := in.Set
	if in.Connections != 0 {
		given = append([]Assignment{{Name: "max_connections", Value: strconv.Itoa(in.Connections)}}, given...)
	}
	var recs []Recommendation
	var bad violations
	seen := map[string]bool{}
	for _, a := range given {
		p, known := lookUp(in.Parameters, a.Name)
		switch {
		case !known:
			bad.add(violation{byUser: true, message: "unknown parameter " + strconv.Quote(a.Name), hint: nearestHint(a.Name, namesOf(in.Parameters))})
			continue
		case seen[p.Name]:
			bad.add(violation{byUser: true, message: p.Name + " is given more than once", hint: "keep one value for " + p.Name})
		}
		seen[p.Name] = true
		recs = append(recs, Recommendation{
			Name: p.Name, Value: a.Value, Asked: true,
			Reason: "given with --set", Formula: formulaAsSet, Source: fromUser,
		})
	}
	return recs, bad.err()
}

// lookUp finds a parameter as the server does: upper and lower case are the same.
func lookUp(all map[string]Parameter, name string) (Parameter, bool) {
	if p, ok := all[name]; ok {
		return p, true
	}
	for known, p := range all {
		if strings.EqualFold(known, name) {
			return p, true
		}
	}
	return Parameter{}, false
}
