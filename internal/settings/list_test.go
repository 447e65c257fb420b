package settings

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"avadb/internal/journal"
)

func TestParseList(t *testing.T) {
	for _, c := range []struct {
		name, raw string
		want      []string
		broken    bool
	}{
		{"shared_preload_libraries", "", nil, false},
		{"shared_preload_libraries", " \t\n", nil, false},
		{"shared_preload_libraries", "a", []string{"a"}, false},
		{"shared_preload_libraries", " a , b ", []string{"a", "b"}, false},
		{"shared_preload_libraries", "A,a", []string{"A", "a"}, false},
		{"shared_preload_libraries", `"a,b", c`, []string{"a,b", "c"}, false},
		{"shared_preload_libraries", `"a""b"`, []string{`a"b`}, false},
		{"shared_preload_libraries", `""`, []string{""}, false},
		{"shared_preload_libraries", "$libdir/x, /opt/y.so", []string{"$libdir/x", "/opt/y.so"}, false},
		{"unix_socket_directories", "/odd dir, /tmp", []string{"/odd dir", "/tmp"}, false},
		{"search_path", `"$user", Public`, []string{"$user", "public"}, false},
		{"search_path", "\u00c9T\u00c9", []string{"\u00c9t\u00c9"}, false},
		{"shared_preload_libraries", "\u00a0a", []string{"\u00a0a"}, false},
		{"shared_preload_libraries", "a,", nil, true},
		{"shared_preload_libraries", ",a", nil, true},
		{"shared_preload_libraries", "a,,b", nil, true},
		{"shared_preload_libraries", `"a`, nil, true},
		{"shared_preload_libraries", `"a"b`, nil, true},
	} {
		got, err := ParseList(c.name, c.raw)
		if !slices.Equal(got, c.want) || (err != nil) != c.broken {
			t.Errorf("%s = %q: %q, %v; want %q", c.name, c.raw, got, err, c.want)
		}
	}
}

func TestFormatList(t *testing.T) {
	for _, c := range []struct {
		list []string
		want string
	}{
		{nil, ""},
		{[]string{"a", "b_1"}, "a, b_1"},
		{[]string{"A", "a b", "$libdir/x", "1a", ""}, `"A", "a b", "$libdir/x", "1a", ""`},
		{[]string{`q"q`, "a,b"}, `"q""q", "a,b"`},
	} {
		if got := FormatList(c.list); got != c.want {
			t.Errorf("%q: %s, want %s", c.list, got, c.want)
		}
	}
}

func FuzzList(f *testing.F) {
	f.Add("search_path", `"$user", Public, "a,b"`)
	f.Add("shared_preload_libraries", `pg_stat_statements,"$libdir/x"`)
	f.Add("unix_socket_directories", "/odd dir , ''")
	f.Fuzz(func(t *testing.T, name, raw string) {
		list, err := ParseList(name, raw)
		if err != nil || slices.ContainsFunc(list, func(e string) bool { return strings.Contains(e, "\x00") }) {
			return // no configuration file holds a NUL
		}
		again, err := ParseList(name, FormatList(list))
		if err != nil || !slices.Equal(again, list) {
			t.Fatalf("%q -> %q -> %q -> %q, %v", raw, list, FormatList(list), again, err)
		}
	})
}

// What the server makes of our ALTER SYSTEM is the list that was meant.
func TestListsOnTheServer(t *testing.T) {
	withFiles(t, "", "")
	conn := connect(t, shared)
	corpus := []string{"a", "A", "a b", "a,b", `q"q`, "it's", `C:\x`, "$user", "$libdir/x", "/opt/y.so", "user", "1a", "\u00c9t\u00e9", " lead", "a.b", "a;b", "tab\tbed"}
	for _, name := range []string{"search_path", "local_preload_libraries", "session_preload_libraries", "shared_preload_libraries", "unix_socket_directories"} {
		item := NewSystemSetting(conn, name)
		for i, element := range corpus {
			list := []string{element, corpus[(i+1)%len(corpus)], element}
			if err := item.Write(t.Context(), journal.Present(FormatList(list))); err != nil {
				t.Fatalf("%s = %q: %v", name, list, err)
			}
			now, err := item.Read(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if got, err := ParseList(name, now.Text()); err != nil || !slices.Equal(got, list) {
				t.Errorf("%s = %q: the server keeps %s, which is %q, %v", name, list, now.Text(), got, err)
			}
		}
		if err := item.Write(t.Context(), journal.Absent()); err != nil {
			t.Fatal(err)
		}
	}
}

// The server's own folding and splitting of search_path, seen in the schemas it looks through.
func TestSearchPathAsTheServerReadsIt(t *testing.T) {
	conn := connect(t, shared)
	for _, raw := range []string{`Alpha, "Beta"`, ` alpha,"b""c" `, "\u00c9T\u00c9", `"a,b",alpha`} {
		list, err := ParseList("search_path", raw)
		if err != nil || !utf8.ValidString(raw) {
			t.Fatal(raw, err)
		}
		for _, schema := range list {
			adminSQL(t, `CREATE SCHEMA IF NOT EXISTS `+quoteName(schema))
		}
		rows, err := conn.Query(t.Context(), "SELECT set_config('search_path', $1, false)", raw)
		if err != nil {
			t.Fatal(err)
		}
		rows.Close()
		var seen []string
		if err := conn.Raw().QueryRow(t.Context(), "SELECT current_schemas(false)::text[]").Scan(&seen); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(seen, list) {
			t.Errorf("%s: the server reads %q, avadb %q", raw, seen, list)
		}
	}
}
