package slowlog

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"avadb/internal/fault"
	"avadb/internal/journal"
	"avadb/internal/pg"
)

// insert is what the applications of the original table do.
const insert = "INSERT INTO slow_query_log (query, duration_ms, threshold_ms, query_signature) VALUES ($1, $2, $3, $4)"

// writer inserts until it is told to stop, in the session of a role with nothing but INSERT and a time zone of its own, and
// notes what the server's clock said before and after.
func writer(ctx context.Context, stop <-chan struct{}, dsn string, n int, written *atomic.Int64) error {
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	if _, err := conn.Exec(ctx, "SELECT 1 / (current_user = 'berliner')::int"); err != nil {
		return err
	}
	for i := 0; ; i++ {
		select {
		case <-stop:
			return nil
		default:
		}
		if _, err := conn.Exec(ctx, insert, fmt.Sprintf("writer %d row %d", n, i), 150.5, 100, "s"); err != nil {
			return err
		}
		written.Add(1)
	}
}

func TestUpgradeWhileSixWritersInsert(t *testing.T) {
	r := newRig(t, original, "CREATE ROLE berliner LOGIN", "ALTER ROLE berliner SET timezone = 'Europe/Berlin'",
		"GRANT INSERT ON slow_query_log TO berliner", "GRANT USAGE ON SEQUENCE slow_query_log_id_seq TO berliner",
		// An hour before and after the clock went back, as Berlin's wall clocks showed it, and a row of summer.
		`INSERT INTO slow_query_log (query, duration_ms, threshold_ms, timestamp) SELECT 'old ' || g, g % 900, 100, '2026-10-25 00:30'::timestamp + g * interval '1 second' FROM generate_series(1, 30000) AS g`,
		`INSERT INTO slow_query_log (query, duration_ms, threshold_ms, timestamp) VALUES ('summer', 99999999.99, 100, '2026-07-01 12:00')`)
	want := value(t, r.admin, `SELECT md5(string_agg(concat_ws('|', id, query, duration_ms, threshold_ms, "timestamp" AT TIME ZONE 'Europe/Berlin', query_signature), ',' ORDER BY id)) FROM slow_query_log`)
	dsn := strings.Replace(shared.DSN(r.name), "user=postgres", "user=berliner", 1)
	zone, err := r.find(t).Zone(t.Context(), r.conn, "")
	if err != nil || zone != "Europe/Berlin" {
		t.Fatalf("zone %q, %v", zone, err)
	}

	begun := time.Now()
	stop := make(chan struct{})
	var written atomic.Int64
	failures := make(chan error, 6)
	var writers sync.WaitGroup
	for n := range 6 {
		writers.Go(func() {
			if err := writer(t.Context(), stop, dsn, n, &written); err != nil {
				failures <- err
			}
		})
	}
	for written.Load() < 300 && len(failures) == 0 {
		time.Sleep(time.Millisecond)
	}
	err = r.item(zone, nil).Write(t.Context(), journal.Present(string(Current)))
	after := written.Load()
	for written.Load() < after+300 && len(failures) == 0 && err == nil {
		time.Sleep(time.Millisecond)
	}
	close(stop)
	writers.Wait()
	close(failures)
	for failure := range failures {
		t.Errorf("a writer failed: %v", failure)
	}
	if err != nil {
		t.Fatal(err)
	}

	if layout := r.find(t).Layout(); layout != Current {
		t.Errorf("layout %q", layout)
	}
	if got := value(t, r.admin, "SELECT count(*) FROM slow_query_log WHERE query LIKE 'writer%'"); got != fmt.Sprint(written.Load()) {
		t.Errorf("%s rows of the writers, they made %d", got, written.Load())
	}
	if got := value(t, r.admin, `SELECT md5(string_agg(concat_ws('|', id, query, duration_ms, threshold_ms, "timestamp", query_signature), ',' ORDER BY id)) FROM slow_query_log WHERE query NOT LIKE 'writer%'`); got != want {
		t.Error("the old rows are not what they were")
	}
	// What the writers put in before the upgrade in Berlin's wall time and after it as a moment is of these minutes.
	if got := value(t, r.admin, "SELECT count(*) FROM slow_query_log WHERE query LIKE 'writer%' AND timestamp NOT BETWEEN $1 AND clock_timestamp()", begun.Add(-time.Second)); got != "0" {
		t.Errorf("%s timestamps moved", got)
	}
	if got := value(t, r.admin, "SELECT to_regclass('slow_query_log_before_avadb') IS NULL"); got != "true" {
		t.Error("the old table is still there")
	}
}

