package settings

import (
	"slices"
	"strings"

	"avadb/internal/fault"
	"avadb/internal/pg"
)

// IsList tells whether a parameter is a list whose elements PostgreSQL quotes one by one (GUC_LIST_INPUT with
// GUC_LIST_QUOTE). A single quoted 'a,b' for one of these is stored as ONE name, and the server does not start.
func IsList(name string) bool {
	switch strings.ToLower(name) {
	case "shared_preload_libraries", "session_preload_libraries", "local_preload_libraries",
		"search_path", "temp_tablespaces", "unix_socket_directories":
		return true
	}
	return false
}

// folds tells whether unquoted elements of a list are folded to lower case, as identifiers are; file names are not.
func folds(name string) bool {
	name = strings.ToLower(name)
	return name == "search_path" || name == "temp_tablespaces"
}

// blanks are what PostgreSQL's scanner takes for white space; no other space of Unicode is.
const blanks = " \t\n\r\f\v"

// lower folds as PostgreSQL does in UTF-8: ASCII letters alone.
func lower(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}

// ParseList splits the raw text of a list parameter: elements parted by commas, blanks around them dropped, double
// quotes kept together with a doubled quote for one inside.
func ParseList(name, raw string) ([]string, error) {
	var list []string
	rest := strings.Trim(raw, blanks)
	if rest == "" {
		return nil, nil
	}
	for {
		element, after, err := nextElement(name, rest)
		if err != nil {
			return nil, err
		}
		list = append(list, element)
		if after == "" {
			return list, nil
		}
		rest = strings.Trim(after[1:], blanks)
	}
}

// nextElement takes one element; after is empty or begins with the comma.
func nextElement(name, rest string) (element, after string, err error) {
	broken := func(why string) error {
		return fault.New(fault.Prerequisite, "the list in %s cannot be read (%s): %s", name, why, rest)
	}
	if strings.HasPrefix(rest, `"`) {
		element, after, ok := quotedElement(rest[1:])
		after = strings.Trim(after, blanks)
		if !ok || (after != "" && after[0] != ',') {
			return "", "", broken("a quote is not closed")
		}
		return element, after, nil
	}
	end := strings.IndexByte(rest, ',')
	if end < 0 {
		end = len(rest)
	}
	element = strings.Trim(rest[:end], blanks)
	if element == "" {
		return "", "", broken("an element is empty")
	}
	if folds(name) {
		element = lower(element)
	}
	return element, rest[end:], nil
}

func quotedElement(s string) (element, after string, ok bool) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] != '"':
			b.WriteByte(s[i])
		case i+1 < len(s) && s[i+1] == '"':
			b.WriteByte('"')
			i++
		default:
			return b.String(), s[i+1:], true
		}
	}
	return "", "", false
}

// FormatList writes a list as PostgreSQL stores it in a configuration file: quoted only where it must be.
func FormatList(list []string) string {
	quoted := make([]string, 0, len(list))
	for _, element := range list {
		quoted = append(quoted, quoteElement(element))
	}
	return strings.Join(quoted, ", ")
}

func quoteElement(element string) string {
	plain := element != "" && strings.IndexFunc(element, func(r rune) bool {
		return r != '_' && (r < 'a' || r > 'z') && (r < '0' || r > '9')
	}) < 0 && (element[0] < '0' || element[0] > '9')
	if plain {
		return element
	}
	return pg.Identifier(element)
}

// listLiterals writes a list for ALTER SYSTEM SET: one literal an element.
func listLiterals(list []string) string {
	literals := make([]string, 0, len(list))
	for _, element := range list {
		literals = append(literals, pg.Literal(element))
	}
	return strings.Join(literals, ", ")
}

// sameList compares two raw lists by meaning.
func sameList(name, a, b string) bool {
	left, errA := ParseList(name, a)
	right, errB := ParseList(name, b)
	if errA != nil || errB != nil {
		return a == b
	}
	return slices.Equal(left, right)
}
