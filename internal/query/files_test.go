package query

import (
	"context"
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"testing"

	"avadb/internal/pg"
	"avadb/sql"
)

func embedded(t *testing.T) map[string]string {
	t.Helper()
	paths, err := fs.Glob(sql.Files, "*/*.sql")
	if err != nil || len(paths) == 0 {
		t.Fatal(paths, err)
	}
	files := map[string]string{}
	for _, path := range paths {
		raw, err := sql.Files.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		files[path] = string(raw)
	}
	return files
}

func TestFilesSayWhatTheyAreFor(t *testing.T) {
	for path, text := range embedded(t) {
		lines := strings.Split(text, "\n")
		if !strings.HasPrefix(lines[0], "-- ") || len(lines[0]) < 20 {
			t.Errorf("%s: the first line is no comment with the purpose", path)
		}
		body := stripHeader(text)
		if header, _, _ := strings.Cut(text, body); !strings.Contains(header, "\n-- Least privilege: ") {
			t.Errorf("%s: the header does not say the least privilege", path)
		}
		if strings.Contains(body, ";") {
			t.Errorf("%s: more than one statement", path)
		}
	}
}

// A function, view or table of the system catalogue is found by its schema, whatever search_path holds.
func TestFilesQualifyTheCatalogue(t *testing.T) {
	conn := connect(t.Context(), t)
	defer conn.Close()
	rows, err := conn.Query(t.Context(), `SELECT proname::text FROM pg_catalog.pg_proc WHERE pronamespace = 'pg_catalog'::regnamespace
		UNION SELECT relname::text FROM pg_catalog.pg_class WHERE relnamespace = 'pg_catalog'::regnamespace AND relkind IN ('r', 'v')`)
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		known[name] = true
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	// What the grammar or an aggregate without a schema is: these read like functions.
	for _, grammar := range []string{"coalesce", "least", "greatest", "extract", "count", "sum", "max", "min", "numeric", "name", "text", "json", "int4", "int8"} {
		known[grammar] = false
	}
	call := regexp.MustCompile(`(?i)([\w.}"]*)\b([a-z_0-9]+)\s*\(`)
	source := regexp.MustCompile(`(?i)\b(?:FROM|JOIN)\s+([a-z_0-9.]+)`)
	literal := regexp.MustCompile(`'[^']*'`)
	for path, text := range embedded(t) {
		body := literal.ReplaceAllString(stripHeader(text), "''")
		for _, m := range call.FindAllStringSubmatch(body, -1) {
			if known[strings.ToLower(m[2])] && !strings.HasSuffix(m[1], ".") {
				t.Errorf("%s: %s( without pg_catalog", path, m[2])
			}
		}
		for _, m := range source.FindAllStringSubmatch(body, -1) {
			if known[m[1]] {
				t.Errorf("%s: %s without pg_catalog", path, m[1])
			}
		}
	}
}

// withTables makes avadb's own tables, by its own statements.
func withTables(t *testing.T, conn *pg.Conn) {
	t.Helper()
	for _, name := range []string{
		"journal/create_schema", "journal/create_table", "history/create_server", "history/create_snapshot", "history/create_statement",
		"history/create_counter", "history/create_delta", "history/create_slow_query_log",
	} {
		if err := Exec(t.Context(), conn, name); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		fresh := connect(context.WithoutCancel(t.Context()), t)
		defer fresh.Close()
		if _, err := fresh.Exec(context.WithoutCancel(t.Context()), "DROP SCHEMA avadb CASCADE"); err != nil {
			t.Error(err)
		}
	})
}

// needExtension tells which statements read the extension's functions: the text holds its schema.
func needExtension(t *testing.T, name string) bool {
	t.Helper()
	for path, text := range embedded(t) {
		if file, _, _ := parsePath(path); file == name && placeholder().MatchString(text) {
			return true
		}
	}
	return false
}

