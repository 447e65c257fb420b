package checks

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"avadb/internal/journal"
	"avadb/internal/settings"
	"avadb/internal/units"
)

func parametersForTest() map[string]settings.Parameter {
	return map[string]settings.Parameter{
		"work_mem":           {Name: "work_mem", Vartype: "integer", Unit: "kB", Context: "user", ResetVal: "4096", BootVal: "4096", MinVal: "64", MaxVal: "2147483647", Source: "default"},
		"shared_buffers":     {Name: "shared_buffers", Vartype: "integer", Unit: "8kB", Context: "postmaster", ResetVal: "16384", BootVal: "16384", MinVal: "16", MaxVal: "1073741823"},
		"wal_level":          {Name: "wal_level", Vartype: "enum", Context: "postmaster", EnumVals: []string{"minimal", "replica", "logical"}},
		"hot_standby":        {Name: "hot_standby", Vartype: "bool", Context: "postmaster"},
		"listen_addresses":   {Name: "listen_addresses", Vartype: "string", Context: "postmaster"},
		"random_page_cost":   {Name: "random_page_cost", Vartype: "real", Context: "user", ResetVal: "4", BootVal: "4", Source: "command line"},
		"max_connections":    {Name: "max_connections", Vartype: "integer", Context: "postmaster", ResetVal: "100", BootVal: "100", MinVal: "1", MaxVal: "262143"},
		"checkpoint_timeout": {Name: "checkpoint_timeout", Vartype: "integer", Unit: "s", Context: "sighup", ResetVal: "300", BootVal: "300", Source: "default"},
	}
}

func row(name, value, complaint string) settings.FileRow {
	return settings.FileRow{Name: name, Value: value, File: "/d/postgresql.conf", Line: 7, Error: complaint}
}

// "setting could not be applied" also stands on what only waits for a restart.
func TestFileErrors(t *testing.T) {
	const notApplied = "setting could not be applied"
	for _, c := range []struct {
		row                  settings.FileRow
		bad, unknown, syntax bool
	}{
		{row: row("work_mem", "8MB", "")},
		{row: row("shared_buffers", "2GB", notApplied)},
		{row: row("shared_buffers", "2GBs", notApplied), bad: true},
		{row: row("shared_buffers", "8kB", notApplied), bad: true},
		{row: row("Shared_Buffers", "2GB", notApplied)},
		{row: row("wal_level", "Logical", notApplied)},
		{row: row("wal_level", "hot", notApplied), bad: true},
		{row: row("hot_standby", "off", notApplied)},
		{row: row("hot_standby", "maybe", notApplied), bad: true},
		{row: row("listen_addresses", "*", notApplied)},
		{row: row("work_mem", "many", notApplied), bad: true},
		{row: row("nosuch", "1", "unrecognized configuration parameter"), bad: true},
		{row: row("hidden", "1", notApplied), unknown: true},
		{row: row("", "", "syntax error"), bad: true, syntax: true},
		{row: settings.FileRow{Error: "parameter cannot be changed without restarting the server"}},
	} {
		v := fileErrors(settings.Files{c.row}, parametersForTest())
		if len(v.errors) > 0 != c.bad || len(v.unknown) > 0 != c.unknown || v.syntax != c.syntax {
			t.Errorf("%+v: %+v", c.row, v)
		}
	}
}

func TestNotEffective(t *testing.T) {
	auto := func(name, value string) settings.FileRow {
		return settings.FileRow{Name: name, Value: value, File: "/d/postgresql.auto.conf", Line: 3, Applied: true}
	}
	tuned := func(name, value string) map[string]journal.Record {
		return map[string]journal.Record{strings.ToLower(name): {Kind: journal.SystemSetting, Name: name, Ours: journal.Present(value), State: journal.Written}}
	}
	for _, c := range []struct {
		name, value   string
		files         settings.Files
		lost, waiting string
	}{
		{"work_mem", "4MB", settings.Files{auto("work_mem", "4096kB")}, "", ""},
		{"work_mem", "8MB", settings.Files{auto("work_mem", "8MB")}, "", "work_mem = 8MB waits for a reload"},
		{"work_mem", "8MB", settings.Files{auto("work_mem", "9MB")}, "work_mem is to be 8MB, and /d/postgresql.auto.conf line 3 says 9MB", ""},
		{"work_mem", "8MB", settings.Files{row("work_mem", "9MB", "")}, "work_mem is to be 8MB, and /d/postgresql.conf line 7 says 9MB", ""},
		{"work_mem", "8MB", nil, "work_mem is to be 8MB, and the compiled-in default says 4MB", ""},
		{"random_page_cost", "1.1", settings.Files{auto("random_page_cost", "1.1")}, "random_page_cost is to be 1.1, and the postgres command line says 4", ""},
		{"max_connections", "200", settings.Files{auto("max_connections", "200")}, "", "max_connections = 200 waits for a restart"},
		{"gone", "1", nil, "gone is not known to this server any more", ""},
	} {
		s := &settings.Snapshot{Parameters: parametersForTest(), Files: c.files}
		v := notEffective(s, tuned(c.name, c.value))
		if strings.Join(v.lost, "; ") != c.lost || strings.Join(v.waiting, "; ") != c.waiting || v.restart != strings.Contains(c.waiting, "restart") {
			t.Errorf("%s = %s: %+v", c.name, c.value, v)
		}
		again := strings.Contains(c.lost, ".conf") || strings.Contains(c.lost, "default")
		if want := `ALTER SYSTEM SET "` + c.name + `" = '` + c.value + `'; SELECT pg_catalog.pg_reload_conf()`; c.lost != "" && (again && v.fix(nil) != want || !again && !slices.Equal(v.beaten, []string{c.name})) {
			t.Errorf("%s = %s: the fix of %+v", c.name, c.value, v)
		}
	}
}

