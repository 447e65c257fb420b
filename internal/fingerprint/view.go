package fingerprint

import (
	"strings"
	"unicode/utf8"
)

// view is what a literal or a quoted name holds, and where in the statement each of its bytes stands.
type view struct {
	text   string
	base   int   // the first byte's offset, where offsets is nil: they stand side by side
	at     []int // the bytes' offsets, and that of the end
	quoted bool  // '...', of any kind
	cut    bool  // it is not closed
}

func (v *view) offset(i int) int {
	if v.at == nil {
		return v.base + i
	}
	return v.at[i]
}

// joined is what literals hold that go on one with the next.
func joined(views []view) view {
	if len(views) == 1 {
		return views[0]
	}
	var text strings.Builder
	var at []int
	for k := range views {
		v := &views[k]
		text.WriteString(v.text)
		for i := range len(v.text) {
			at = append(at, v.offset(i))
		}
	}
	last := &views[len(views)-1]
	return view{text: text.String(), at: append(at, last.offset(len(last.text))), quoted: true, cut: last.cut}
}

// decode reads the literal or quoted name sql[from:to].
func (m *masker) decode(sql string, from, to int) view {
	token := sql[from:to]
	prefix := prefixLength(token)
	if prefix == len(token) || token[prefix] != '\'' && token[prefix] != '"' {
		return body(token, from)
	}
	q := token[prefix]
	v := view{base: from + prefix + 1, quoted: q == '\'', cut: true}
	var escape byte // no text begins its escapes with 0
	unicode := false
	switch {
	case prefix == 2:
		escape, unicode = unicodeEscape(sql, to), true
	case q == '\'' && (m.escapes || prefix == 1 && token[0]|0x20 == 'e'):
		escape = '\\'
	}
	text := make([]byte, 0, len(token))
	at := make([]int, 0, len(token)+1)
	i := prefix + 1
	for i < len(token) {
		begin, length, r := i, 1, rune(-1)
		switch c := token[i]; {
		case c == q && i+1 < len(token) && token[i+1] == q:
			length = 2
		case c == q:
			v.cut = false
		case c == escape && escape != 0 && i+1 < len(token):
			if length, r = escaped(token[i+1:], unicode); r < 0 {
				i++ // the byte behind it stands for itself
			} else {
				length++
			}
		}
		if !v.cut {
			break
		}
		n := len(text)
		switch {
		case r >= 0x80 && unicode:
			text = utf8.AppendRune(text, r)
		case r >= 0:
			text = append(text, byte(r)) // of an encoding that is not known
		default:
			text = append(text, token[i])
		}
		for ; n < len(text); n++ {
			at = append(at, from+begin)
		}
		i += length
	}
	v.text, v.at = string(text), append(at, from+i)
	return v
}

// body is that of $tag$...$tag$, or a number.
func body(token string, from int) view {
	tag := 0
	if token[0] == '$' {
		for tag = 1; tag < len(token) && token[tag] != '$'; tag++ {
		}
		tag = min(tag+1, len(token))
	}
	v := view{base: from + tag, text: token[tag:], cut: true}
	if n := len(v.text) - tag; tag > 0 && n >= 0 && v.text[n:] == token[:tag] {
		v.text, v.cut = v.text[:n], false
	}
	return v
}

// prefixLength of E”, U&” and the like.
func prefixLength(token string) int {
	switch {
	case len(token) > 1 && classes[token[0]] == letter && token[1] == '\'':
		return 1
	case len(token) > 2 && token[1] == '&' && (token[2] == '\'' || token[2] == '"'):
		return 2
	}
	return 0
}

func isQuoted(token string) bool { return token[prefixLength(token)] == '\'' }

// unicodeEscape gives the character of the UESCAPE behind a literal.
func unicodeEscape(sql string, i int) byte {
	if _, from, to := next(sql, i); to-from == len("uescape") && sql[from]|0x20 == 'u' {
		if k, from, to := next(sql, to); k == literal && to-from > 2 {
			return sql[from+1]
		}
	}
	return '\\'
}

// escaped reads what stands behind an escape character: its length and the character, -1 where the next byte stands for itself.
func escaped(text string, unicode bool) (length int, r rune) {
	skip, least, most, base := 0, 1, 3, rune(8)
	switch c := text[0]; {
	case unicode && c == '+':
		skip, least, most, base = 1, 6, 6, 16
	case unicode:
		least, most, base = 4, 4, 16
	case c == 'x':
		skip, most, base = 1, 2, 16
	case c == 'u':
		skip, least, most, base = 1, 4, 4, 16
	case c == 'U':
		skip, least, most, base = 1, 8, 8, 16
	case c == 'b', c == 'f', c == 'n', c == 'r', c == 't':
		return 1, ' '
	}
	n := skip
	for ; n < len(text) && n < skip+most; n++ {
		d := digitValue(text[n])
		if d < 0 || d >= base {
			break
		}
		r = (r*base + d) & 0x7fffffff // none is negative
	}
	if n < skip+least {
		return 1, -1
	}
	return n, r
}

func digitValue(c byte) rune {
	switch {
	case c >= '0' && c <= '9':
		return rune(c - '0')
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return rune(c|0x20) - 'a' + 10
	}
	return -1
}
