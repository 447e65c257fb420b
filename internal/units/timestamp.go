package units

import (
	"strings"
	"time"

	"avadb/internal/fault"
)

const timeForms = "write a duration before now (90s, 15m, 1h, 7d, 2w) or a time: 2026-11-24, 2026-11-24T09:00, " +
	"\"2026-11-24 09:00:05\" (local time), 2026-11-24T09:00:05Z or ...+01:00"

// ParseTime reads a point in time: a duration, which is taken off now; a date; or a date and a time
// with T or a blank between them, seconds and zone optional. Without a zone it is in now's location;
// a date is its midnight. The error is a fault.Usage.
func ParseTime(s string, now time.Time) (time.Time, error) {
	text := strings.TrimSpace(s)
	if t, ok := parseTimestamp(text, now.Location()); ok {
		return t, nil
	}
	if len(text) > 4 && text[4] == '-' {
		return time.Time{}, badTime(s, "is not a valid time")
	}
	d, err := ParseDuration(text)
	if err != nil {
		return time.Time{}, badTime(s, "is neither a duration nor a time")
	}
	return now.Add(-d), nil
}

func parseTimestamp(text string, local *time.Location) (time.Time, bool) {
	if t, err := time.ParseInLocation(time.DateOnly, text, local); err == nil {
		return t, true
	}
	// PostgreSQL prints a blank for the T and may cut a zone's minutes off ("+01").
	text = strings.Replace(text, " ", "T", 1)
	for _, clock := range []string{"15:04", "15:04:05"} {
		for _, zone := range []string{"", "Z07:00", "Z07"} {
			if t, err := time.ParseInLocation("2006-01-02T"+clock+zone, text, local); err == nil {
				return t, true
			}
		}
	}
	return time.Time{}, false
}

func badTime(s, what string) error {
	return fault.New(fault.Usage, "time %q %s", s, what).WithHint(timeForms)
}
