package fingerprint

import (
	"cmp"
	"slices"
	"strings"
)

const (
	maskedValue    = "'***'"
	maskedInQuotes = "***" // and in a URL
	// deepestText within a literal within a literal: deeper ones that may name one go whole.
	deepestText = 6
)

// MaskSecrets replaces the secrets in a statement's text, which may be cut off: the literal behind the word PASSWORD; the value of a
// parameter with a secret's name (SET my.api_key, set_config, ALTER SYSTEM SET archive_command); the command line behind PROGRAM; and within
// literals, comments and quoted names (a connection string, a function's body) what password= and a URL give. One that names none comes
// back as it is, and fast. Where a plain literal holds a backslash, both readings of standard_conforming_strings are masked.
func MaskSecrets(sql string) string {
	if !mayHoldSecret(sql) {
		return sql
	}
	found := (&masker{}).statement(sql, 0, false)
	if strings.Contains(sql, `\'`) {
		found = append(found, (&masker{escapes: true}).statement(sql, 0, false)...)
	}
	if len(found) == 0 {
		return sql
	}
	return replace(sql, found)
}

// span of a text that a mask takes the place of.
type span struct {
	from, to int
	mask     string
}

// replace puts the masks; spans that overlap become one.
func replace(sql string, found []span) string {
	slices.SortFunc(found, func(a, b span) int { return cmp.Or(a.from-b.from, b.to-a.to) })
	var out strings.Builder
	done := 0
	for _, s := range found {
		if s.from >= done && (s.from > done || s.to > s.from) {
			out.WriteString(sql[done:s.from])
			out.WriteString(s.mask)
		}
		done = max(done, s.to)
	}
	out.WriteString(sql[done:])
	return out.String()
}

// masker finds secrets in one reading of plain literals: with escapes by a backslash (standard_conforming_strings = off) or without.
type masker struct{ escapes bool }

// statement finds the secrets of a text read as SQL. cut tells that the text around it is cut off at its end.
func (m *masker) statement(sql string, depth int, cut bool) (found []span) {
	var c clause
	for i := 0; i < len(sql); {
		k, from, to := m.next(sql, i)
		found = append(found, m.comments(sql, i, from, depth, cut)...)
		i = to
		switch k {
		case word:
			if c.name(sql[from:to], false) {
				found = append(found, span{from, to, maskedValue})
			}
		case quotedName:
			name := m.decode(sql, from, to)
			if c.name(name.text, true) {
				found = append(found, span{from, to, maskedValue})
			} else {
				found = append(found, m.within(name, depth)...)
			}
		case operator:
			c.operator(sql[from:to])
		case open:
			c.open()
		case shut:
			c.shut()
		case single:
			c.single(sql[from])
		case literal:
			if isParameter(sql[from:to]) || sql[from:to] == Placeholder {
				c.parameter()
				continue
			}
			views := []view{m.decode(sql, from, to)}
			for i < len(sql) && views[0].quoted { // 'a'\n'b' is one
				k, nextFrom, nextTo := m.next(sql, i)
				if k != literal || !isQuoted(sql[nextFrom:nextTo]) {
					break
				}
				found = append(found, m.comments(sql, i, nextFrom, depth, cut)...)
				views = append(views, m.decode(sql, nextFrom, nextTo))
				i, to = nextTo, nextTo
			}
			if v := joined(views); c.literal(v.text) {
				found = append(found, span{from, to, maskedValue})
			} else {
				found = append(found, m.within(v, depth)...)
			}
		case end:
		}
	}
	return found
}

// next is the lexer's, in the masker's reading.
func (m *masker) next(sql string, i int) (k kind, from, to int) {
	k, from, to = next(sql, i)
	if m.escapes && k == literal {
		if at := from + prefixLength(sql[from:to]); at < to && sql[at] == '\'' {
			to = min(quoted(sql, at+1, '\'', true), len(sql))
		}
	}
	return k, from, min(to, len(sql))
}

// comments finds what was commented out between two tokens.
func (m *masker) comments(sql string, from, to, depth int, cut bool) (found []span) {
	for i := from; i < to; i++ {
		if after := comment(sql, i); after > i {
			v := view{text: sql[i+2 : after], base: i + 2, cut: cut || after == len(sql)}
			found = append(found, m.within(v, depth)...)
			i = after - 1
		}
	}
	return found
}

// within finds the secrets of what a literal, a name or a comment holds: a connection string or SQL.
func (m *masker) within(v view, depth int) (found []span) {
	if !mayHoldSecret(v.text) {
		return nil
	}
	if depth == deepestText {
		return []span{{v.offset(0), v.offset(len(v.text)), maskedInQuotes}}
	}
	found = append(connection(v.text, v.cut), m.statement(v.text, depth+1, v.cut)...)
	for i := range found {
		found[i].from, found[i].to = v.offset(found[i].from), v.offset(found[i].to)
		if v.quoted { // a quote within would end it
			found[i].mask = maskedInQuotes
		}
	}
	return found
}

func isAssignment(operator string) bool {
	return operator == "=" || operator == ":=" || operator == "=>" || operator == "=="
}

// mayHoldSecret looks for what a secret cannot be named without: a word for it, a URL, an escape that may hide either, or a
// literal that goes on in another line.
func mayHoldSecret(sql string) bool {
	return namesSecret(sql) || strings.Contains(sql, "://") || strings.IndexByte(sql, '\\') >= 0 ||
		strings.Contains(sql, "&'") || strings.Contains(sql, `&"`) || continues(sql, '\n') || continues(sql, '\r')
}

// continues tells that a line begins with a quote.
func continues(sql string, newline byte) bool {
	for {
		at := strings.IndexByte(sql, newline)
		if at < 0 {
			return false
		}
		sql = sql[at+1:]
		i := 0
		for i < len(sql) && classes[sql[i]] == space {
			i++
		}
		if i < len(sql) && sql[i] == '\'' {
			return true
		}
		sql = sql[i:]
	}
}