func TestUpgradeKeepsOwnerAndPrivileges(t *testing.T) {
	r := newRig(t, original, "CREATE ROLE keeper", "CREATE ROLE reader", `CREATE ROLE "wri""ter"`, "CREATE ROLE narrow", "CREATE ROLE never",
		"ALTER TABLE slow_query_log OWNER TO keeper", "GRANT SELECT ON slow_query_log TO reader WITH GRANT OPTION", "GRANT SELECT ON slow_query_log TO PUBLIC",
		`GRANT INSERT ON slow_query_log TO "wri""ter"`, `GRANT USAGE, SELECT ON SEQUENCE slow_query_log_id_seq TO "wri""ter"`,
		"GRANT INSERT (query, duration_ms, threshold_ms) ON slow_query_log TO narrow",
		"ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO never", "ALTER DEFAULT PRIVILEGES GRANT ALL ON SEQUENCES TO never")
	const acl = `SELECT string_agg(x, E'\n' ORDER BY x) FROM (
		SELECT 'owner ' || relowner::regrole FROM pg_class WHERE oid = 'slow_query_log'::regclass
		UNION ALL SELECT a::text FROM pg_class, aclexplode(relacl) AS a WHERE oid = 'slow_query_log'::regclass
		UNION ALL SELECT 'sequence ' || a::text FROM pg_class, aclexplode(relacl) AS a WHERE oid = 'slow_query_log_id_seq'::regclass
		UNION ALL SELECT attname || a::text FROM pg_attribute, aclexplode(attacl) AS a WHERE attrelid = 'slow_query_log'::regclass) AS every(x)`
	before := value(t, r.admin, acl)
	if err := r.item("UTC", nil).Write(t.Context(), journal.Present(string(Current))); err != nil {
		t.Fatal(err)
	}
	if after := value(t, r.admin, acl); after != before {
		t.Errorf("before:\n%s\nafter:\n%s", before, after)
	}
}

func TestUpgradeGoesOnAfterAnInterrupt(t *testing.T) {
	r := newRig(t, original, "INSERT INTO slow_query_log (query, duration_ms, threshold_ms, timestamp) SELECT 'old', 1, 1, '2026-01-01' FROM generate_series(1, 25000)")
	ctx, interrupt := context.WithCancel(t.Context())
	err := r.item("Asia/Kolkata", func(int64) { interrupt() }).Write(ctx, journal.Present(string(Current)))
	f := fault.As(err)
	if f == nil || f.Kind != fault.Interrupted || !strings.Contains(f.Hint, "goes on") {
		t.Fatalf("%v (%+v)", err, f)
	}
	state, err := r.item("", nil).Read(t.Context())
	if err != nil || state.Text() != string(Upgrading) {
		t.Fatalf("%v, %v", state, err)
	}
	if got := value(t, r.admin, "SELECT (SELECT count(*) FROM slow_query_log) || '+' || (SELECT count(*) FROM slow_query_log_before_avadb)"); got != "10000+15000" {
		t.Errorf("rows: %s", got)
	}
	if rows, err := r.find(t).CountRows(t.Context(), r.conn); err != nil || rows != 25000 {
		t.Errorf("%d rows, %v", rows, err)
	}
	if _, err := r.find(t).Zone(t.Context(), r.conn, "Europe/Berlin"); fault.As(err) == nil || fault.As(err).Kind != fault.Usage {
		t.Errorf("another zone half-way: %v", err)
	}
	zone, err := r.find(t).Zone(t.Context(), r.conn, "")
	if err != nil || zone != "Asia/Kolkata" {
		t.Fatal(zone, err)
	}
	run(t, r.admin, "INSERT INTO slow_query_log (query, duration_ms, threshold_ms) VALUES ('new', 1, 1)")
	if err := r.item(zone, nil).Write(t.Context(), journal.Present(string(Current))); err != nil {
		t.Fatal(err)
	}
	got := value(t, r.admin, `SELECT count(*) || ' ' || count(DISTINCT id) || ' ' || max(id) || ' ' || count(*) FILTER (WHERE timestamp = '2025-12-31 18:30Z') FROM slow_query_log`)
	if got != "25001 25001 25001 25000" {
		t.Error(got)
	}
}

