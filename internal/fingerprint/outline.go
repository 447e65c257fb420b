package fingerprint

import (
	"encoding/binary"
	"math/bits"
	"slices"
)

// AppendOutline writes a statement behind dst with a mark for each plain constant and a blank for each comment, and all else as it was:
// statements with the same outline have the same canonical form, as the outline has it too. It takes a fifth of the time of Of, for
// those who keep the signatures of outlines. It is false where a statement holds what only the lexer tells, such as $$ or E”.
func AppendOutline(dst []byte, sql string) ([]byte, bool) {
	begin := len(dst)
	dst = slices.Grow(dst, len(sql)+2*stride) // a constant that is cut off has one byte, and its mark two
	out := dst[:cap(dst)]
	n := begin
	for i := 0; i < len(sql); {
		for i+stride <= len(sql) {
			bytes := load(sql, i)
			binary.LittleEndian.PutUint64(out[n:], bytes)
			if found := telling(bytes); found != 0 {
				step := bits.TrailingZeros64(found) / 8
				i, n = i+step, n+step
				break
			}
			i, n = i+stride, n+stride
		}
		if i == len(sql) {
			break
		}
		to, mark, ok := constant(sql, i)
		if !ok {
			return out[:n], false
		}
		if mark != "" {
			n += copy(out[n:], mark)
		} else {
			n += copy(out[n:], sql[i:to])
		}
		i = to
	}
	return out[:n], true
}

// constant reads what begins at i, where a plain constant or a comment can begin: its end and, where it is one, its mark.
func constant(sql string, i int) (to int, mark string, ok bool) {
	inWord := i > 0 && isWord(sql[i-1])
	switch c := sql[i]; classes[c] {
	case digit:
		if inWord {
			return wordEnd(sql, i), "", true
		}
		for to = i + 1; to < len(sql) && classes[sql[to]] == digit; to++ {
		}
		if to < len(sql) && (sql[to] == '.' || isWord(sql[to])) {
			to = number(sql, i)
		}
		if i > 0 && sql[i-1] == '.' || to < len(sql) && (sql[to] == '.' || isWord(sql[to])) {
			return 0, "", false // .5, 1..2, 1a
		}
		return to, "1", true
	case quote:
		return quoted(sql, i+1, '\'', false), "''", !inWord && (i == 0 || sql[i-1] != '&') // E'', U&''
	case double:
		return quoted(sql, i+1, '"', false), "", true
	case dollar:
		if inWord {
			return wordEnd(sql, i), "", true
		}
		to = digits(sql, i+1, false)
		return to, "", to > i+1
	case operand:
		if to = comment(sql, i); to > i {
			return to, " ", true
		}
	case other, space, letter, dot, colon, opening, closing:
	}
	return i + 1, "", true
}

func wordEnd(sql string, i int) int {
	for i < len(sql) && isWord(sql[i]) {
		i++
	}
	return i
}

const stride = 8 // bytes that are looked at together

// load reads a stride.
func load(sql string, i int) uint64 {
	s := sql[i : i+stride]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 | uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

// telling marks, by its highest bit, each byte of a stride at which constant must look: a digit, / and -, and those from " to ', which take #,
// % and & along. A byte beyond ASCII counts as the one with its lower seven bits.
func telling(stride uint64) uint64 {
	const each, high = 0x0101010101010101, 0x8080808080808080
	low := stride &^ high
	from := func(least byte) uint64 { return low + uint64(0x80-least)*each } // the highest bits of those from least on
	quotes := from('"') &^ from('\''+1)
	digits := from('/') &^ from('9'+1)
	dashes := ^((low ^ '-'*each) + 0x7f*each)
	return (quotes | digits | dashes) & high
}
