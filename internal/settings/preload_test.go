package settings

import (
	"slices"
	"strings"
	"testing"

	"avadb/internal/fault"
	"avadb/internal/journal"
)

const ourLibrary = "pg_stat_statements"

func TestPreloadAddedAndTakenOut(t *testing.T) {
	for name, c := range map[string]struct {
		conf, auto  string // the lists before, empty: no entry
		with        string // the list once ours is in
		since       string // what somebody makes of it meanwhile, empty: nothing
		after       string // the list of postgresql.auto.conf at the end, empty: no entry
		removeFails string // words of the error
	}{
		"nothing anywhere":       {with: "pg_stat_statements"},
		"list in the main file":  {conf: "auto_explain", with: "auto_explain, pg_stat_statements"},
		"list in auto.conf":      {auto: "auto_explain", with: "auto_explain, pg_stat_statements", after: "auto_explain"},
		"auto.conf hides":        {conf: "passwordcheck", auto: "auto_explain", with: "auto_explain, pg_stat_statements", after: "auto_explain"},
		"the same in both":       {conf: "auto_explain", auto: "auto_explain", with: "auto_explain, pg_stat_statements", after: "auto_explain"},
		"duplicates":             {conf: "auto_explain, auto_explain", with: "auto_explain, pg_stat_statements"},
		"paths":                  {auto: `"$libdir/auto_explain", "/opt/odd dir/x.so"`, with: `"$libdir/auto_explain", "/opt/odd dir/x.so", pg_stat_statements`, after: `"$libdir/auto_explain", "/opt/odd dir/x.so"`},
		"another since":          {with: "pg_stat_statements", since: "pg_stat_statements, auto_explain", after: "auto_explain"},
		"another since, in main": {conf: "auto_explain", with: "auto_explain, pg_stat_statements", since: "auto_explain, pg_stat_statements, passwordcheck", after: "auto_explain, passwordcheck"},
		"gone from a full list": {
			conf: "auto_explain", with: "auto_explain, pg_stat_statements", since: "pg_stat_statements", after: "pg_stat_statements",
			removeFails: "avadb rollback --offline --pgdata",
		},
	} {
		t.Run(name, func(t *testing.T) {
			withFiles(t, line(c.auto), line(c.conf))
			conn := connect(t, shared)
			item := NewPreload(conn, ourLibrary)
			before, err := item.Read(t.Context())
			if err != nil || before.Present {
				t.Fatal(before, err)
			}
			if err := item.Write(t.Context(), journal.Present("")); err != nil {
				t.Fatal(err)
			}
			if now := entry(t, conn, PreloadParameter); !sameList(PreloadParameter, now.Text(), c.with) {
				t.Errorf("with ours: %s, want %s", now.Text(), c.with)
			}
			if now, err := item.Read(t.Context()); err != nil || !now.Present {
				t.Errorf("it is not in: %+v, %v", now, err)
			}
			if c.since != "" {
				adminSQL(t, "ALTER SYSTEM SET shared_preload_libraries = "+c.since)
			}
			err = item.Write(t.Context(), before)
			if c.removeFails != "" {
				wantFault(t, err, fault.Failed, c.removeFails, "an empty list cannot be written by SQL")
			} else if err != nil {
				t.Fatal(err)
			}
			if now := entry(t, conn, PreloadParameter); now.Present != (c.after != "") || !sameList(PreloadParameter, now.Text(), c.after) {
				t.Errorf("without ours: %+q (%v), want %s", now.Text(), now.Present, c.after)
			}
		})
	}
}

func line(list string) string {
	if list == "" {
		return ""
	}
	return "shared_preload_libraries = '" + list + "'\n"
}

func TestWithLibrary(t *testing.T) {
	for _, c := range []struct{ list, want string }{
		{"", "pg_stat_statements"},
		{"a, b", "a, b, pg_stat_statements"},
		{"a, pg_stat_statements, a", "a, pg_stat_statements"},
		{`"$libdir/pg_stat_statements"`, `"$libdir/pg_stat_statements"`},
		{`"/usr/lib/pg_stat_statements.so", b`, `"/usr/lib/pg_stat_statements.so", b`},
		{"pg_stat_statements_more", "pg_stat_statements_more, pg_stat_statements"},
	} {
		list, err := ParseList(PreloadParameter, c.list)
		if err != nil {
			t.Fatal(err)
		}
		if got := FormatList(WithLibrary(list, ourLibrary)); got != c.want {
			t.Errorf("%s: %s, want %s", c.list, got, c.want)
		}
	}
}

func TestLibrary(t *testing.T) {
	withFiles(t, line("$libdir/pg_stat_statements, auto_explain"), "")
	conn := connect(t, shared)
	snapshot := snapshotWhen(t, conn, func(s *Snapshot) bool { return s.Parameters[PreloadParameter].PendingRestart })
	state, err := snapshot.Library(ourLibrary)
	if err != nil || !state.Listed || state.Loaded || !slices.Equal(state.Next, []string{"$libdir/pg_stat_statements", "auto_explain"}) {
		t.Errorf("%+v, %v", state, err)
	}
	if state, err := snapshot.Library("passwordcheck"); err != nil || state.Listed || state.Loaded {
		t.Errorf("%+v, %v", state, err)
	}
	p := snapshot.Parameters[PreloadParameter]
	p.Source, p.ResetVal = "command line", "auto_explain"
	snapshot.Parameters[PreloadParameter] = p
	_, err = snapshot.Library(ourLibrary)
	wantFault(t, err, fault.Prerequisite, "command line", "-c shared_preload_libraries='auto_explain, pg_stat_statements'")
	if strings.Contains(autoConfText(t), "command") {
		t.Error("it was written")
	}
}

func TestNoLibraries(t *testing.T) {
	for text, want := range map[string][]string{
		"":                                   nil,
		"pg_stat_statements, auto_explain":   nil,
		`"$libdir/x", "/opt/odd dir/x.so"`:   nil,
		`"pg_stat_statements, auto_explain"`: {"pg_stat_statements, auto_explain"},
		`auto_explain, "pg_prewarm "`:        {"pg_prewarm "},
		`"a""b", "it's", ""`:                 {`a"b`, "it's", ""},
	} {
		list, err := ParseList(PreloadParameter, text)
		if err != nil {
			t.Fatal(err)
		}
		if got := NoLibraries(list); !slices.Equal(got, want) {
			t.Errorf("%s: %q, not %q", text, got, want)
		}
	}
}
