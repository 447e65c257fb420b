package tuning_test

import (
	"strings"
	"testing"

	"avadb/internal/fault"
	"avadb/internal/tuning"
)

func TestParseAssignment(t *testing.T) {
	for text, want := range map[string]tuning.Assignment{
		"work_mem=64MB":                {"work_mem", "64MB"},
		" work_mem = 64MB":             {"work_mem", " 64MB"},
		"search_path=":                 {"search_path", ""},
		"log_line_prefix=%m=[%p] ":     {"log_line_prefix", "%m=[%p] "},
		"pg_stat_statements.max=10000": {"pg_stat_statements.max", "10000"},
		"a.b.c$1=x":                    {"a.b.c$1", "x"},
	} {
		if got, err := tuning.ParseAssignment(text); err != nil || got != want {
			t.Errorf("%q: got %+v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "=", "=1", "work_mem", "work mem=1", "1a=1", "$a=1", "a..b=1", ".a=1", "a.=1", "a=1\n2", "a=\x00", `"a"=1`, "a;b=1"} {
		_, err := tuning.ParseAssignment(text)
		if err == nil {
			t.Errorf("%q was accepted", text)
			continue
		}
		wantRefusal(t, err, fault.Usage)
	}
}

func FuzzParseAssignment(f *testing.F) {
	for _, seed := range []string{"work_mem=64MB", "a.b = c=d ", "=", "x=\n", "\xff=1"} {
		f.Add(seed)
	}
	live := parameters(f, 18)
	f.Fuzz(func(t *testing.T, text string) {
		a, err := tuning.ParseAssignment(text)
		if err != nil {
			if fault.KindOf(err) != fault.Usage || fault.As(err).Hint == "" {
				t.Errorf("%q: %v", text, err)
			}
			return
		}
		if !strings.HasSuffix(text, "="+a.Value) || strings.ContainsAny(a.Name, "= '\"\\;\n") || strings.ContainsAny(a.Value, "\n\r\x00") {
			t.Errorf("%q became %+v", text, a)
		}
		// Whatever the value, it is judged without a panic.
		for _, name := range []string{a.Name, "work_mem", "random_page_cost", "wal_level", "jit", "shared_preload_libraries"} {
			in := tuning.Input{RAMBytes: 8 << 30, Major: 18, Parameters: live, Set: []tuning.Assignment{{Name: name, Value: a.Value}}}
			if _, _, err := tuning.Recommend(in); err != nil && fault.KindOf(err) != fault.Usage {
				t.Errorf("%s = %q: %v", name, a.Value, err)
			}
		}
	})
}
