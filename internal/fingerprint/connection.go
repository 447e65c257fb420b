package fingerprint

import "strings"

// connection finds the passwords of a connection string: password = value in libpq's syntax, where the value may stand in quotes and a
// backslash escapes, and scheme://user:password@host. cut tells that the text may go on behind its end.
func connection(text string, cut bool) (found []span) {
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '=':
			name := strings.TrimRight(text[:i], " \t\n\v\f\r")
			if !isPassword(name) && !isPercentEncoded(name) {
				continue
			}
			from := skipSpace(text, i+1)
			if to := valueEnd(text, from); to > from {
				found = append(found, span{from, to, maskedValue})
				i = to - 1
			}
		case c == ':' && strings.HasPrefix(text[i:], "://"):
			if from, to := passwordOfURL(text, i+3, cut); to > from {
				found = append(found, span{from, to, maskedInURL})
			}
		}
	}
	return found
}

// isPercentEncoded tells a URL's parameter whose name hides behind %61; no other tool writes one so.
func isPercentEncoded(name string) bool {
	if !strings.Contains(name, "://") {
		return false
	}
	at := strings.LastIndexAny(name, "?&")
	return at >= 0 && strings.IndexByte(name[at:], '%') >= 0
}

func skipSpace(text string, i int) int {
	for i < len(text) && classes[text[i]] == space {
		i++
	}
	return i
}

// valueEnd gives the end of a value of libpq's syntax.
func valueEnd(text string, i int) int {
	inQuotes := i < len(text) && text[i] == '\''
	if inQuotes {
		i++
	}
	for ; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\\':
			i++
		case inQuotes && c == '\'':
			return i + 1
		case !inQuotes && classes[c] == space:
			return i
		}
	}
	return len(text)
}

// passwordOfURL gives where the password of the URL whose authority begins at i stands: behind user: and before the last @, because a
// password that should be encoded may hold one, or a /. A port is none.
func passwordOfURL(text string, i int, cut bool) (from, to int) {
	until := len(text)
	if !strings.HasPrefix(strings.ToLower(text[:min(i, len("postgres"))]), "postgres") { // there, blanks may stand within
		for until = i; until < len(text) && classes[text[until]] != space; until++ {
		}
	}
	step := strings.IndexAny(text[i:until], ":/@")
	if step < 0 || text[i+step] != ':' {
		return i, i
	}
	from = i + step + 1
	if at := strings.LastIndexByte(text[from:until], '@'); at >= 0 {
		return from, from + at
	}
	if cut && until == len(text) {
		return from, until
	}
	return from, from
}
