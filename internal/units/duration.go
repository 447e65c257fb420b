package units

import (
	"math"
	"strconv"
	"strings"
	"time"

	"avadb/internal/fault"
)

const (
	day  = 24 * time.Hour
	week = 7 * day

	durationForms = "write numbers with units, as in 500ms, 90s, 15m, 1h30m, 7d or 2w"
)

// ParseDuration reads a duration: 500ms, 90s, 15m, 1h, 7d, 2w, and sums such as 1h30m or "2m 3s". A
// day is 24 hours; a fraction (1.5h) is rounded to the nanosecond. A number without a unit is refused:
// in PostgreSQL it can mean milliseconds, seconds or minutes. The error is a fault.Usage.
func ParseDuration(s string) (time.Duration, error) {
	rest := strings.TrimSpace(s)
	if rest == "" {
		return 0, badDuration(s, "is empty")
	}
	var total int64
	for rest != "" {
		number, after := splitNumber(rest)
		if number == "" {
			return 0, badDuration(s, "is not a duration")
		}
		name, after := splitLetters(after)
		unit := durationUnit(name)
		switch {
		case name == "":
			return 0, badDuration(s, "has a number without a unit")
		case unit == 0:
			return 0, badDuration(s, "has an unknown unit")
		}
		part, fits := multiply(number, int64(unit), 1)
		sum, alsoFits := add(total, part)
		if !fits || !alsoFits {
			return 0, badDuration(s, "is too long")
		}
		total, rest = sum, strings.TrimLeft(after, " ")
	}
	return time.Duration(total), nil
}

func splitLetters(s string) (letters, rest string) {
	end := 0
	for end < len(s) && (s[end] >= 'a' && s[end] <= 'z' || s[end] >= 'A' && s[end] <= 'Z') {
		end++
	}
	return s[:end], s[end:]
}

// durationUnit is 0 for an unknown name. Case counts: M could be a month as well as a minute.
func durationUnit(name string) time.Duration {
	switch name {
	case "us":
		return time.Microsecond
	case "ms":
		return time.Millisecond
	case "s":
		return time.Second
	case "m", "min":
		return time.Minute
	case "h":
		return time.Hour
	case "d":
		return day
	case "w":
		return week
	}
	return 0
}

func badDuration(s, what string) error {
	return fault.New(fault.Usage, "duration %q %s", s, what).WithHint(durationForms)
}

// FormatDuration writes a duration for reading, in its two largest units: "250us", "85ms", "1.5s",
// "42s", "2m 3s", "1h 30m", "7d 2h". What is smaller is rounded.
func FormatDuration(d time.Duration) string {
	if d < 0 {
		if d == math.MinInt64 {
			d++
		}
		return "-" + FormatDuration(-d)
	}
	switch {
	case d == 0:
		return "0s"
	case d < 999_500*time.Nanosecond:
		return strconv.FormatInt(max(int64(d.Round(time.Microsecond)/time.Microsecond), 1), 10) + "us"
	case d < 999_500*time.Microsecond:
		return strconv.FormatInt(int64(d.Round(time.Millisecond)/time.Millisecond), 10) + "ms"
	case d < 9950*time.Millisecond:
		return strconv.FormatFloat(d.Round(100*time.Millisecond).Seconds(), 'f', -1, 64) + "s"
	case d.Round(time.Second) < time.Hour:
		return twoUnits(d, time.Minute, "m", time.Second, "s")
	case d.Round(time.Minute) < day:
		return twoUnits(d, time.Hour, "h", time.Minute, "m")
	}
	return twoUnits(d, day, "d", time.Hour, "h")
}

func twoUnits(d, large time.Duration, largeName string, small time.Duration, smallName string) string {
	d = d.Round(small)
	var parts []string
	if n := d / large; n > 0 {
		parts = append(parts, strconv.FormatInt(int64(n), 10)+largeName)
	}
	if n := d % large / small; n > 0 {
		parts = append(parts, strconv.FormatInt(int64(n), 10)+smallName)
	}
	return strings.Join(parts, " ")
}