func TestEveryStatementIsAccepted(t *testing.T) {
	conn := connect(t.Context(), t)
	defer conn.Close()
	names, err := Names()
	if err != nil {
		t.Fatal(err)
	}
	prepare := func(name string, ext Extension) {
		text, err := Text(name, conn.Server.Major(), ext)
		if err == nil {
			_, err = conn.Raw().Prepare(t.Context(), "", text)
		}
		if err != nil {
			t.Errorf("%s with extension %q: %v", name, ext.Version, err)
		}
	}
	prepare("journal/create_schema", Extension{})
	withTables(t, conn)
	for _, name := range names {
		if !strings.HasPrefix(name, "journal/create_") && (!needExtension(t, name) || strings.HasPrefix(name, "history/")) {
			prepare(name, Extension{})
		}
	}
	prepareSlowlog(t, conn, names, prepare)
	prepareWarmup(t, conn, names, prepare)
	for _, version := range extensionVersions(t, conn) {
		ext := Extension{Version: version, Schema: `odd "schema`}
		for _, statement := range []string{
			`CREATE SCHEMA "odd ""schema"`, `CREATE EXTENSION pg_stat_statements SCHEMA "odd ""schema" VERSION '` + version + `'`,
		} {
			if _, err := conn.Exec(t.Context(), statement); err != nil {
				t.Fatal(err)
			}
		}
		for _, name := range names {
			if needExtension(t, name) && !strings.HasPrefix(name, "slowlog/") && !strings.HasPrefix(name, "warmup/") && !strings.HasPrefix(name, "history/") && (readable(version) || !strings.Contains(name, "counters") && !strings.Contains(name, "texts") && !strings.Contains(name, "top") && !strings.Contains(name, "totals") && !strings.Contains(name, "shim") && !strings.Contains(name, "info")) {
				prepare(name, ext)
			}
		}
		if !readable(version) {
			if _, err := Text("statements/top", conn.Server.Major(), ext); err == nil {
				t.Errorf("statements/top takes version %s, which has other columns", version)
			}
		}
		if _, err := conn.Exec(t.Context(), `DROP SCHEMA "odd ""schema" CASCADE`); err != nil {
			t.Fatal(err)
		}
	}
}

// prepareSlowlog tries the statements about the slow_query_log table: against today's, and those that read it against both kinds of
// the table that applications made.
func prepareSlowlog(t *testing.T, conn *pg.Conn, names []string, prepare func(string, Extension)) {
	t.Helper()
	const original = `id SERIAL PRIMARY KEY, query TEXT NOT NULL, duration_ms NUMERIC(10, 2) NOT NULL, threshold_ms NUMERIC(10, 2) NOT NULL, query_signature TEXT, timestamp `
	in := func(schema, version string) Extension { return Extension{Version: version, Schema: schema} }
	makes := []string{
		`CREATE SCHEMA "slow ""now"`, `CREATE SCHEMA zoneless`, `CREATE SCHEMA zoned`,
		`CREATE TABLE zoneless.slow_query_log (` + original + `timestamp NOT NULL)`, `CREATE TABLE zoned.slow_query_log (` + original + `timestamptz NOT NULL)`,
		`CREATE TABLE "slow ""now".slow_query_log_before_avadb (` + original + `timestamp NOT NULL)`,
	}
	for _, statement := range makes {
		if _, err := conn.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	prepare("slowlog/create_table", in(`slow "now`, "1"))
	if _, err := ExtensionRows[struct{}](t.Context(), conn, in(`slow "now`, "1"), "slowlog/create_table"); err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if strings.HasPrefix(name, "slowlog/") && needExtension(t, name) && name != "slowlog/create_table" {
			prepare(name, in(`slow "now`, "1"))
		}
	}
	for schema, version := range map[string]string{"zoneless": "0", "zoned": "0.1", "avadb": "2"} { // avadb: the store's own table
		for _, name := range []string{"slowlog/rows", "slowlog/top", "slowlog/extent", "slowlog/thresholds"} {
			prepare(name, in(schema, version))
		}
	}
	if _, err := conn.Exec(t.Context(), `DROP SCHEMA "slow ""now", zoneless, zoned CASCADE`); err != nil {
		t.Fatal(err)
	}
}

// prepareWarmup tries the statements that read the extensions of warmup.
func prepareWarmup(t *testing.T, conn *pg.Conn, names []string, prepare func(string, Extension)) {
	t.Helper()
	for _, statement := range []string{
		`CREATE SCHEMA "warm ""up"`, `CREATE EXTENSION pg_prewarm SCHEMA "warm ""up"`, `CREATE EXTENSION pg_buffercache SCHEMA "warm ""up"`,
	} {
		if _, err := conn.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range names {
		if strings.HasPrefix(name, "warmup/") && needExtension(t, name) {
			prepare(name, Extension{Version: "1.2", Schema: `warm "up`})
		}
	}
	if _, err := conn.Exec(t.Context(), `DROP SCHEMA "warm ""up" CASCADE`); err != nil {
		t.Fatal(err)
	}
}

// readable tells whether avadb reads the extension of a version: from 1.8 up, which came with 13.
func readable(version string) bool { return slices.Compare(numbers(version), []int{1, 8}) >= 0 }

func extensionVersions(t *testing.T, conn *pg.Conn) []string {
	t.Helper()
	rows, err := conn.Query(t.Context(), "SELECT version FROM pg_catalog.pg_available_extension_versions WHERE name = 'pg_stat_statements' ORDER BY 1")
	if err != nil {
		t.Fatal(err)
	}
	var versions []string
	for rows.Next() {
		var version string
		if err := rows.Scan(&version); err != nil {
			t.Fatal(err)
		}
		versions = append(versions, version)
	}
	if err := rows.Err(); err != nil || len(versions) < 3 {
		t.Fatal(versions, err)
	}
	return versions
}
