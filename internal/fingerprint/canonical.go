package fingerprint

import (
	"bytes"
	"slices"
)

// Placeholder stands for each constant and parameter. PostgreSQL has no such token, so that it is never taken for the operator ?.
const Placeholder = "$?"

// none is no offset.
const none = -1

// longest text in bytes that is read; what is behind it is taken as cut off.
const longest = 256 << 20

// Append writes the canonical form of a statement behind dst: its tokens without comments, one space between them; unquoted words in
// lower case (ASCII), quoted names as they are, Placeholder for each constant and parameter, with its sign; a list of nothing else, and
// groups that repeat, once; no semicolon at the end. A text that is cut off, and bytes that are no UTF-8, are taken as they stand.
// It allocates nothing where dst has room for three times the statement.
func Append(dst []byte, sql string) []byte {
	if len(sql) > longest {
		sql = sql[:longest]
	}
	begin := len(dst)
	dst = slices.Grow(dst, 3*len(sql)) // a token of one byte becomes three: " $?"
	out := dst[:cap(dst)]
	n := begin // bytes written

	var g groups
	last, lastFrom := end, begin // the token written last
	isNot := false               // it is the NOT of IS NOT
	signs := none                // where the + and - begin that belong to the constant behind them
	for i := 0; i < len(sql); {
		if classes[sql[i]] == space {
			i++
			continue
		}
		if classes[sql[i]] == letter && (i+1 == len(sql) || lowers[sql[i+1]] != 0 || sql[i+1] == ' ') { // most tokens are plain words
			if n > begin {
				out[n] = ' '
				n++
			}
			length := lower(out[n:], sql[i:])
			i += length
			written := out[n : n+length]
			constant := isConstant(written) && !keepsConstant(last, out[lastFrom:n], written, isNot)
			if constant && last == literal {
				n-- // a constant behind a constant goes, with the space before it
				continue
			}
			isNot = last == word && string(out[lastFrom:n]) == "is " && string(written) == "not"
			if constant {
				if signs != none {
					n = signs
				}
				length = copy(out[n:], Placeholder)
				last = literal
			} else {
				last = word
				g.impure()
			}
			lastFrom, signs = n, none
			n += length
			continue
		}
		k, from, to := next(sql, i)
		if k == end {
			break
		}
		i = to
		switch {
		case k == literal && last == literal:
			continue // 'a' and, on the next line, 'b' are one constant
		case k == literal && signs != none:
			n = signs // the space before them stays
		case n > begin:
			out[n] = ' '
			n++
		}
		wasLast, wasFrom, wasSigns := last, lastFrom, signs
		last, lastFrom, signs = k, n, none
		switch k {
		case word: // one of the few that begin like a constant
			n += lower(out[n:], sql[from:to])
			g.impure()
		case literal:
			n += copy(out[n:], Placeholder)
		case operator:
			switch isSign := to-from == 1 && (sql[from] == '-' || sql[from] == '+'); {
			case isSign && wasSigns != none:
				signs = wasSigns
			case isSign && mayPrecedeSign(wasLast, out[wasFrom:n]):
				signs = n
			default:
				g.impure()
			}
			n += copy(out[n:], sql[from:to])
		case open:
			out[n] = sql[from]
			g.open(n)
			n++
		case shut:
			out[n] = sql[from]
			n = g.shut(out, n+1)
			lastFrom = n - 1
		case single:
			out[n] = sql[from]
			n++
			if sql[from] != ',' {
				g.impure()
			}
		case quotedName, end:
			n += copy(out[n:], sql[from:to])
			g.impure()
		}
	}
	n = g.cutOff(out, n)
	for g.depth == 0 && last == single && n > begin && out[n-1] == ';' {
		if n--; n > begin {
			n-- // the space before it
		}
	}
	return out[:n]
}

// lower copies the word that text begins with in lower case and gives its length.
func lower(out []byte, text string) int {
	out = out[:len(text)]
	for i := range out {
		c := lowers[text[i]]
		if c == 0 {
			return i
		}
		out[i] = c
	}
	return len(out)
}

// lowers holds for each byte that an identifier goes on with its lower case, and 0 for the others.
var lowers = func() (t [256]byte) {
	for c := range t {
		if b := byte(c); isWord(b) {
			t[c] = b
			if b >= 'A' && b <= 'Z' {
				t[c] |= 0x20
			}
		}
	}
	return t
}()

// mayPrecedeSign tells that a + or - behind this token is a constant's sign and not an operation: at the begin, behind an opening
// parenthesis, a comma, an operator, and some keywords. text ends with a space.
func mayPrecedeSign(k kind, text []byte) bool {
	switch k {
	case end, open:
		return true
	case single:
		return text[0] == ','
	case operator:
		return !bytes.ContainsAny(text, "?`")
	case word:
		return precedesSign(text[:len(text)-1])
	case quotedName, literal, shut:
	}
	return false
}

// isConstant tells the words that PostgreSQL reads as constants, in lower case.
func isConstant(word []byte) bool {
	switch len(word) {
	case 4:
		return string(word) == "null" || string(word) == "true"
	case 5:
		return string(word) == "false"
	}
	return false
}

// keepsConstant tells that NULL, TRUE or FALSE behind this token is part of the grammar: IS NULL, IS NOT TRUE, NOT NULL, SET NULL. text ends with a
// space.
func keepsConstant(k kind, text, constant []byte, isNot bool) bool {
	if k != word {
		return false
	}
	switch string(text) {
	case "is ", "set ":
		return true
	case "not ":
		return isNot || string(constant) == "null"
	}
	return false
}

func precedesSign(keyword []byte) bool {
	switch string(keyword) {
	case "select", "where", "and", "or", "not", "in", "between", "limit", "offset", "values", "then", "else", "when", "by", "on", "having",
		"return", "returning", "set", "like", "ilike", "from", "is":
		return true
	}
	return false
}
