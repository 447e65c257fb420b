package units

import (
	"math"
	"testing"
	"time"
)

func TestParseDuration(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"90s": 90 * time.Second, "15m": 15 * time.Minute, "15min": 15 * time.Minute, "1h": time.Hour, "7d": 7 * 24 * time.Hour,
		"2w": 14 * 24 * time.Hour, "500ms": 500 * time.Millisecond, "250us": 250 * time.Microsecond,
		"1h30m": 90 * time.Minute, "2m 3s": 123 * time.Second, "1.5h": 90 * time.Minute, "0.1s": 100 * time.Millisecond,
		"0s": 0, " 1h ": time.Hour, "9223372036854ms": 9223372036854 * time.Millisecond,
	} {
		got, err := ParseDuration(text)
		if err != nil || got != want {
			t.Errorf("ParseDuration(%q) = %s, %v; want %s", text, got, err, want)
		}
	}
}

func TestParseDurationRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"":                      "is empty",
		"  ":                    "is empty",
		"30":                    "has a number without a unit",
		"1h30":                  "has a number without a unit",
		"0":                     "has a number without a unit",
		"-1h":                   "is not a duration",
		"1h-30m":                "is not a duration",
		"1h,30m":                "is not a duration",
		"h":                     "is not a duration",
		"NaN":                   "is not a duration",
		"1M":                    "has an unknown unit",
		"1y":                    "has an unknown unit",
		"1hour":                 "has an unknown unit",
		"1e3s":                  "has an unknown unit",
		"16000w":                "is too long",
		"15250w 15250w":         "is too long",
		"99999999999999999999s": "is too long",
	} {
		_, err := ParseDuration(text)
		wantUsage(t, text, err, want)
	}
}

func TestFormatDuration(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0s", 1: "1us", 250 * time.Microsecond: "250us", 999_700 * time.Nanosecond: "1ms", 85 * time.Millisecond: "85ms",
		999_700 * time.Microsecond: "1s", 1500 * time.Millisecond: "1.5s", 9960 * time.Millisecond: "10s", 42 * time.Second: "42s",
		59_700 * time.Millisecond: "1m", 123 * time.Second: "2m 3s", 2 * time.Minute: "2m", time.Hour - time.Millisecond: "1h",
		90 * time.Minute: "1h 30m", day - time.Second: "1d", 7*day + 2*time.Hour: "7d 2h", 30 * day: "30d",
		-90 * time.Second: "-1m 30s", math.MaxInt64: "106751d 23h", math.MinInt64: "-106751d 23h",
	} {
		if got := FormatDuration(d); got != want {
			t.Errorf("FormatDuration(%d) = %s; want %s", d, got, want)
		}
	}
}

func FuzzParseDuration(f *testing.F) {
	for _, seed := range []string{"90s", "1h30m", "2w", "0.5d", "106751d 23h", "-1s", "5", "1e3s"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d, err := ParseDuration(text)
		if err != nil {
			return
		}
		if d < 0 {
			t.Fatalf("ParseDuration(%q) = %s", text, d)
		}
		again, err := ParseDuration(FormatDuration(d))
		if err != nil || FormatDuration(again) != FormatDuration(d) {
			t.Fatalf("%q is shown as %s, read back as %s, %v", text, FormatDuration(d), again, err)
		}
	})
}