// A long reader must not make the writers queue behind avadb's own wait.
func TestUpgradeWaitsForALockOnlyForAMoment(t *testing.T) {
	r := newRig(t, original)
	reader := dial(t, shared.DSN(r.name))
	run(t, reader, "BEGIN", "SELECT FROM slow_query_log")
	done := make(chan error, 1)
	go func() { done <- r.item("UTC", nil).Write(t.Context(), journal.Present(string(Current))) }()
	for value(t, r.admin, "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'slow_query_log'::regclass") == "0" {
		time.Sleep(time.Millisecond)
	}
	run(t, r.admin, "INSERT INTO slow_query_log (query, duration_ms, threshold_ms) VALUES ('while it waits', 1, 1)")
	run(t, reader, "COMMIT")
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if got := value(t, r.admin, "SELECT count(*) FROM slow_query_log"); got != "1" {
		t.Error(got)
	}
}

func TestUpgradeRefusesWhatWouldNotFollow(t *testing.T) {
	r := newRig(t, original, "CREATE VIEW slowest AS SELECT query FROM slow_query_log", "CREATE PUBLICATION everything FOR ALL TABLES",
		"CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
		"CREATE TRIGGER watch BEFORE INSERT ON slow_query_log FOR EACH ROW EXECUTE FUNCTION nothing()", "ALTER TABLE slow_query_log ADD CHECK (duration_ms >= 0)",
		"ALTER TABLE slow_query_log ENABLE ROW LEVEL SECURITY", "CREATE POLICY mine ON slow_query_log USING (true)",
		"CREATE TABLE note (slow int REFERENCES slow_query_log)", "CREATE TABLE child () INHERITS (slow_query_log)",
		"CREATE FUNCTION by_row(slow_query_log) RETURNS int LANGUAGE sql AS 'SELECT 1'", "CREATE STATISTICS together ON query, query_signature FROM slow_query_log",
		"ALTER TABLE slow_query_log ALTER threshold_ms SET DEFAULT 100", "ALTER TABLE slow_query_log SET (autovacuum_enabled = off)")
	err := r.find(t).CreateAccess(t.Context(), r.conn)
	f := fault.As(err)
	if f == nil || f.Kind != fault.Prerequisite || !strings.Contains(f.Hint, "subscribers") {
		t.Fatalf("%+v", f)
	}
	for _, word := range []string{
		"on view ", "publication everything", "trigger watch", "constraint slow_query_log_duration_ms_check", "row level security", "policy mine", "constraint note_slow_fkey",
		"inheritance", "by_row(", "statistics object", "default of column threshold_ms: 100", "storage parameters autovacuum_enabled=off",
	} {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("%q is not named: %v", word, err)
		}
	}
}

func TestUpgradeWantsUniqueIDs(t *testing.T) {
	r := newRig(t, strings.Replace(original, " PRIMARY KEY", " NOT NULL", 1), "CREATE INDEX ON slow_query_log (id)")
	if err := r.find(t).CreateAccess(t.Context(), r.conn); err == nil || !strings.Contains(err.Error(), "no unique index on id") {
		t.Error(err)
	}
	run(t, r.admin, "CREATE UNIQUE INDEX ON slow_query_log (id)")
	if err := r.find(t).CreateAccess(t.Context(), r.conn); err != nil {
		t.Error(err)
	}
}

// What the owner of the table hangs on it while it is upgraded runs with the owner's rights, and can lose no row.
func TestUpgradeLendsNobodyItsRights(t *testing.T) {
	r := newRig(t, "CREATE ROLE eve LOGIN", "GRANT CREATE ON SCHEMA public TO eve", "SET ROLE eve", original,
		"INSERT INTO slow_query_log (query, duration_ms, threshold_ms, timestamp) SELECT 'old', 1, 1, '2026-01-01' FROM generate_series(1, 45000)",
		"CREATE FUNCTION take() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RESET ROLE; ALTER ROLE eve SUPERUSER; RETURN coalesce(NEW, OLD); END'",
		"CREATE FUNCTION taken() RETURNS text LANGUAGE plpgsql AS 'BEGIN RESET ROLE; ALTER ROLE eve SUPERUSER; RETURN ''app''; END'")
	for _, hang := range []struct{ what, undo, said string }{
		{"CREATE TRIGGER evil BEFORE INSERT ON slow_query_log FOR EACH ROW EXECUTE FUNCTION take()", "DROP TRIGGER evil ON slow_query_log", "trigger evil"},
		{"CREATE TRIGGER evil BEFORE DELETE ON slow_query_log_before_avadb FOR EACH ROW EXECUTE FUNCTION take()", "DROP TRIGGER evil ON slow_query_log_before_avadb", "trigger evil"},
		{"ALTER TABLE slow_query_log ALTER origin SET DEFAULT taken()", "ALTER TABLE slow_query_log ALTER origin SET DEFAULT 'app'", "default of column origin"},
		{"ALTER TABLE slow_query_log ADD CONSTRAINT evil CHECK (taken() = 'app') NOT VALID", "ALTER TABLE slow_query_log DROP CONSTRAINT evil", "constraint evil"},
	} {
		hung := false
		err := r.item("UTC", func(int64) {
			if !hung {
				run(t, r.admin, hang.what)
				hung = true
			}
		}).Write(t.Context(), journal.Present(string(Current)))
		if err == nil || !strings.Contains(err.Error(), hang.said) || !strings.Contains(err.Error(), "would run with the rights of") {
			t.Errorf("%s: %v", hang.what, err)
		}
		if got := value(t, r.admin, "SELECT rolsuper FROM pg_roles WHERE rolname = 'eve'"); got != "false" {
			t.Fatalf("eve became a superuser: %s", hang.what)
		}
		run(t, r.admin, hang.undo)
	}
	if err := r.item("UTC", nil).Write(t.Context(), journal.Present(string(Current))); err != nil {
		t.Fatal(err)
	}
	if got := value(t, r.admin, "SELECT count(*) FROM slow_query_log"); got != "45000" {
		t.Error(got)
	}
}

