package settings

import (
	"fmt"
	"strings"
	"testing"

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
			name, value, _ := strings.Cut(v, "=")
			s.Items = append(s.Items, journal.Record{Kind: journal.SystemSetting, Name: name, Ours: journal.Present(value)})
		}
		return SetSide(s)
	}
	for name, c := range map[string]struct {
		a, b Side
		want string
	}{
		"the same by meaning":     {server(map[string]string{"work_mem": "4096", "jit": "on", "search_path": "a,b"}), server(map[string]string{"work_mem": "4MB", "jit": "true", "search_path": "a, b"}), ""},
		"different":               {server(map[string]string{"work_mem": "4096", "datestyle": "ISO"}), server(map[string]string{"work_mem": "8MB", "datestyle": "German"}), "DateStyle ISO German; work_mem 4096 8MB kB; "},
		"one has a parameter":     {server(map[string]string{"io_method": "worker"}), server(nil), "io_method worker -; "},
		"a set speaks of its own": {server(map[string]string{"work_mem": "4096", "jit": "on"}), set("WORK_MEM=5MB"), "work_mem 4096 5MB kB; "},
		"two sets":                {set("jit=on"), set("work_mem=5MB"), "jit on -; work_mem - 5MB; "},
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
