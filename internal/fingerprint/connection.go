package fingerprint

import "strings"

// connection finds the passwords of a connection string: password = value in libpq's syntax, where the value may stand in quotes and a
// backslash escapes, and scheme://user:password@host. cut tells that the text may go on behind its end.
func connection(text string, cut bool) (found []span) {
	parameter, url := none, 0 // where a URL's parameter begins; the end of the URL that was read last
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '?' || c == '&':
			parameter = i
		case c == '=':
			name := strings.TrimRight(text[:i], " \t\n\v\f\r")
			hidden := parameter != none && strings.IndexByte(text[parameter:i], '%') >= 0 // p%61ssword: no tool writes others so
			parameter = none
			if !hidden && !isPassword(name) {
				continue
			}
			from := skipSpace(text, i+1)
			if to := valueEnd(text, from); to > from {
				found = append(found, span{from, to, maskedValue})
				i = to - 1
			}
		case c == ':' && i >= url && strings.HasPrefix(text[i:], "://"):
			var from, to int
			if from, to, url = passwordOfURL(text, i+3, cut); to > from {
				found = append(found, span{from, to, maskedInQuotes})
			}
		}
	}
	return found
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
// password that should be encoded may hold one, or a /. A port is none. No other URL before until has one.
func passwordOfURL(text string, i int, cut bool) (from, to, until int) {
	step := strings.IndexAny(text[i:], ":/@ \t\n\v\f\r")
	if step < 0 || text[i+step] != ':' {
		return i, i, i
	}
	from, until = i+step+1, len(text)
	if !strings.HasPrefix(strings.ToLower(text[:min(i, len("postgres"))]), "postgres") { // there, blanks may stand within
		for until = from; until < len(text) && classes[text[until]] != space; until++ {
		}
	}
	if at := strings.LastIndexByte(text[from:until], '@'); at >= 0 {
		return from, from + at, until
	}
	if cut && until == len(text) {
		return from, until, until
	}
	return from, from, until
}
