package units

import (
	"math"
	"math/big"
	"strings"
)

// maxDigits bounds what is read as a number: more digits than any quantity here can have, few enough
// that exact arithmetic on them stays cheap.
const maxDigits = 40

// splitNumber cuts a leading decimal number (digits with at most one dot between them) off s. The
// number is empty where s does not start with one.
func splitNumber(s string) (number, rest string) {
	end, dots := 0, 0
	for end < len(s) {
		if s[end] == '.' {
			dots++
		} else if s[end] < '0' || s[end] > '9' {
			break
		}
		end++
	}
	number, rest = s[:end], s[end:]
	if dots > 1 || strings.HasPrefix(number, ".") || strings.HasSuffix(number, ".") || len(number) > maxDigits {
		return "", s
	}
	return number, rest
}

// multiply gives number x factor, rounded to a multiple of step (half away from zero). It counts in
// exact fractions, because a float64 loses bytes above 8 PB and tenths everywhere. Not ok on overflow.
func multiply(number string, factor, step int64) (product int64, ok bool) {
	exact, ok := new(big.Rat).SetString(number)
	if !ok {
		return 0, false
	}
	exact.Mul(exact, big.NewRat(factor, step))
	rounded, ok := new(big.Int).SetString(exact.FloatString(0), 10)
	if !ok {
		return 0, false
	}
	rounded.Mul(rounded, big.NewInt(step))
	return rounded.Int64(), rounded.IsInt64()
}

// add is a sum of two numbers that are not negative; not ok on overflow.
func add(a, b int64) (sum int64, ok bool) {
	if a > math.MaxInt64-b {
		return 0, false
	}
	return a + b, true
}