// A value that the session has of its own hides whether the command line beats the files.
func TestHiddenCommandLine(t *testing.T) {
	tuned := map[string]journal.Record{"work_mem": {Kind: journal.SystemSetting, Name: "work_mem", Ours: journal.Present("8MB"), State: journal.Written}}
	for _, c := range []struct {
		name         string
		line         settings.CommandLine
		hidden, lost string
	}{
		{"not readable", settings.CommandLine{}, "work_mem", ""},
		{"silent", settings.CommandLine{Known: true}, "", ""},
		{"wins", settings.CommandLine{Known: true, Values: map[string]string{"work_mem": "9MB"}}, "", "work_mem is to be 8MB, and the postgres command line says 9MB"},
	} {
		parameters := parametersForTest()
		p := parameters["work_mem"]
		p.Source = "user"
		parameters["work_mem"] = p
		s := &settings.Snapshot{Parameters: parameters, Files: settings.Files{row("work_mem", "8MB", "")}, CommandLine: c.line}
		v := notEffective(s, tuned)
		if strings.Join(v.hidden, " ") != c.hidden || strings.Join(v.lost, "; ") != c.lost || len(v.waiting) > 0 {
			t.Errorf("%s: %+v", c.name, v)
		}
	}
}

func TestTunedRAM(t *testing.T) {
	memory := func(size string) (int64, error) {
		if size == "auto" {
			return 0, errors.New("not on its host")
		}
		return units.ParseSize(size)
	}
	for line, want := range map[string]int64{
		"avadb tune --ram 8GB":                      8 << 30,
		"avadb -h x tune --ram=2GB --only work_mem": 2 << 30,
		"avadb tune --ram '16 GB'":                  0, // no size that a shell gives in one word
		"avadb tune --ram auto":                     0,
		"avadb tune":                                0,
		"avadb tune --only work_mem --ram":          0,
	} {
		if got := tunedRAM([]*journal.Set{{CommandLine: line}}, memory); got != want {
			t.Errorf("%s: %d, want %d", line, got, want)
		}
	}
	newest := tunedRAM([]*journal.Set{{CommandLine: "avadb tune --ram 1GB"}, {CommandLine: "avadb tune --ram 2GB"}}, memory)
	if newest != 2<<30 {
		t.Errorf("the newest tune counts, not %d", newest)
	}
}

func TestNewest(t *testing.T) {
	set := func(value string, state journal.Progress) *journal.Set {
		return &journal.Set{Items: []journal.Record{{Kind: journal.SystemSetting, Name: "Work_Mem", Ours: journal.Present(value), State: state}}}
	}
	records := newest([]*journal.Set{set("1MB", journal.Written), set("2MB", journal.Written), set("3MB", journal.RolledBack)}, journal.SystemSetting)
	if r := records["work_mem"]; len(records) != 1 || r.Ours.Text() != "2MB" {
		t.Errorf("%+v", records)
	}
}

func TestBaseBytes(t *testing.T) {
	for _, c := range []struct {
		value, unit string
		want        int64
	}{{"16384", "8kB", 128 << 20}, {"4096", "kB", 4 << 20}, {"4MB", "kB", 4 << 20}, {"100", "", 100}, {"64", "MB", 64 << 20}} {
		if got, ok := baseBytes(c.value, settings.Parameter{Unit: c.unit}); !ok || got != c.want {
			t.Errorf("%s %s: %d %v, want %d", c.value, c.unit, got, ok, c.want)
		}
	}
}

func TestSlowThreshold(t *testing.T) {
	for value, want := range map[string]bool{"-1": false, "0": true, "1000": true, "1s": true, "nonsense": false} {
		if _, on := slowThreshold(value); on != want {
			t.Errorf("%s: %v", value, on)
		}
	}
}