// What keeps rows out of a table that is one's own stops the upgrade instead of losing them.
func TestUpgradeLosesNoRow(t *testing.T) {
	r := newRig(t, original, "INSERT INTO slow_query_log (query, duration_ms, threshold_ms, timestamp) SELECT 'old', 1, 1, '2026-01-01' FROM generate_series(1, 15000)",
		"CREATE FUNCTION lose() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'")
	err := r.item("UTC", func(rows int64) {
		if rows == batch {
			run(t, r.admin, "CREATE TRIGGER loses BEFORE INSERT ON slow_query_log FOR EACH ROW EXECUTE FUNCTION lose()")
		}
	}).Write(t.Context(), journal.Present(string(Current)))
	if err == nil || !strings.Contains(err.Error(), "of 5000 rows only 0 came into") {
		t.Errorf("rows were lost: %v", err)
	}
	run(t, r.admin, "DROP TRIGGER loses ON slow_query_log")
	if err := r.item("UTC", nil).Write(t.Context(), journal.Present(string(Current))); err != nil {
		t.Fatal(err)
	}
	if got := value(t, r.admin, "SELECT count(*) FROM slow_query_log"); got != "15000" {
		t.Error(got)
	}
}

func TestUpgradeLeavesTablesOfTwoOwnersAlone(t *testing.T) {
	r := newRig(t, "CREATE ROLE mallory")
	if err := r.item("", nil).Write(t.Context(), journal.Present(string(Current))); err != nil {
		t.Fatal(err)
	}
	run(t, r.admin, "CREATE TABLE slow_query_log_before_avadb (id int)", "ALTER TABLE slow_query_log_before_avadb OWNER TO mallory")
	if layout := r.find(t).Layout(); layout != Foreign {
		t.Errorf("layout %q", layout)
	}
}

func TestUpgradeThatLostItsZone(t *testing.T) {
	r := newRig(t, original, "INSERT INTO slow_query_log (query, duration_ms, threshold_ms, timestamp) SELECT 'old', 1, 1, '2026-01-01' FROM generate_series(1, 15000)",
		"COMMENT ON TABLE slow_query_log IS 'mine'")
	ctx, interrupt := context.WithCancel(t.Context())
	if err := r.item("Asia/Kolkata", func(int64) { interrupt() }).Write(ctx, journal.Present(string(Current))); err == nil {
		t.Fatal("not interrupted")
	}
	run(t, r.admin, "COMMENT ON TABLE slow_query_log_before_avadb IS NULL")
	if _, err := r.find(t).Zone(t.Context(), r.conn, ""); fault.As(err) == nil || !strings.Contains(err.Error(), "is lost with the comment") {
		t.Error(err)
	}
	if err := r.item("", nil).Write(t.Context(), journal.Present(string(Current))); err == nil || !strings.Contains(err.Error(), "have no zone") {
		t.Error(err)
	}
	if err := r.item("Asia/Kolkata", nil).Write(t.Context(), journal.Present(string(Current))); err != nil {
		t.Fatal(err)
	}
	if got := value(t, r.admin, "SELECT count(*) || obj_description('slow_query_log'::regclass) FROM slow_query_log WHERE timestamp = '2025-12-31 18:30Z'"); got != "15000mine" {
		t.Error(got)
	}
}

