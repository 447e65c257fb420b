package statements

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"avadb/internal/journal"
	"avadb/internal/pg"
)

func mustExecAfter(t *testing.T, statement string) {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	conn, err := pgx.Connect(ctx, shared.DSN("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(ctx) }()
	if _, err := conn.Exec(ctx, statement); err != nil {
		t.Error(err)
	}
}

func (d database) item() *ExtensionItem {
	return NewExtensionItem(pg.NewDatabases(d.avadb, pg.Options{}, nil), d.name)
}

func versions(t *testing.T) []string {
	t.Helper()
	conn := dial(t, "postgres")
	return strings.Split(text(t, conn, `SELECT string_agg(version, ',' ORDER BY string_to_array(version, '.')::int[])
		FROM pg_available_extension_versions WHERE name = 'pg_stat_statements'`), ",")
}

func TestEveryVersionIsReadOrRefused(t *testing.T) {
	for _, version := range versions(t) {
		t.Run(version, func(t *testing.T) {
			d := newDatabase(t, version)
			if (Installed{Version: version}).old() {
				_, err := Since(t.Context(), d.avadb, Ago(time.Hour), Scope{By: ByTotal})
				wantPrerequisite(t, err, "is version "+version, "avadb enable-stats")
			} else {
				mustExec(t, d.app, reset, "SELECT pi()")
				answer := d.since(t, ByTotal)
				if row := answer.row(t, "pi()"); row.Calls != 1 || (row.StatsSince != nil) != versionAtLeast(version, "1.11") {
					t.Errorf("%+v", row)
				}
				if version == "1.8" && (answer.Window.CoveredFrom != nil || answer.Window.Confidence != SinceReset || !strings.Contains(answer.Window.Reasons[0], "older than 1.9")) {
					t.Errorf("window %+v", answer.Window)
				}
			}
			newest := mustFind(t, d).Available
			if err := d.item().Write(t.Context(), journal.Present(newest)); err != nil {
				t.Fatal(err)
			}
			if now, err := d.item().Read(t.Context()); err != nil || now.Text() != newest {
				t.Errorf("after the update: %+v, %v", now, err)
			}
			d.since(t, ByTotal)
		})
	}
}

func versionAtLeast(version, least string) bool {
	all := []string{"1.8", "1.9", "1.10", "1.11", "1.12"}
	return slices.Index(all, version) >= slices.Index(all, least)
}

func TestUpdateKeepsGrants(t *testing.T) {
	for _, version := range []string{"1.6", "1.8"} {
		t.Run(version, func(t *testing.T) {
			d := newDatabase(t, version)
			mustExec(t, d.app, `CREATE ROLE "odd ""one"`, "CREATE ROLE plain_one",
				`GRANT EXECUTE ON FUNCTION pg_stat_statements_reset TO "odd ""one" WITH GRANT OPTION`,
				"GRANT EXECUTE ON FUNCTION pg_stat_statements_reset TO plain_one", "SELECT pi()")
			t.Cleanup(func() {
				mustExecAfter(t, "DROP DATABASE "+d.name+" WITH (FORCE)")
				mustExecAfter(t, `DROP ROLE "odd ""one", plain_one`)
			})
			calls := text(t, d.app, "SELECT sum(calls)::text FROM pg_stat_statements WHERE query = 'SELECT pi()'")
			if err := d.item().Write(t.Context(), journal.Present(mustFind(t, d).Available)); err != nil {
				t.Fatal(err)
			}
			got := text(t, d.app, `SELECT string_agg(coalesce(r.rolname, 'public') || ' ' || a.is_grantable, ', ' ORDER BY r.rolname)
				FROM pg_proc AS p, aclexplode(p.proacl) AS a LEFT JOIN pg_roles AS r ON r.oid = a.grantee
				WHERE p.proname = 'pg_stat_statements_reset' AND a.grantee <> p.proowner`)
			if got != `odd "one true, plain_one false` {
				t.Errorf("grants: %s", got)
			}
			if again := text(t, d.app, "SELECT sum(calls)::text FROM pg_stat_statements WHERE query = 'SELECT pi()'"); again != calls {
				t.Errorf("calls %s, before %s", again, calls)
			}
		})
	}
}

func TestWhatDependsOnTheExtension(t *testing.T) {
	d := newDatabase(t, "1.8")
	mustExec(t, d.app, "CREATE VIEW my_favourites AS SELECT query, calls FROM pg_stat_statements")
	err := d.item().Write(t.Context(), journal.Present(mustFind(t, d).Available))
	wantPrerequisite(t, err, "cannot be updated", "my_favourites", "drop what depends on it")
	err = d.item().Write(t.Context(), journal.Absent())
	var kept *journal.KeptError
	if !errors.As(err, &kept) || !strings.Contains(kept.Reason, "my_favourites") {
		t.Errorf("drop: %v", err)
	}
	if found := mustFind(t, d); found.Version != "1.8" {
		t.Errorf("it is %+v", found)
	}
}

func TestItemCreatesAndDrops(t *testing.T) {
	d := newDatabase(t, "none")
	main := connect(t, shared.DSN("postgres"))
	marked := 0
	databases := pg.NewDatabases(main, pg.Options{}, func(context.Context, *pg.Conn) error { marked++; return nil })
	defer databases.Close()
	item := NewExtensionItem(databases, d.name)
	for range 2 { // the second time there is nothing to do
		if err := item.Write(t.Context(), journal.Present("1.9")); err != nil {
			t.Fatal(err)
		}
	}
	if now, err := item.Read(t.Context()); err != nil || now.Text() != "1.9" || marked != 1 {
		t.Errorf("%+v, %v, marked %d", now, err, marked)
	}
	for range 2 {
		if err := item.Write(t.Context(), journal.Absent()); err != nil {
			t.Fatal(err)
		}
	}
	if now, err := item.Read(t.Context()); err != nil || now.Present {
		t.Errorf("%+v, %v", now, err)
	}
}
