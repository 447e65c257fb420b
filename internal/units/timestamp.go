package units

import (
	"strings"
	"time"

	"avadb/internal/fault"
)

const timeForms = "write a duration before now (90s, 15m, 1h, 7d, 2w) or a time: 03:15 (the last one), 2026-11-24, 2026-11-24T09:00, " +
	"\"2026-11-24 09:00:05\" (local time), 2026-11-24T09:00:05Z or ...+01:00"

// ParseTime reads a point in time: a duration, which is taken off now; a date; or a date and a time
// with T or a blank between them, seconds and zone optional; or a time alone, which is the most recent such moment that is not in the
// future. Without a zone it is in now's location; a date is its midnight. The error is a fault.Usage.
func ParseTime(s string, now time.Time) (time.Time, error) {
	text := strings.TrimSpace(s)
	if t, ok := parseTimestamp(text, now.Location()); ok {
		return t, nil
	}
	if t, ok := parseClock(text, now); ok {
		return t, nil
	}
	if len(text) > 4 && text[4] == '-' || strings.Contains(text, ":") {
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

// clockDays is how far back a time of day is looked for: a clock that is put forward leaves out an hour, and Samoa once left out a day.
const clockDays = 3

// parseClock reads a time without a date.
func parseClock(text string, now time.Time) (time.Time, bool) {
	clock, err := time.Parse("15:04", text)
	if err != nil {
		if clock, err = time.Parse(time.TimeOnly, text); err != nil {
			return time.Time{}, false
		}
	}
	for back := range clockDays + 1 {
		if t := onDay(now.AddDate(0, 0, -back), clock, now); !t.IsZero() {
			return t, true
		}
	}
	return time.Time{}, false
}

// onDay is the last moment of a day, not after now, at which clocks show a time; zero where there is none.
func onDay(date, clock, now time.Time) (found time.Time) {
	at := time.Date(date.Year(), date.Month(), date.Day(), clock.Hour(), clock.Minute(), clock.Second(), clock.Nanosecond(), time.UTC)
	for _, near := range []time.Duration{-day, day} { // where the clock is changed between them, either offset may be the right one
		_, offset := at.Add(near).In(now.Location()).Zone()
		t := at.Add(-time.Duration(offset) * time.Second).In(now.Location())
		shown := time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.UTC)
		if shown.Equal(at) && !t.After(now) && t.After(found) {
			found = t
		}
	}
	return found
}

func badTime(s, what string) error {
	return fault.New(fault.Usage, "time %q %s", s, what).WithHint(timeForms)
}
