package fingerprint

import "strings"

// class of a byte: what a token that begins with it is.
type class uint8

const (
	other   class = iota // a token by itself
	space                // between tokens
	letter               // begins an identifier; so do bytes beyond ASCII
	digit                // begins a number, goes on with an identifier
	quote                // '
	double               // "
	dollar               // $
	operand              // part of an operator
	dot                  // .
	colon                // :
	opening              // ( or [
	closing              // ) or ]
)

// classes is a table and no switch: one load a byte.
var classes = func() (t [256]class) {
	for c := range t {
		switch b := byte(c); {
		case b == ' ' || b >= '\t' && b <= '\r':
			t[c] = space
		case b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b == '_' || b >= 0x80:
			t[c] = letter
		case b >= '0' && b <= '9':
			t[c] = digit
		case strings.IndexByte("-+*/<>=~!@#%^&|`?", b) >= 0:
			t[c] = operand
		}
	}
	t['\''], t['"'], t['$'], t['.'], t[':'] = quote, double, dollar, dot, colon
	t['('], t['['], t[')'], t[']'] = opening, opening, closing, closing
	return t
}()

// kind of a token.
type kind uint8

const (
	word       kind = iota // an identifier or keyword, unquoted
	quotedName             // "an identifier"
	literal                // a constant or a parameter
	operator               // of operator characters, :: and := as well
	open                   // ( or [
	shut                   // ) or ]
	single                 // any other byte
	end                    // of the text
)

// next gives the token that begins at or after i, without the space and the comments before it: sql[from:to].
func next(sql string, i int) (k kind, from, to int) {
	for i < len(sql) {
		switch c := sql[i]; classes[c] {
		case space:
			i++
			continue
		case letter:
			return startsWithLetter(sql, i)
		case digit:
			return literal, i, number(sql, i)
		case quote:
			return literal, i, quoted(sql, i+1, '\'', false)
		case double:
			return quotedName, i, quoted(sql, i+1, '"', false)
		case dollar:
			return startsWithDollar(sql, i)
		case dot:
			if i+1 < len(sql) && classes[sql[i+1]] == digit {
				return literal, i, number(sql, i)
			}
			return single, i, i + 1
		case colon:
			if i+1 < len(sql) && (sql[i+1] == ':' || sql[i+1] == '=') {
				return operator, i, i + 2
			}
			return single, i, i + 1
		case operand:
			if i+1 == len(sql) || classes[sql[i+1]] != operand { // most have one character
				return operator, i, i + 1
			}
			if after := comment(sql, i); after > i {
				i = after
				continue
			}
			return operator, i, operatorEnd(sql, i)
		case opening:
			return open, i, i + 1
		case closing:
			return shut, i, i + 1
		case other:
			return single, i, i + 1
		}
	}
	return end, i, i
}

// startsWithLetter reads an identifier, or a literal with a letter before its quote: E”, B”, X”, N”, U&”.
func startsWithLetter(sql string, i int) (k kind, from, to int) {
	if i+1 < len(sql) {
		switch c := sql[i] | 0x20; {
		case sql[i+1] == '\'' && (c == 'e' || c == 'b' || c == 'x' || c == 'n'):
			return literal, i, quoted(sql, i+2, '\'', c == 'e')
		case c == 'u' && sql[i+1] == '&' && i+2 < len(sql) && sql[i+2] == '\'':
			return literal, i, quoted(sql, i+3, '\'', false)
		case c == 'u' && sql[i+1] == '&' && i+2 < len(sql) && sql[i+2] == '"':
			return quotedName, i, quoted(sql, i+3, '"', false)
		}
	}
	to = i + 1
	for to < len(sql) && isWord(sql[to]) {
		to++
	}
	return word, i, to
}

// isWord tells the bytes that an identifier goes on with.
func isWord(c byte) bool {
	k := classes[c]
	return k == letter || k == digit || c == '$'
}

