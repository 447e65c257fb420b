package query

import (
	"slices"
	"strings"
	"testing"
)

func TestVariant(t *testing.T) {
	for _, c := range []struct {
		name      string
		major     int
		extension string
		want      string
	}{
		{"settings/alter_system_privilege", 14, "", "settings/alter_system_privilege.sql"},
		{"settings/alter_system_privilege", 15, "", "settings/alter_system_privilege.15.sql"},
		{"settings/alter_system_privilege", 18, "", "settings/alter_system_privilege.15.sql"},
		{"statements/shim", 18, "1.8", "statements/shim.x1.8.sql"},
		{"statements/shim", 18, "1.9", "statements/shim.x1.9.sql"},
		{"statements/shim", 18, "1.10", "statements/shim.x1.10.sql"},
		{"statements/shim", 18, "1.11", "statements/shim.x1.11.sql"},
		{"statements/shim", 18, "1.12", "statements/shim.x1.11.sql"},
		{"statements/shim", 18, "2.0", "statements/shim.x1.11.sql"},
		{"statements/shim", 18, "1.7", ""},
		{"statements/shim", 18, "", ""},
		{"statements/nosuch", 18, "1.9", ""},
		{"statements/sh", 18, "1.9", ""},
		{"journal/list", 14, "", "journal/list.sql"},
	} {
		got, err := variant(c.name, c.major, c.extension)
		if got != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%s for %d, %q: %q, %v; want %q", c.name, c.major, c.extension, got, err, c.want)
		}
	}
}

func TestParsePath(t *testing.T) {
	for path, want := range map[string]struct {
		name      string
		version   []int
		extension bool
	}{
		"a/b.sql":       {"a/b", nil, false},
		"a/b.17.sql":    {"a/b", []int{17}, false},
		"a/b.x1.11.sql": {"a/b", []int{1, 11}, true},
	} {
		name, version, extension := parsePath(path)
		if name != want.name || !slices.Equal(version, want.version) || extension != want.extension {
			t.Errorf("%s: %s %v %v", path, name, version, extension)
		}
	}
}

func TestMark(t *testing.T) {
	for statement, want := range map[string]string{
		"SELECT 1":         "SELECT /*avadb:a/b*/ 1",
		"\n  with x as ()": "\n  with /*avadb:a/b*/ x as ()",
		"COMMIT":           "COMMIT /*avadb:a/b*/",
		"(SELECT 1)":       "(SELECT 1)",
		"":                 "",
	} {
		if got := Mark("a/b", statement); got != want {
			t.Errorf("%q: %q, want %q", statement, got, want)
		}
	}
}

func TestText(t *testing.T) {
	text, err := Text("statements/top", 17, Extension{Version: "1.11", Schema: `my "stats`})
	if err != nil {
		t.Fatal(err)
	}
	for _, word := range []string{"WITH /*avadb:statements/top*/ everything", `FROM "my ""stats".pg_stat_statements(true)`, "minmax_stats_since"} {
		if !strings.Contains(text, word) {
			t.Errorf("%q is not in %s", word, text)
		}
	}
	if strings.Contains(text, "{{") || strings.Contains(text, "Least privilege") {
		t.Errorf("placeholders or headers are left: %s", text)
	}
	if _, err := Text("statements/top", 17, Extension{Version: "1.7"}); err == nil || !strings.Contains(err.Error(), "statements/shim") {
		t.Errorf("an included statement without a variant: %v", err)
	}
}
