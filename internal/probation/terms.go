package probation

import (
	"math"
	"strconv"
	"strings"
	"time"

	"avadb/internal/fault"
	"avadb/internal/units"
)

// longestBaseline bounds how long the server is measured before a change where nothing is said.
const longestBaseline = 2 * time.Minute

// Settling is how long avadb lets the sessions take the new values before it measures: they count their transactions
// within a second (PGSTAT_MIN_INTERVAL of the server's source), and follow a reload sooner.
const Settling = time.Second

// Terms are those of one probation.
type Terms struct {
	Length           time.Duration // of the window after the change
	Baseline         time.Duration // of the window before it
	MaxRegressionPct float64       // what may be lost, in per cent
}

// ParseTerms reads them from what a person wrote; an empty baseline is as long as the probation, at most two minutes. The
// error is a fault.Usage.
func ParseTerms(length, baseline, maxRegression string) (Terms, error) {
	var t Terms
	var err error
	if t.Length, err = parseLength("--probation", length); err != nil {
		return t, err
	}
	t.Baseline = min(t.Length, longestBaseline)
	if baseline != "" {
		if t.Baseline, err = parseLength("--baseline", baseline); err != nil {
			return t, err
		}
	}
	t.MaxRegressionPct, err = strconv.ParseFloat(strings.TrimSpace(strings.TrimSuffix(maxRegression, "%")), 64)
	if err != nil || math.IsNaN(t.MaxRegressionPct) || t.MaxRegressionPct <= 0 || t.MaxRegressionPct > 1000 {
		return t, fault.New(fault.Usage, "--max-regression %s is no per cent above 0, at most 1000", maxRegression).WithHint("for example --max-regression 20%%")
	}
	return t, nil
}

// parseLength refuses windows below a second: the server's sessions count no faster.
func parseLength(flag, text string) (time.Duration, error) {
	d, err := units.ParseDuration(text)
	if err != nil {
		return 0, err
	}
	if d < time.Second || d > 7*24*time.Hour {
		return 0, fault.New(fault.Usage, "%s %s is too short or too long to measure", flag, text).WithHint("from 1s to 7d, for example %s 10m", flag)
	}
	return d, nil
}
