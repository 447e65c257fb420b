package history

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"avadb/internal/query"
	"avadb/internal/slowlog"
)

// withTable makes the watched database's own table, as slowlog init does.
func (r *rig) withTable(t *testing.T) {
	t.Helper()
	conn := connect(t, shared.DSN(r.Name))
	for _, name := range []string{"slowlog/create_table", "slowlog/create_index"} {
		if _, err := query.ExtensionRows[struct{}](t.Context(), conn, query.Extension{Version: "1", Schema: "public"}, name); err != nil {
			t.Fatal(err)
		}
	}
	conn.Close()
}

// asleep runs a statement in a session of its own until the test, or end, stops it. It returns once that runs for some time.
func (r *rig) asleep(t *testing.T, sql string) (end func()) {
	t.Helper()
	conn := dial(t, shared.DSN(r.Name))
	pid, ctx := conn.PgConn().PID(), context.WithoutCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = conn.Exec(ctx, sql, pgx.QueryExecModeSimpleProtocol)
	}()
	end = func() {
		if _, err := r.admin.Exec(ctx, "SELECT pg_terminate_backend($1)", pid); err != nil {
			t.Error(err)
		}
		<-done
		await(t, r.admin, fmt.Sprintf("SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = %d)", pid)) //nolint:contextcheck // also once the test is over
	}
	t.Cleanup(end)
	await(t, r.admin, fmt.Sprintf("SELECT EXISTS (SELECT FROM pg_stat_activity WHERE pid = %d AND state = 'active' AND query_start < clock_timestamp() - interval '150 ms')", pid))
	return end
}

const sleeping = "SELECT pg_sleep(60), 'geheim' AS kennwort"

func TestRunningStatements(t *testing.T) {
	r := newRig(t)
	end := r.asleep(t, sleeping)
	c := r.collector(t)
	first := collect(t, c)
	if first.Running != 1 || first.Table == nil || *first.Table != "avadb.slow_query_log" {
		t.Errorf("the first: %+v", first)
	}
	const row = "SELECT duration_ms FROM avadb.slow_query_log WHERE origin = 'activity' AND calls = 1 AND threshold_ms = 100 AND dbname LIKE 'of_%' AND usename = 'postgres' AND pid > 0"
	before := text(t, r.admin, row)
	time.Sleep(20 * time.Millisecond)
	collect(t, c)
	if after := text(t, r.admin, row); before == "" || after <= before && len(after) == len(before) || strings.Contains(after, " ") {
		t.Errorf("it ran for %s, then for %s ms", before, after)
	}
	end()
	if done := collect(t, c); done.Running != 0 || done.Table != nil {
		t.Errorf("it has ended: %+v", done)
	}
	if got := text(t, r.admin, "SELECT query FROM avadb.slow_query_log"); strings.Contains(got, "geheim") || !strings.Contains(strings.ToLower(got), "pg_sleep") {
		t.Errorf("the text %q", got)
	}
}

func TestLiteralsAreKeptWhereTheyAreAskedFor(t *testing.T) {
	r := newRig(t)
	r.asleep(t, sleeping)
	collect(t, r.collector(t, func(o *Options) { o.KeepLiterals = true }))
	if got := text(t, r.admin, "SELECT query FROM avadb.slow_query_log"); got != sleeping {
		t.Errorf("the text %q", got)
	}
}

func TestSlowIntervals(t *testing.T) {
	r := newRig(t)
	r.withTable(t)
	c := r.collector(t)
	collect(t, c)
	run(t, r.app, "SELECT pg_sleep(0.11)", "SELECT pg_sleep(0.12)", known)
	done := collect(t, c)
	if done.Intervals == 0 || done.Table == nil || *done.Table != `"public"."slow_query_log"` {
		t.Errorf("%+v", done)
	}
	const row = `SELECT (calls = 2 AND duration_ms BETWEEN 110 AND 1000 AND origin = 'stats' AND query = 'SELECT pg_sleep($1)' AND queryid IS NOT NULL AND pid IS NULL) FROM slow_query_log WHERE query LIKE '%pg_sleep%'`
	if got := text(t, r.app, row); got != "true" {
		t.Errorf("the row: %s", got)
	}
	if got := text(t, r.admin, "SELECT count(*) FROM avadb.slow_query_log"); got != "0" {
		t.Errorf("%s rows in the store", got)
	}
}

