package units

import (
	"math"
	"strconv"
	"strings"
)

// cSpaces is what isspace(3) calls a blank.
const cSpaces = " \t\n\v\f\r"

// leadingInt is C's strtol with base 0: it reads 10, -1, 0x10 and 010 (eight) off the front of s. Not
// ok where PostgreSQL goes on to read a float: before a dot or an exponent, or beyond 64 bits.
func leadingInt(s string) (number float64, rest string, ok bool) {
	body, negative := cutSign(strings.TrimLeft(s, cSpaces))
	base, digits := 10, body
	switch {
	case len(body) > 2 && body[0] == '0' && body[1]|0x20 == 'x' && isHex(body[2]):
		base, digits = 16, body[2:]
	case strings.HasPrefix(body, "0"):
		base = 8
	}
	end := 0
	for end < len(digits) && inBase(digits[end], base) {
		end++
	}
	digits, rest = digits[:end], digits[end:]
	if rest != "" && (rest[0] == '.' || rest[0]|0x20 == 'e') {
		return 0, s, false
	}
	n, err := strconv.ParseInt(digits, base, 64)
	if err != nil {
		return 0, s, false
	}
	if negative {
		n = -n
	}
	return float64(n), rest, true
}

// leadingFloat is C's strtod on the numbers that make sense in a setting: decimals with or without an
// exponent, and hexadecimal ones.
func leadingFloat(s string) (number float64, rest string, ok bool) {
	body, negative := cutSign(strings.TrimLeft(s, cSpaces))
	text := floatPrefix(body)
	literal := text
	if hex := strings.ToLower(text); strings.HasPrefix(hex, "0x") && !strings.Contains(hex, "p") {
		literal += "p0" // Go wants the exponent that C may leave out
	}
	number, err := strconv.ParseFloat(literal, 64)
	if err != nil || math.IsInf(number, 0) {
		return 0, s, false
	}
	if negative {
		number = -number
	}
	return number, body[len(text):], true
}

func floatPrefix(s string) string {
	start, base, exponent := 0, 10, byte('e')
	if len(s) > 2 && s[0] == '0' && s[1]|0x20 == 'x' && (isHex(s[2]) || s[2] == '.') {
		start, base, exponent = 2, 16, 'p'
	}
	end, dot := start, false
	for end < len(s) && (inBase(s[end], base) || s[end] == '.' && !dot) {
		dot = dot || s[end] == '.'
		end++
	}
	if end < len(s) && s[end]|0x20 == exponent {
		digits, _ := cutSign(s[end+1:])
		n := 0
		for n < len(digits) && inBase(digits[n], 10) {
			n++
		}
		if n > 0 {
			return s[:len(s)-len(digits)+n]
		}
	}
	return s[:end]
}

func cutSign(s string) (rest string, negative bool) {
	if s != "" && (s[0] == '-' || s[0] == '+') {
		return s[1:], s[0] == '-'
	}
	return s, false
}

func inBase(c byte, base int) bool {
	switch base {
	case 8:
		return c >= '0' && c <= '7'
	case 10:
		return c >= '0' && c <= '9'
	}
	return isHex(c)
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'f'
}
