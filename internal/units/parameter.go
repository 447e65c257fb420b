package units

import (
	"math"
	"strconv"
	"strings"
)

// Base turns the text of a numeric GUC into its base unit, the one pg_settings.unit names (8kB, kB,
// MB, B, ms, s, min, or "" for none), as PostgreSQL reads it: case-sensitive units, blanks allowed
// around the number's end, decimals, 0x10 and 010, a fraction of a unit rounded to the next smaller
// one. The result is not yet rounded to a whole number, which PostgreSQL does for integer parameters
// (BaseInt). Not ok where PostgreSQL would refuse the text. The rules are parse_int and
// convert_to_base_unit of src/backend/utils/misc/guc.c.
func Base(value, unit string) (float64, bool) {
	number, rest, ok := leadingInt(value)
	if !ok {
		number, rest, ok = leadingFloat(value)
	}
	if !ok {
		return 0, false
	}
	return toBase(number, rest, unit)
}

// BaseInt is Base for a parameter of vartype integer: rounded half to even, within 32 bits.
func BaseInt(value, unit string) (int64, bool) {
	base, ok := Base(value, unit)
	base = math.RoundToEven(base)
	if !ok || base > math.MaxInt32 || base < math.MinInt32 {
		return 0, false
	}
	return int64(base), true
}

// BaseReal is Base for a parameter of vartype real, where 010 is ten and not eight.
func BaseReal(value, unit string) (float64, bool) {
	number, rest, ok := leadingFloat(value)
	if !ok {
		return 0, false
	}
	return toBase(number, rest, unit)
}

func toBase(number float64, rest, unit string) (float64, bool) {
	name := strings.Trim(rest, cSpaces)
	if name == "" {
		return number, true
	}
	factor, step, ok := conversion(name, unit)
	if !ok {
		return 0, false
	}
	base := number * factor
	if step > 0 {
		base = math.RoundToEven(base/step) * step
	}
	return base, !math.IsInf(base, 0)
}

type gucUnit struct {
	name string
	size float64 // in bytes or microseconds
}

// conversion gives what one of the named unit is in base units, and the same for the next smaller
// unit (0 where there is none).
func conversion(name, base string) (factor, step float64, ok bool) {
	memory := []gucUnit{{"TB", 1 << 40}, {"GB", 1 << 30}, {"MB", 1 << 20}, {"kB", 1 << 10}, {"B", 1}}
	times := []gucUnit{{"d", 86400e6}, {"h", 3600e6}, {"min", 60e6}, {"s", 1e6}, {"ms", 1e3}, {"us", 1}}
	for _, family := range [][]gucUnit{memory, times} {
		baseSize := baseUnitSize(base, family)
		if baseSize == 0 {
			continue
		}
		for i, u := range family {
			if u.name != name {
				continue
			}
			if i+1 < len(family) {
				step = family[i+1].size / baseSize
			}
			return u.size / baseSize, step, true
		}
	}
	return 0, 0, false
}

// baseUnitSize reads pg_settings.unit, which may carry a count: 8kB is a block of the default size.
func baseUnitSize(base string, family []gucUnit) float64 {
	digits, name := splitNumber(base)
	count := 1.0
	if digits != "" {
		count, _ = strconv.ParseFloat(digits, 64) // digits only: cannot fail
	}
	for _, u := range family {
		if u.name == name {
			return count * u.size
		}
	}
	return 0
}
