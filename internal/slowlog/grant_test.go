package slowlog

import (
	"strings"
	"testing"

	"avadb/internal/fault"
	"avadb/internal/journal"
	"avadb/internal/pg"
)

func TestGrantItemNames(t *testing.T) {
	for _, name := range []string{"public", `odd "schema`, `a" TO "b`, "über.schema", "", " "} {
		for _, privilege := range []string{"INSERT", "USAGE"} {
			item := NewGrantItem(nil, "shop", privilege, name, `role "of `+name)
			again, err := ParseGrantItem(nil, "shop", item.Name())
			if err != nil || *again != *item {
				t.Errorf("%s: %+v, %v", item.Name(), again, err)
			}
		}
	}
}

func FuzzParseGrantItem(f *testing.F) {
	f.Add(`INSERT ON TABLE "public"."slow_query_log" TO "app"`)
	f.Add(`USAGE ON SCHEMA "a"" TO ""b" TO "c"`)
	f.Add(`USAGE ON SCHEMA "`)
	f.Fuzz(func(t *testing.T, name string) {
		item, err := ParseGrantItem(nil, "shop", name)
		if err == nil && item.Name() != name {
			t.Errorf("%q became %q", name, item.Name())
		}
	})
}

func TestGrantIsGivenAndTakenBack(t *testing.T) {
	r := newRig(t, `CREATE SCHEMA "Own ""one"`, `CREATE ROLE "g'app"`, "CREATE ROLE g_group", "CREATE ROLE g_member IN ROLE g_group")
	item := NewTableItem(r.databases, r.name, `Own "one`, "", nil)
	if err := item.Write(t.Context(), journal.Present(string(Current))); err != nil {
		t.Fatal(err)
	}
	table, err := Find(t.Context(), r.conn, "")
	if err != nil || table.Schema != `Own "one` {
		t.Fatal(table, err)
	}
	grants, err := table.MissingGrants(t.Context(), r.conn, r.databases, []string{`g'app`, "g_group"})
	if err != nil || len(grants) != 4 {
		t.Fatal(grants, err)
	}
	for _, grant := range grants {
		if err := grant.Write(t.Context(), journal.Present("")); err != nil {
			t.Fatal(err)
		}
		if state, err := grant.Read(t.Context()); err != nil || !state.Present {
			t.Error(grant.Name(), state, err)
		}
	}
	if missing, err := table.MissingGrants(t.Context(), r.conn, r.databases, []string{`g'app`, "g_group", "g_member"}); err != nil || len(missing) != 0 {
		t.Error("a member has what its group has:", missing, err)
	}
	for _, grant := range grants {
		if err := grant.Write(t.Context(), journal.Absent()); err != nil {
			t.Fatal(err)
		}
		if state, err := grant.Read(t.Context()); err != nil || state.Present {
			t.Error(grant.Name(), state, err)
		}
	}
	run(t, r.admin, `DROP TABLE "Own ""one".slow_query_log`)
	if state, err := grants[0].Read(t.Context()); err != nil || state.Present {
		t.Error("without its table:", state, err)
	}
}

func TestWritersAndWhatTheyLack(t *testing.T) {
	r := newRig(t, "CREATE SCHEMA own", original, "ALTER TABLE slow_query_log SET SCHEMA own", "CREATE ROLE w_ready LOGIN", "CREATE ROLE w_sequence LOGIN", "CREATE ROLE w_schema LOGIN",
		"GRANT INSERT ON own.slow_query_log TO w_ready, w_sequence, w_schema", "GRANT USAGE ON SCHEMA own TO w_ready, w_sequence", "GRANT USAGE ON SEQUENCE own.slow_query_log_id_seq TO w_ready")
	table, err := Find(t.Context(), r.conn, "")
	if err != nil {
		t.Fatal(err)
	}
	writers, err := table.Writers(t.Context(), r.conn)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, w := range writers {
		got[w.Role] = "ready"
		if w.Missing != nil {
			got[w.Role] = *w.Missing
		}
	}
	want := map[string]string{
		"w_ready": "ready", "postgres": "ready",
		"w_sequence": `GRANT USAGE ON SEQUENCE own.slow_query_log_id_seq TO "w_sequence"`,
		"w_schema":   `GRANT USAGE ON SCHEMA "own" TO "w_schema"`,
	}
	for role, state := range want {
		if got[role] != state {
			t.Errorf("%s: %q, want %q", role, got[role], state)
		}
	}
	run(t, r.admin, want["w_sequence"]) // what is named is enough
	if got := value(t, r.admin, "SELECT has_sequence_privilege('w_sequence', 'own.slow_query_log_id_seq', 'USAGE')"); got != "true" {
		t.Error(got)
	}
}

// Without the right to grant, the server only warns: that is no grant.
func TestGrantWithoutTheRight(t *testing.T) {
	r := newRig(t, "CREATE ROLE g_tuner LOGIN", "CREATE ROLE g_writer", "CREATE SCHEMA logs", "GRANT USAGE, CREATE ON SCHEMA logs TO g_tuner")
	target, err := pg.Resolve(pg.Sources{DSN: strings.Replace(shared.DSN(r.name), "user=postgres", "user=g_tuner", 1)})
	if err != nil {
		t.Fatal(err)
	}
	conn, err := pg.Connect(t.Context(), target, pg.Options{Changes: true})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	databases := pg.NewDatabases(conn, pg.Options{}, nil)
	table, err := Find(t.Context(), conn, "logs")
	if err != nil {
		t.Fatal(err)
	}
	_, err = table.MissingGrants(t.Context(), conn, databases, []string{"g_writer"})
	if f := fault.As(err); f == nil || f.Kind != fault.Privilege || f.Hint != `as "postgres": GRANT USAGE ON SCHEMA "logs" TO "g_writer"` {
		t.Errorf("%+v", f)
	}
	err = NewGrantItem(databases, r.name, "USAGE", "logs", "g_writer").Write(t.Context(), journal.Present("USAGE"))
	if f := fault.As(err); f == nil || f.Kind != fault.Privilege {
		t.Error(err)
	}
}
