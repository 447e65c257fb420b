package pglog

import (
	"archive/zip"
	"maps"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// zoneNames are those of the time zone database that comes with Go.
func zoneNames(t *testing.T) (names []string) {
	t.Helper()
	root, err := exec.CommandContext(t.Context(), "go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	archive, err := zip.OpenReader(filepath.Join(strings.TrimSpace(string(root)), "lib", "time", "zoneinfo.zip"))
	if err != nil {
		t.Fatal(err)
	}
	defer archive.Close() //nolint:errcheck // only read
	for _, f := range archive.File {
		if !strings.HasSuffix(f.Name, "/") && f.Name != "Factory" {
			names = append(names, f.Name)
		}
	}
	if len(names) < 400 {
		t.Fatalf("only %d zones", len(names))
	}
	return names
}

// Every abbreviation that a zone of the world shows today is known, and said to be in doubt where zones mean different times by it.
func TestZonesOfTheWorld(t *testing.T) {
	meanings := map[string]map[int64]bool{}
	for _, name := range zoneNames(t) {
		zone, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		for month := range 24 {
			called, offset := time.Date(2025, time.Month(1+month), 15, 12, 0, 0, 0, time.UTC).In(zone).Zone()
			if called[0] == '+' || called[0] == '-' {
				continue
			}
			if meanings[called] == nil {
				meanings[called] = map[int64]bool{}
			}
			meanings[called][int64(offset)] = true
		}
	}
	for _, name := range slices.Sorted(maps.Keys(meanings)) {
		shift, known, sure := (&clock{}).means(name, 0)
		if !known || !meanings[name][shift] {
			t.Errorf("%s is %d, %v, and not one of %v", name, shift, known, meanings[name])
		}
		if sure && len(meanings[name]) > 1 {
			t.Errorf("%s is sure, and means %v", name, meanings[name])
		}
	}
}

// What each zone of the world shows is read back as the moment that it was, in each hour of the days when clocks change.
func TestZoneIsReadBack(t *testing.T) {
	for _, name := range zoneNames(t) {
		zone, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		c := clock{in: zone}
		for _, day := range []time.Time{
			time.Date(2026, 1, 10, 0, 0, 0, 0, time.UTC), time.Date(2026, 3, 8, 0, 0, 0, 0, time.UTC), time.Date(2026, 3, 29, 0, 0, 0, 0, time.UTC),
			time.Date(2026, 4, 5, 0, 0, 0, 0, time.UTC), time.Date(2026, 10, 25, 0, 0, 0, 0, time.UTC), time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC),
		} {
			for half := range 72 {
				at := day.Add(time.Duration(half-12) * 30 * time.Minute)
				line := at.In(zone).Format("2006-01-02 15:04:05.000 MST")
				got, n := c.stamp([]byte(line + " x"))
				if n != len(line) || got != at.UnixMicro() {
					t.Fatalf("%s: %q is %v (%d bytes), not %v", name, line, time.UnixMicro(got).UTC(), n, at)
				}
			}
		}
		if c.doubt != "" {
			t.Errorf("%s: %s is in doubt", name, c.doubt)
		}
	}
}

func TestZonesOfLines(t *testing.T) {
	for _, one := range []struct{ zone, line, want, doubt string }{
		{"", "2026-11-24 03:20:00 UTC", "03:20", ""},
		{"", "2026-11-24 03:20:00 CST", "09:20", "CST"},
		{"Asia/Shanghai", "2026-11-24 03:20:00 CST", "19:20", ""},
		{"America/Chicago", "2026-11-24 03:20:00 CST", "09:20", ""},
		{"", "2026-11-24 03:20:00 IST", "01:20", "IST"},
		{"Asia/Kolkata", "2026-11-24 03:20:00 IST", "21:50", ""},
		{"Asia/Kolkata", "2026-11-24 03:20:00 UTC", "03:20", ""},     // before log_timezone was changed
		{"Europe/Berlin", "2026-11-24 03:20:00 CEST", "01:20", ""},   // it was not summer: the table's
		{"Europe/Berlin", "2026-11-24 03:20:00 CST", "09:20", "CST"}, // not the zone's: in doubt as ever
		{"Europe/Berlin", "2026-10-25 02:30:00 CEST", "00:30", ""},
		{"Europe/Berlin", "2026-10-25 02:30:00 CET", "01:30", ""},
		{"Europe/Berlin", "2026-11-24 03:20:00", "02:20", ""}, // without a zone
		{"", "2026-11-24 03:20:00", "03:20", ""},
		{"Europe/Berlin", "2026-11-24 03:20:00 +05:30", "21:50", ""},
		{"", "2026-11-24 03:20:00 XYZ", "03:20", "XYZ"},
	} {
		c := clock{}
		if one.zone != "" {
			zone, err := time.LoadLocation(one.zone)
			if err != nil {
				t.Fatal(err)
			}
			c.in = zone
		}
		at, _ := c.stamp([]byte(one.line))
		if got := time.UnixMicro(at).UTC().Format("15:04"); got != one.want || c.doubt != one.doubt {
			t.Errorf("%s in %q: %s and doubt %q, not %s and %q", one.line, one.zone, got, c.doubt, one.want, one.doubt)
		}
	}
}
