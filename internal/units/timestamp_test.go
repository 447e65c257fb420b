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
		"25:00":               "is not a valid time",
		"03:60":               "is not a valid time",
		"03:15 x":             "is not a valid time",
		"03:15Z":              "is not a valid time",
		"3:":                  "is not a valid time",
		"0315":                "is neither a duration nor a time",
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

// A time without a date is the most recent such moment that is not in the future, on days with a change of the clock too.
func TestParseClock(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	apia, err := time.LoadLocation("Pacific/Apia")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		now, text, want string
		zone            *time.Location
	}{
		{"2026-11-24T12:00:00+01:00", "03:15", "2026-11-24T03:15:00+01:00", berlin},
		{"2026-11-24T12:00:00+01:00", " 03:15:07 ", "2026-11-24T03:15:07+01:00", berlin},
		{"2026-11-24T12:00:00+01:00", "21:00", "2026-11-23T21:00:00+01:00", berlin},
		{"2026-11-24T12:00:00+01:00", "12:00", "2026-11-24T12:00:00+01:00", berlin},
		{"2026-11-24T12:00:00+01:00", "12:00:01", "2026-11-23T12:00:01+01:00", berlin},
		{"2026-11-24T12:00:00.5+01:00", "12:00:00.75", "2026-11-23T12:00:00.75+01:00", berlin},
		{"2026-11-24T12:00:00+01:00", "00:00", "2026-11-24T00:00:00+01:00", berlin},
		{"2026-11-24T00:00:00+01:00", "00:00", "2026-11-24T00:00:00+01:00", berlin},
		{"2026-11-24T00:00:00+01:00", "23:59:59", "2026-11-23T23:59:59+01:00", berlin},
		{"2027-01-01T00:05:00+01:00", "23:55", "2026-12-31T23:55:00+01:00", berlin},
		// 2026-03-29 has no 02:30: the last one was the day before.
		{"2026-03-29T12:00:00+02:00", "02:30", "2026-03-28T02:30:00+01:00", berlin},
		{"2026-03-29T12:00:00+02:00", "01:59", "2026-03-29T01:59:00+01:00", berlin},
		{"2026-03-29T12:00:00+02:00", "03:00", "2026-03-29T03:00:00+02:00", berlin},
		{"2026-03-29T01:00:00+01:00", "12:00", "2026-03-28T12:00:00+01:00", berlin},
		// 2026-10-25 has two: the later one, once it has been.
		{"2026-10-25T12:00:00+01:00", "02:30", "2026-10-25T02:30:00+01:00", berlin},
		{"2026-10-25T02:10:00+01:00", "02:30", "2026-10-25T02:30:00+02:00", berlin},
		{"2026-10-25T02:10:00+02:00", "02:30", "2026-10-24T02:30:00+02:00", berlin},
		{"2026-10-25T12:00:00+01:00", "01:30", "2026-10-25T01:30:00+02:00", berlin},
		// Samoa left out 2011-12-30.
		{"2011-12-31T02:00:00+14:00", "03:15", "2011-12-29T03:15:00-10:00", apia},
	} {
		now, err := time.Parse(time.RFC3339Nano, c.now)
		if err != nil {
			t.Fatal(err)
		}
		got, err := ParseTime(c.text, now.In(c.zone))
		if want, _ := time.Parse(time.RFC3339Nano, c.want); err != nil || !got.Equal(want) {
			t.Errorf("at %s ParseTime(%q) = %s, %v; want %s", c.now, c.text, got, err, c.want)
		}
	}
}

func FuzzParseTime(f *testing.F) {
	for _, seed := range []string{"1h", "03:15", "21:00:05.25", "2026-11-24 09:00:05", "2026-11-24T09:00Z", "0000-01-01", "9999-12-31T23:59:59.999+23:59"} {
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
