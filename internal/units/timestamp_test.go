package units

import (
	"testing"
	"time"
)

func TestParseTime(t *testing.T) {
	local := time.FixedZone("UTC+1", 3600)
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, local)
	for text, want := range map[string]string{
		"1h":                            "2026-11-24T11:00:00+01:00",
		"7d":                            "2026-11-17T12:00:00+01:00",
		"2026-11-24":                    "2026-11-24T00:00:00+01:00",
		"2026-11-24T09:00":              "2026-11-24T09:00:00+01:00",
		"2026-11-24 09:00":              "2026-11-24T09:00:00+01:00",
		"2026-11-24 09:00:05":           "2026-11-24T09:00:05+01:00",
		"2026-11-24 09:00:05.25":        "2026-11-24T09:00:05.25+01:00",
		"2026-11-24T09:00:05Z":          "2026-11-24T09:00:05Z",
		"2026-11-24T09:00Z":             "2026-11-24T09:00:00Z",
		"2026-11-24T09:00:05.5-02:30":   "2026-11-24T09:00:05.5-02:30",
		"2026-11-24 09:00:05.123456+00": "2026-11-24T09:00:05.123456Z",
	} {
		got, err := ParseTime(text, now)
		wanted, _ := time.Parse(time.RFC3339Nano, want)
		if err != nil || !got.Equal(wanted) {
			t.Errorf("ParseTime(%q) = %s, %v; want %s", text, got, err, want)
		}
	}
}

func TestParseTimeRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"":                    "is neither a duration nor a time",
		"yesterday":           "is neither a duration nor a time",
		"3600":                "is neither a duration nor a time",
		"-1h":                 "is neither a duration nor a time",
		"09:00":               "is neither a duration nor a time",
		"24.11.2026":          "is neither a duration nor a time",
		"2026-02-30":          "is not a valid time",
		"2026-11-24 25:00":    "is not a valid time",
		"2026-11-24 09:00 x":  "is not a valid time",
		"2026-11-24T09:00:61": "is not a valid time",
	} {
		_, err := ParseTime(text, time.Now())
		wantUsage(t, text, err, want)
	}
}

func FuzzParseTime(f *testing.F) {
	for _, seed := range []string{"1h", "2026-11-24 09:00:05", "2026-11-24T09:00Z", "0000-01-01", "9999-12-31T23:59:59.999+23:59"} {
		f.Add(seed)
	}
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, text string) {
		at, err := ParseTime(text, now)
		if err == nil && (at.Year() < -1 || at.Year() > 10000) {
			t.Fatalf("ParseTime(%q) = %s", text, at)
		}
	})
}
