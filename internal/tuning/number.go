package tuning

import (
	"math"
	"strconv"

	"avadb/internal/units"
)

// base is a text a person writes (64MB) as a number in the parameter's base unit; not ok for a
// parameter that holds no number and for a text that is none. The parameter's range is not looked at.
func base(p Parameter, text string) (float64, bool) {
	switch p.Vartype {
	case "integer":
		n, ok := units.Base(text, p.Unit)
		return math.RoundToEven(n), ok
	case "real":
		return units.BaseReal(text, p.Unit)
	}
	return 0, false
}

// standing is the value that the server has already, in base units: pg_settings writes 8192 and a file 64MB.
func standing(p Parameter) (float64, bool) { return base(p, p.ResetVal) }

// fromBase writes a number of base units the way a person would: 2GB for 262144 x 8kB.
func fromBase(p Parameter, n float64) string {
	text := strconv.FormatFloat(n, 'f', -1, 64)
	unit, isMemory := bytesPerUnit(p.Unit)
	if isMemory && n > 0 && n < 1<<50/float64(unit) {
		return units.FormatSize(int64(n) * unit)
	}
	if n <= 0 || isMemory {
		return text
	}
	return text + p.Unit
}

// bytesPerUnit reads pg_settings.unit where it is one of memory: B, kB, MB, or a block such as 8kB.
func bytesPerUnit(unit string) (int64, bool) {
	if unit == "" {
		return 0, false
	}
	if unit[0] < '0' || unit[0] > '9' {
		unit = "1" + unit
	}
	n, ok := units.BaseInt(unit, "B")
	return n, ok && n > 0
}

// number reads a number that the server wrote in base units: the end of a range.
func number(text string) (float64, bool) {
	n, err := strconv.ParseFloat(text, 64)
	return n, err == nil
}
