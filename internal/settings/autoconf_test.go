package settings

import (
	"bytes"
	"maps"
	"testing"

	"avadb/internal/journal"
)

func TestParseAutoConf(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       map[string]string
	}{
		{"as ALTER SYSTEM writes", "# a comment\nwork_mem = '64MB'\n", map[string]string{"work_mem": "64MB"}},
		{"without equal sign and quotes", "work_mem 64MB\nport=5433\n", map[string]string{"work_mem": "64MB", "port": "5433"}},
		{"the last entry wins, whatever its case", "work_mem = '1MB'\nWORK_MEM = '2MB'\n", map[string]string{"work_mem": "2MB"}},
		{"quotes and backslashes", `log_line_prefix = 'it''s \\ \'q\' %m'` + "\n", map[string]string{"log_line_prefix": `it's \ 'q' %m`}},
		{"escapes", `x.y = 'a\tb\101\q'` + "\n", map[string]string{"x.y": "a\tbAq"}},
		{"a comment behind", "work_mem = '1MB' # why\nport = 1#x\n", map[string]string{"work_mem": "1MB", "port": "1"}},
		{"an empty string", "archive_command = ''\n", map[string]string{"archive_command": ""}},
		{"no line end at the end", "work_mem = '1MB'", map[string]string{"work_mem": "1MB"}},
		{"windows line ends", "work_mem = '1MB'\r\n", map[string]string{"work_mem": "1MB"}},
		{"includes and garbage are no entries", "include 'x.conf'\n= '1MB'\nwork_mem = '1MB\n", map[string]string{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			conf := parseAutoConf([]byte(c.text))
			if got := conf.values(); !maps.Equal(got, c.want) {
				t.Errorf("values = %q, want %q", got, c.want)
			}
			if got := string(conf.bytes()); got != c.text {
				t.Errorf("untouched bytes = %q, want %q", got, c.text)
			}
		})
	}
}

func TestAutoConfSet(t *testing.T) {
	conf := parseAutoConf([]byte("# kept\nwork_mem = '1MB'\nport = 5433\nWork_Mem = '2MB'"))
	conf.set("work_mem", journal.Present(`it's \ here`))
	if got, want := string(conf.bytes()), "# kept\nport = 5433\nwork_mem = 'it''s \\\\ here'\n"; got != want {
		t.Errorf("set: %q, want %q", got, want)
	}
	conf.set("WORK_MEM", journal.Absent())
	if got, want := string(conf.bytes()), "# kept\nport = 5433\n"; got != want {
		t.Errorf("taken out: %q, want %q", got, want)
	}
}

func FuzzAutoConf(f *testing.F) {
	f.Add([]byte("a = 'b'\n# c\nd 'e''f\\n'\n"), "work_mem", `it's \`)
	f.Fuzz(func(t *testing.T, raw []byte, name, value string) {
		conf := parseAutoConf(raw)
		if !bytes.Equal(conf.bytes(), raw) {
			t.Fatalf("an untouched file changed: %q -> %q", raw, conf.bytes())
		}
		if m := confEntry().FindStringSubmatch(name + " = 'x'"); m == nil || m[1] != name || isInclude(name) || bytes.ContainsAny([]byte(value), "\r\n\x00") {
			return // no name, or a value that no configuration file can hold
		}
		conf.set(name, journal.Present(value))
		again := parseAutoConf(conf.bytes())
		if got := again.get(name); !got.Present || got.Text() != value {
			t.Fatalf("wrote %q = %q, read %q", name, value, got.Text())
		}
		again.set(name, journal.Absent())
		if again.get(name).Present {
			t.Fatalf("%q is still there", name)
		}
	})
}