// Row level security hides rows from their own owner, where it is forced: a table is not empty because nothing is seen.
func TestHiddenRowsAreNotDropped(t *testing.T) {
	r := newRig(t, "CREATE ROLE hider LOGIN", "GRANT CREATE ON SCHEMA public TO hider")
	target, err := pg.Resolve(pg.Sources{DSN: strings.Replace(shared.DSN(r.name), "user=postgres", "user=hider", 1)})
	if err != nil {
		t.Fatal(err)
	}
	conn, err := pg.Connect(t.Context(), target, pg.Options{Changes: true})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	item := NewTableItem(pg.NewDatabases(conn, pg.Options{}, nil), r.name, DefaultSchema, "", nil)
	if err := item.Write(t.Context(), journal.Present(string(Current))); err != nil {
		t.Fatal(err)
	}
	run(t, r.admin, "INSERT INTO slow_query_log (query, duration_ms, threshold_ms) VALUES ('mine', 1, 1)", "ALTER TABLE slow_query_log ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
	if err := item.Write(t.Context(), journal.Absent()); err == nil || !strings.Contains(err.Error(), "row-level security") {
		t.Error(err)
	}
	if got := value(t, r.admin, "SELECT count(*) FROM slow_query_log"); got != "1" {
		t.Error(got)
	}
}

func TestLayouts(t *testing.T) {
	for name, c := range map[string]struct {
		ddl  string
		want Layout
	}{
		"original":        {original, Original},
		"bigint, zoned":   {`CREATE TABLE slow_query_log (id bigserial PRIMARY KEY, query text NOT NULL, duration_ms numeric(14,2) NOT NULL, threshold_ms numeric(10,2) NOT NULL, timestamp timestamptz NOT NULL, query_signature text)`, Original},
		"a column more":   {original + "ALTER TABLE slow_query_log ADD request_id text", Foreign},
		"other digits":    {original + "ALTER TABLE slow_query_log ALTER duration_ms TYPE numeric(12,4)", Foreign},
		"bounded text":    {original + "ALTER TABLE slow_query_log ALTER query_signature TYPE varchar(64), ALTER query TYPE varchar", Original},
		"nulls":           {original + "ALTER TABLE slow_query_log ALTER query DROP NOT NULL", Foreign},
		"a view":          {`CREATE VIEW slow_query_log AS SELECT 1 AS id`, Foreign},
		"a partitioned":   {`CREATE TABLE slow_query_log (id int) PARTITION BY RANGE (id)`, Foreign},
		"no table":        {`SELECT 1`, None},
		"a leftover":      {`CREATE TABLE slow_query_log_before_avadb (id int)`, Foreign},
		"current":         {"", Current},
		"current widened": {"ALTER TABLE slow_query_log ADD request_id text", Current},
	} {
		t.Run(strings.NewReplacer(" ", "_", ",", "").Replace(name), func(t *testing.T) {
			r := newRig(t)
			if strings.HasPrefix(name, "current") {
				if err := r.item("", nil).Write(t.Context(), journal.Present(string(Current))); err != nil {
					t.Fatal(err)
				}
			}
			run(t, r.admin, c.ddl)
			table := r.find(t)
			if table.Layout() != c.want {
				t.Errorf("layout %q, want %q: %q", table.Layout(), c.want, table.Columns)
			}
			if c.want == Foreign {
				if f := fault.As(table.Unknown()); f == nil || f.Hint == "" {
					t.Error("no next step")
				}
			}
		})
	}
}

func TestWhatMakesAStrangeTableUsual(t *testing.T) {
	r := newRig(t, `CREATE TABLE slow_query_log (id serial PRIMARY KEY, timestamp timestamp DEFAULT now(), query text NOT NULL,
		duration_ms numeric(12,4) NOT NULL, threshold_ms numeric(10,2), query_signature varchar(64))`)
	f := fault.As(r.find(t).Unknown())
	want := `ALTER TABLE "public"."slow_query_log" ALTER "timestamp" SET NOT NULL, ALTER "duration_ms" TYPE numeric(10,2), ALTER "threshold_ms" SET NOT NULL`
	statement, _, _ := strings.Cut(f.Hint, ";")
	if statement != want {
		t.Fatalf("%s, want %s", statement, want)
	}
	run(t, r.admin, statement)
	if layout := r.find(t).Layout(); layout != Original {
		t.Errorf("layout %q", layout)
	}
}
