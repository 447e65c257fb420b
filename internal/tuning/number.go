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
func fromBase(p Parameter, n float64) string { return units.FormatBase(n, p.Unit) }

// number reads a number that the server wrote in base units: the end of a range.
func number(text string) (float64, bool) {
	n, err := strconv.ParseFloat(text, 64)
	return n, err == nil
}
