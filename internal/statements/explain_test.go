package statements

import (
	"strings"
	"testing"

	"avadb/internal/fault"
	"avadb/internal/pg"
)

// What is planned is one statement with a plan, and nothing of it runs.
func TestExplain(t *testing.T) {
	d := newDatabase(t, "none")
	conn := d.avadb
	mustExec(t, d.app, "CREATE TABLE planned AS SELECT generate_series(1, 10) AS n")
	for _, sql := range []string{
		"SELECT count(*) FROM planned", "/* c */ WITH w AS (SELECT 1) TABLE w", "INSERT INTO planned VALUES (11)",
		"DELETE FROM planned WHERE n > 3", "VALUES (1)",
	} {
		lines, err := Explain(t.Context(), conn, sql)
		if err != nil || len(lines) == 0 || !strings.Contains(lines[0], "cost=") {
			t.Errorf("%s: %q %v", sql, lines, err)
		}
	}
	for sql, want := range map[string]string{
		"SELECT 1; DELETE FROM planned":         "multiple commands",
		"SELECT 1; COMMIT; DELETE FROM planned": "multiple commands",
		"VACUUM":                                "VACUUM has no plan",
		"EXPLAIN ANALYZE DELETE FROM planned":   "EXPLAIN has no plan",
		"SELECT * FROM nosuch":                  "nosuch",
		"":                                      "no plan",
	} {
		if lines, err := Explain(t.Context(), conn, sql); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %q %v, want %q", sql, lines, err, want)
		}
	}
	if left := text(t, d.app, "SELECT count(*)::text FROM planned"); left != "10" {
		t.Errorf("%s rows are left, want 10", left)
	}
	if path := text(t, conn.Raw(), "SELECT current_setting('search_path')"); strings.Contains(path, "public") {
		t.Errorf("the search_path is %s afterwards", path)
	}
}

func TestExplaining(t *testing.T) {
	for _, c := range []struct {
		server pg.Server
		text   string
		want   string // the command, or what the refusal says
	}{
		{pg.Server{VersionNum: 160000}, "SELECT $1", "EXPLAIN (GENERIC_PLAN) "},
		{pg.Server{VersionNum: 150000}, "SELECT $1", "16 and newer"},
		{pg.Server{VersionNum: 150000}, "SELECT a->'$' FROM b", "EXPLAIN "},
		{pg.Server{VersionNum: 160000, Pooler: true}, "SELECT 1", "pooler"},
	} {
		command, err := explaining(c.server, c.text)
		if f := fault.As(err); command != c.want && (f == nil || f.Kind != fault.Prerequisite || !strings.Contains(f.Message+f.Hint, c.want)) {
			t.Errorf("%s: %q %v, want %q", c.text, command, err, c.want)
		}
	}
}
