package settings

import (
	"os"
	"strings"
	"testing"

	"avadb/internal/fault"
	"avadb/internal/journal"
)

// writtenByHand is a postgresql.auto.conf as hands and older tools leave it.
const writtenByHand = `# a comment that ALTER SYSTEM drops
WORK_MEM = '1MB'
work_mem '1.10MB'				# the last one of a name counts
Log_Line_Prefix = 'it''s \\ %m \'q\' '
log_timezone = 'Europe/Berlin'
application_name = 'tab	and é'
archive_cleanup_command = ''
search_path = '"$user", public,"Odd ""Name"""'
unix_socket_directories = '/tmp,"/var/odd dir"'
session_preload_libraries = 'auto_explain,"$libdir/passwordcheck"'
max_connections = 77
my.own = 'C:\\dir\\'
`

func TestWhatStoodBeforeComesBack(t *testing.T) {
	withFiles(t, writtenByHand, "")
	conn := connect(t, shared)
	for name, ours := range map[string]string{
		"work_mem": "64MB", "log_line_prefix": "%m [%p] ", "log_timezone": "UTC", "application_name": "ours", "archive_cleanup_command": "true",
		"search_path": "public, other", "unix_socket_directories": "/tmp", "session_preload_libraries": "auto_explain", "max_connections": "200",
		"my.own": "x", "log_min_duration_statement": "1s", "temp_tablespaces": "pg_default",
	} {
		item := NewSystemSetting(conn, name)
		before, err := item.Read(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if err := item.Write(t.Context(), journal.Present(ours)); err != nil {
			t.Fatal(name, err)
		}
		if now := entry(t, conn, name); !item.Same(now, journal.Present(ours)) || !IsList(name) && now.Text() != ours {
			t.Errorf("%s: wrote %q, reads %q", name, ours, now.Text())
		}
		if err := item.Write(t.Context(), before); err != nil {
			t.Fatal(name, err)
		}
		if now := entry(t, conn, name); !item.Same(now, before) || !IsList(name) && now.Text() != before.Text() {
			t.Errorf("%s: stood as %q (%v), came back as %q (%v)", name, before.Text(), before.Present, now.Text(), now.Present)
		}
	}
	if text := autoConfText(t); strings.Count(strings.ToLower(text), "work_mem") != 1 || strings.Contains(text, "temp_tablespaces") {
		t.Errorf("duplicates or new entries are left:\n%s", text)
	}
}

func TestUnsoundFilesAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		auto, conf string
		words      []string
	}{
		"include": {"work_mem = '1MB'\ninclude = 'more.conf'\n", "", []string{"includes another file", "by hand"}},
		"garbage in postgresql.auto.conf": {
			"work_mem = '1MB'\nwhat is this\n", "", []string{"postgresql.auto.conf line 2", "syntax error", "pg_file_settings"},
		},
		"garbage in postgresql.conf": {"work_mem = '1MB'\n", "= 5\n", []string{"postgresql.conf line ", "nothing was changed"}},
		"missing include":            {"work_mem = '1MB'\n", "include 'nosuch.conf'\n", []string{"nosuch.conf", "nothing was changed"}},
		"line break":                 {"application_name = 'a\\nb'\n", "", []string{"line break", "by hand"}},
	} {
		t.Run(name, func(t *testing.T) {
			if err := os.WriteFile(shared.DataDir+"/more.conf", []byte("work_mem = '2MB'\n"), 0o644); err != nil {
				t.Fatal(err)
			}
			withFiles(t, c.auto, c.conf)
			conn := connect(t, shared)
			for _, item := range []journal.Item{NewSystemSetting(conn, "work_mem"), NewPreload(conn, "auto_explain")} {
				_, err := item.Read(t.Context())
				wantFault(t, err, fault.Prerequisite, c.words...)
			}
			_, err := Read(t.Context(), conn)
			wantFault(t, err, fault.Prerequisite, c.words...)
			wantFault(t, NewPreload(conn, "auto_explain").Write(t.Context(), journal.Present("")), fault.Prerequisite, c.words...)
			if autoConfText(t) != c.auto {
				t.Error("postgresql.auto.conf was written")
			}
		})
	}
}

func TestUnknownNameIsRefused(t *testing.T) {
	withFiles(t, "work_mem = '1MB'\nwork_memm = '2MB'\nmy.own = 'x'\n", "")
	conn := connect(t, shared)
	snapshot, err := Read(t.Context(), conn)
	if err != nil {
		t.Fatal(err)
	}
	wantFault(t, snapshot.CheckNames(), fault.Prerequisite, "postgresql.auto.conf line 2", "work_memm", "a reload would apply nothing", "by hand")
}

func TestAssignment(t *testing.T) {
	for _, c := range []struct{ name, value, want, refused string }{
		{"work_mem", "64MB", `"work_mem" = '64MB'`, ""},
		{"pg_stat_statements.max", "100", `"pg_stat_statements"."max" = '100'`, ""},
		{"log_line_prefix", `it's \`, `"log_line_prefix" = E'it''s \\'`, ""},
		{"archive_command", "", `"archive_command" = ''`, ""},
		{"log_destination", "stderr,csvlog", `"log_destination" = 'stderr,csvlog'`, ""},
		{"shared_preload_libraries", `a,"b c"`, `"shared_preload_libraries" = 'a', 'b c'`, ""},
		{"shared_preload_libraries", " ", "", "the server would not start"},
		{"shared_preload_libraries", "a,", "", "cannot be read"},
		{"work_mem", "1\n2", "", "line break"},
		{"work_mem", "1\r", "", "line break"},
	} {
		got, err := Assignment(c.name, c.value)
		if got != c.want || (err == nil) != (c.refused == "") || err != nil && !strings.Contains(err.Error(), c.refused) {
			t.Errorf("%s = %q: %s, %v", c.name, c.value, got, err)
		}
	}
}

// wantFault checks the kind of an error and that its message and hint hold the words.
func wantFault(t *testing.T, err error, kind fault.Kind, words ...string) {
	t.Helper()
	f := fault.As(err)
	if f == nil || f.Kind != kind {
		t.Fatalf("error is %v, want a fault of kind %s", err, kind)
	}
	for _, word := range words {
		if !strings.Contains(f.Message+" "+f.Hint, word) {
			t.Errorf("%q (%s) does not say %q", f.Message, f.Hint, word)
		}
	}
}