// startsWithDollar reads $1, $tag$...$tag$, or avadb's own placeholder.
func startsWithDollar(sql string, i int) (k kind, from, to int) {
	to = i + 1
	if to < len(sql) && sql[to] == '?' {
		return literal, i, to + 1
	}
	if to < len(sql) && classes[sql[to]] == digit {
		for to < len(sql) && classes[sql[to]] == digit {
			to++
		}
		return literal, i, to
	}
	for to < len(sql) && isWord(sql[to]) && sql[to] != '$' {
		to++
	}
	if to == len(sql) || sql[to] != '$' {
		return single, i, i + 1
	}
	tag := sql[i : to+1]
	length := strings.Index(sql[to+1:], tag)
	if length < 0 {
		return literal, i, len(sql)
	}
	return literal, i, to + 1 + length + len(tag)
}

// quoted gives the end of what began before i with the quote: behind the closing one, or the text's where it is cut off. A doubled
// quote belongs to it; so does one behind a backslash, in E”.
func quoted(sql string, i int, q byte, escapes bool) int {
	for i < len(sql) {
		var step int
		if escapes {
			step = strings.IndexAny(sql[i:], `'\`)
		} else {
			step = strings.IndexByte(sql[i:], q)
		}
		if step < 0 {
			return len(sql)
		}
		i += step
		switch {
		case sql[i] == '\\':
			i += 2
		case i+1 < len(sql) && sql[i+1] == q:
			i += 2
		default:
			return i + 1
		}
	}
	return len(sql)
}

// number gives the end of 1, 1_000, 1.5, .5, 1e-9, 0x1F, 0o17, 0b1.
func number(sql string, i int) int {
	if sql[i] == '0' && i+2 < len(sql) {
		switch sql[i+1] | 0x20 {
		case 'x', 'o', 'b':
			if to := digits(sql, i+2, true); to > i+2 {
				return to
			}
		}
	}
	i = digits(sql, i, false)
	if i < len(sql) && sql[i] == '.' && (i+1 == len(sql) || sql[i+1] != '.') {
		i = digits(sql, i+1, false)
	}
	if i+1 < len(sql) && sql[i]|0x20 == 'e' {
		exponent := i + 1
		if sql[exponent] == '+' || sql[exponent] == '-' {
			exponent++
		}
		if to := digits(sql, exponent, false); to > exponent {
			return to
		}
	}
	return i
}

// digits gives the end of a run of them, with underscores between.
func digits(sql string, i int, hexadecimal bool) int {
	for i < len(sql) {
		c := sql[i]
		switch {
		case classes[c] == digit, hexadecimal && (c|0x20) >= 'a' && (c|0x20) <= 'f':
		case c == '_' && i+1 < len(sql) && classes[sql[i+1]] == digit:
		case c == '_' && hexadecimal:
		default:
			return i
		}
		i++
	}
	return i
}

// comment gives the end of the comment at i, or i where there is none. One in /* */ holds others.
func comment(sql string, i int) int {
	if i+1 >= len(sql) {
		return i
	}
	switch {
	case sql[i] == '-' && sql[i+1] == '-':
		if length := strings.IndexByte(sql[i:], '\n'); length >= 0 {
			return i + length
		}
		return len(sql)
	case sql[i] == '/' && sql[i+1] == '*':
		return blockEnd(sql, i+2)
	}
	return i
}

func blockEnd(sql string, i int) int {
	for depth := 1; depth > 0; {
		step := strings.IndexAny(sql[i:], "*/")
		if step < 0 || i+step+1 >= len(sql) {
			return len(sql)
		}
		i += step
		switch {
		case sql[i] == '*' && sql[i+1] == '/':
			depth, i = depth-1, i+2
		case sql[i] == '/' && sql[i+1] == '*':
			depth, i = depth+1, i+2
		default:
			i++
		}
	}
	return i
}

// operatorEnd follows PostgreSQL: an operator ends where a comment begins, and one of several characters ends in + or - only if it holds
// one of ~ ! @ # % ^ & | ` ? as well.
func operatorEnd(sql string, i int) int {
	to, special := i, false
	for to < len(sql) && classes[sql[to]] == operand {
		if to > i && comment(sql, to) > to {
			break
		}
		switch sql[to] {
		case '~', '!', '@', '#', '%', '^', '&', '|', '`', '?':
			special = true
		}
		to++
	}
	for !special && to-i > 1 && (sql[to-1] == '+' || sql[to-1] == '-') {
		to--
	}
	return to
}