// The table's rights decide what becomes of an execution that is seen twice. Triggers run as the table's owner.
func TestTablesRights(t *testing.T) {
	r := newRig(t, "DROP ROLE IF EXISTS h_writer, h_app", "CREATE ROLE h_writer LOGIN IN ROLE pg_monitor", "CREATE ROLE h_app")
	r.withTable(t)
	run(t, r.admin, "GRANT CREATE ON DATABASE "+r.Store+" TO h_writer")
	r.asleep(t, sleeping)
	c := r.collectorAs(t, shared.DSN(r.Name)+" user=h_writer")
	if done := collect(t, c); *done.Table != "avadb.slow_query_log" {
		t.Errorf("no right at all: %+v", done)
	}
	run(t, r.app, "GRANT INSERT ON slow_query_log TO h_writer")
	collect(t, c)
	first := text(t, r.app, "SELECT duration_ms FROM slow_query_log")
	collect(t, c)
	if again := text(t, r.app, "SELECT duration_ms FROM slow_query_log"); first == "" || again != first {
		t.Errorf("INSERT alone: %s, then %s", first, again)
	}
	run(t, r.app, "GRANT SELECT, UPDATE ON slow_query_log TO h_writer")
	collect(t, c)
	if again := text(t, r.app, "SELECT duration_ms FROM slow_query_log"); again == first || strings.Contains(again, " ") {
		t.Errorf("with UPDATE: %s, then %s", first, again)
	}
	stop(t, c)

	run(t, r.app, "ALTER TABLE slow_query_log OWNER TO h_app", "GRANT CREATE ON SCHEMA public TO h_app", "CREATE TABLE ran (who text)", "ALTER TABLE ran OWNER TO h_app",
		"CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO public.ran VALUES (CURRENT_USER); RETURN NEW; END'",
		"CREATE TRIGGER tell BEFORE INSERT ON slow_query_log FOR EACH ROW EXECUTE FUNCTION tell()")
	super := r.collectorAs(t, shared.DSN(r.Name), func(o *Options) { o.Store = "postgres" })
	if done := collect(t, super); *done.Table != "avadb.slow_query_log" {
		t.Errorf("a superuser writes to a table whose owner can borrow his rights: %s", *done.Table)
	}
	if got := text(t, r.app, "SELECT count(*) FROM ran"); got != "0" {
		t.Errorf("the trigger ran %s times", got)
	}
	run(t, r.app, "DROP TABLE slow_query_log")
	stop(t, super)
	run(t, dial(t, shared.DSN("postgres")), "DROP SCHEMA avadb CASCADE")
}

func TestPruning(t *testing.T) {
	r := newRig(t)
	r.withTable(t)
	c := r.collector(t)
	for i := range 4 {
		run(t, r.app, known, fmt.Sprintf("CREATE TEMP TABLE once_%d (i int)", i))
		collect(t, c)
	}
	run(t, r.admin, "UPDATE avadb.snapshot SET taken_at = taken_at - interval '15 days' WHERE id <= 2", "UPDATE avadb.statement SET first_seen = first_seen - interval '15 days' WHERE id % 2 = 0",
		"INSERT INTO avadb.slow_query_log (server, \"timestamp\", query, duration_ms, threshold_ms) SELECT 1, now() - interval '15 days', 'old', 1, 1 FROM generate_series(1, 10001)")
	run(t, r.app, "INSERT INTO slow_query_log (\"timestamp\", query, duration_ms, threshold_ms, origin) VALUES (now() - interval '15 days', 'old', 1, 1, 'app'), (now() - interval '15 days', 'old', 1, 1, 'stats'), (now(), 'new', 1, 1, 'app')",
		"SELECT pg_stat_statements_reset(0, 0, queryid) FROM pg_stat_statements WHERE query LIKE '%TABLE once_1%'")
	before := time.Now().Add(-14 * 24 * time.Hour)
	would, err := c.store.WouldPrune(t.Context(), c.server.ID, before)
	if err != nil || would.Snapshots != 2 || would.Deltas == 0 || would.Rows != 10001 {
		t.Errorf("it would prune %+v, %v", would, err)
	}
	done := collect(t, c)
	if p := done.Pruned; p == nil || p.Snapshots != 2 || p.Deltas != would.Deltas || p.Rows != 10002 {
		t.Fatalf("pruned %+v", done.Pruned)
	}
	if again := collect(t, c); again.Pruned != nil {
		t.Errorf("pruned again: %+v", again.Pruned)
	}
	if got := text(t, r.admin, "SELECT min(id) || ' ' || (SELECT min(snapshot) FROM avadb.delta) || ' ' || (SELECT count(*) FROM avadb.slow_query_log) FROM avadb.snapshot"); got != "3 3 0" {
		t.Errorf("left: %s", got)
	}
	if got := text(t, r.app, "SELECT query FROM slow_query_log WHERE query IN ('old', 'new') ORDER BY id"); got != "old new" {
		t.Errorf("in the application's table: %s", got)
	}
	const lost = "SELECT count(*) FROM avadb.counter AS c WHERE NOT EXISTS (SELECT FROM avadb.statement AS s WHERE s.id = c.statement)"
	if got := text(t, r.admin, lost); got != "0" {
		t.Errorf("%s counters without a statement", got)
	}
	table, err := slowlog.Find(t.Context(), c.conn, "")
	if err != nil {
		t.Fatal(err)
	}
	if rows, err := table.Prune(t.Context(), c.conn, before, true); rows != 1 || err != nil {
		t.Errorf("%d rows of applications, %v", rows, err)
	}
}

// However old it is, the newest snapshot stays: the next one is compared with it.
func TestPruningKeepsTheNewest(t *testing.T) {
	r := newRig(t)
	c := r.collector(t)
	collect(t, c)
	collect(t, c)
	if _, err := c.store.Prune(t.Context(), c.server.ID, time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if got := text(t, r.admin, "SELECT id FROM avadb.snapshot"); got != "2" {
		t.Errorf("snapshots: %s", got)
	}
	run(t, r.app, known)
	if done := collect(t, c); done.Snapshot != 3 || len(done.Flags) != 0 {
		t.Errorf("%+v", done)
	}
}
