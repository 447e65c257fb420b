package settings

import (
	"fmt"
	"strings"
	"testing"

	"avadb/internal/fault"
	"avadb/internal/journal"
)

func TestDiff(t *testing.T) {
	p := map[string]Parameter{
		"work_mem":    {Name: "work_mem", Vartype: "integer", Unit: "kB"},
		"jit":         {Name: "jit", Vartype: "bool"},
		"datestyle":   {Name: "DateStyle", Vartype: "string"},
		"io_method":   {Name: "io_method", Vartype: "enum"},
		"search_path": {Name: "search_path", Vartype: "string"},
	}
	server := func(values map[string]string) Side { return Side{values: values, parameters: p} }
	set := func(values ...string) Side {
		s := &journal.Set{}
		for _, v := range values {
			name, value, present := strings.Cut(v, "=")
			ours := journal.Absent()
			if present {
				ours = journal.Present(value)
			}
			s.Items = append(s.Items, journal.Record{Kind: journal.SystemSetting, Name: name, Ours: ours, State: journal.Written})
		}
		side, err := SetSide(s)
		if err != nil {
			t.Fatal(err)
		}
		return side
	}
	withEntry := server(map[string]string{"work_mem": "4096"})
	withEntry.entries = map[string]bool{"work_mem": true}
	for name, c := range map[string]struct {
		a, b Side
		want string
	}{
		"the same by meaning":     {server(map[string]string{"work_mem": "4096", "jit": "on", "search_path": "a,b"}), server(map[string]string{"work_mem": "4MB", "jit": "true", "search_path": "a, b"}), ""},
		"different":               {server(map[string]string{"work_mem": "4096", "datestyle": "ISO"}), server(map[string]string{"work_mem": "8MB", "datestyle": "German"}), "DateStyle ISO German; work_mem 4096 8MB kB; "},
		"one has a parameter":     {server(map[string]string{"io_method": "worker"}), server(nil), "io_method worker -; "},
		"a set speaks of its own": {server(map[string]string{"work_mem": "4096", "jit": "on"}), set("WORK_MEM=5MB"), "work_mem 4096 5MB kB; "},
		"two sets":                {set("jit=on"), set("work_mem=5MB"), "jit on -; work_mem - 5MB; "},
		"a set took one out":      {withEntry, set("Work_Mem"), "work_mem 4096 - kB; "},
		"the server lacks it too": {set("work_mem"), server(map[string]string{"work_mem": "4096"}), ""},
		"out of one, in another":  {set("work_mem"), set("work_mem=5MB"), "work_mem - 5MB; "},
		"out of both":             {set("work_mem"), set("work_mem"), ""},
		"out of one alone":        {set("work_mem"), set("jit=on"), "jit - on; "},
	} {
		var got strings.Builder
		text := func(s *string) string {
			if s == nil {
				return "-"
			}
			return *s
		}
		for _, d := range Diff(c.a, c.b) {
			got.WriteString(strings.TrimSuffix(fmt.Sprintf("%s %s %s %s", d.Name, text(d.A), text(d.B), text(d.Unit)), " -") + "; ")
		}
		if got.String() != c.want {
			t.Errorf("%s: %q, want %q", name, got.String(), c.want)
		}
	}
}

func TestSetSideOfWhatStands(t *testing.T) {
	record := func(kind journal.Kind, name string, state journal.Progress) journal.Record {
		return journal.Record{Kind: kind, Name: name, Ours: journal.Present("on"), State: state}
	}
	side, err := SetSide(&journal.Set{Items: []journal.Record{
		record(journal.SystemSetting, "jit", journal.Written), record(journal.SystemSetting, "fsync", journal.FailedItem),
		record(journal.SystemSetting, "ssl", journal.RolledBack), record(journal.SystemSetting, "wal_level", journal.Pending),
	}})
	if err != nil || len(side.values) != 1 || side.values["jit"] != "on" {
		t.Errorf("%v, %v", side.values, err)
	}
	_, err = SetSide(&journal.Set{ID: "019a", Command: "tune", Items: []journal.Record{
		record(journal.RoleSetting, "role app work_mem", journal.Written), record(journal.SystemSetting, "jit", journal.RolledBack),
	}})
	wantFault(t, err, fault.Usage, "019a", "role_setting role app work_mem (applied), system_setting jit (undone)")
}
