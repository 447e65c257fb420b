package statements

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"avadb/internal/pgtest"
	"avadb/internal/settings"
)

const reset = "SELECT pg_stat_statements_reset()"

func (d database) since(t *testing.T, by By) *Slow {
	t.Helper()
	answer, err := Since(t.Context(), d.avadb, Ago(time.Hour), Scope{Database: d.name, By: by})
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

// work runs statements of different kinds and cost.
func (d database) work(t *testing.T) {
	t.Helper()
	mustExec(t, d.app, "CREATE TABLE IF NOT EXISTS numbers AS SELECT generate_series(1, 5000) AS n", "SELECT pg_sleep(0.02)")
	for range 5 {
		mustExec(t, d.app, "SELECT count(*) FROM numbers", "SELECT n FROM numbers WHERE n < 100", "UPDATE numbers SET n = n WHERE n < 10")
	}
}

func TestSinceShowsWhatTheViewHolds(t *testing.T) {
	d := newDatabase(t, "")
	mustExec(t, d.app, reset)
	d.work(t)
	answer := d.since(t, ByTotal)
	rows, err := d.app.Query(t.Context(), `SELECT queryid::text, calls, total_exec_time, mean_exec_time, min_exec_time, max_exec_time, stddev_exec_time,
			rows, shared_blks_hit, wal_bytes::bigint, s.query
		FROM pg_stat_statements AS s JOIN pg_database AS d ON d.oid = s.dbid
		WHERE d.datname = current_database() AND query !~ '/\*avadb:' ORDER BY total_exec_time DESC`)
	if err != nil {
		t.Fatal(err)
	}
	type seen struct {
		queryID                        string
		calls                          int64
		total, mean, min, max, stddev  float64
		rows, sharedBlksHit, walVolume int64
		query                          string
	}
	want, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (s seen, err error) {
		return s, row.Scan(&s.queryID, &s.calls, &s.total, &s.mean, &s.min, &s.max, &s.stddev, &s.rows, &s.sharedBlksHit, &s.walVolume, &s.query)
	})
	if err != nil {
		t.Fatal(err)
	}
	var got []seen
	share := 0.0
	for _, s := range answer.Statements {
		got = append(got, seen{*s.QueryID, s.Calls, s.TotalMS, s.MeanMS, *s.MinMS, *s.MaxMS, *s.StddevMS, *s.Rows, *s.SharedBlksHit, *s.WALBytes, s.Query})
		share += *s.SharePct
		if s.Confidence != Exact || *s.Database != d.name || *s.User != "postgres" {
			t.Errorf("%+v", s)
		}
	}
	if !slices.Equal(got, want) || len(got) < 5 {
		t.Errorf("avadb\n%+v\nthe view\n%+v", got, want)
	}
	if math.Abs(share-100) > 0.1 {
		t.Errorf("the shares make %v %%", share)
	}
	if answer.Window.Confidence != Exact || len(answer.Window.Reasons) != 1 || !strings.Contains(answer.Window.Reasons[0], "reset at") || *answer.Window.CoveragePct >= 100 {
		t.Errorf("window %+v", answer.Window)
	}
}

func TestOrdersAndScopes(t *testing.T) {
	d := newDatabase(t, "")
	mustExec(t, d.app, reset)
	d.work(t)
	mustExec(t, d.app, "SELECT pg_sleep(3)") // longer than anything else takes, also on a busy machine
	for by, first := range map[By]string{ByTotal: "pg_sleep", ByMean: "pg_sleep", ByMax: "pg_sleep", ByRows: "CREATE TABLE", ByWAL: "CREATE TABLE"} {
		if answer := d.since(t, by); !strings.Contains(answer.Statements[0].Query, first) {
			t.Errorf("by %s: %s comes first", by, answer.Statements[0].Query)
		}
	}
	for _, by := range Orders() {
		last := math.Inf(1)
		answer, err := read(t.Context(), d.avadb, mustFind(t, d).extension(), Scope{Database: d.name, By: by})
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range answer.Entries {
			if weight := c.Weight(by); weight > last {
				t.Errorf("by %s: %v after %v", by, weight, last)
			} else {
				last = weight
			}
		}
	}
	answer, err := Since(t.Context(), d.avadb, Ago(time.Hour), Scope{Database: d.name, By: ByCalls, Limit: 2, MinCalls: 5})
	if err != nil || len(answer.Statements) != 2 || answer.Statements[1].Calls < 5 {
		t.Errorf("%+v, %v", answer, err)
	}
	for _, scope := range []Scope{{Database: "nosuch"}, {User: "nosuch"}, {Database: d.name, MinCalls: 1000}} {
		scope.By = ByTotal
		if answer, err := Since(t.Context(), d.avadb, Ago(time.Hour), scope); err != nil || len(answer.Statements) != 0 {
			t.Errorf("%+v: %+v, %v", scope, answer, err)
		}
	}
}

func mustFind(t *testing.T, d database) Installed {
	t.Helper()
	found, err := Find(t.Context(), d.avadb)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestOwnStatementsAreLeftOut(t *testing.T) {
	d := newDatabase(t, "")
	mustExec(t, d.app, reset, "SELECT pi() AS theirs")
	another := connect(t, shared.DSN(d.name))
	for range 2 {
		d.since(t, ByTotal)
		if _, err := settings.Read(t.Context(), another); err != nil {
			t.Fatal(err)
		}
		if _, err := Sample(t.Context(), another, time.Millisecond, Scope{By: ByTotal}); err != nil {
			t.Fatal(err)
		}
		if _, err := Names(t.Context(), another); err != nil {
			t.Fatal(err)
		}
	}
	for _, row := range d.since(t, ByCalls).Statements {
		if !strings.Contains(row.Query, "pi()") && !strings.Contains(row.Query, "pg_stat_statements_reset") {
			t.Errorf("no statement of the application: %s", row.Query)
		}
	}
	if text(t, d.app, `SELECT (count(*) > 5)::text FROM pg_stat_statements WHERE query ~ '/\*avadb:'`) != "true" {
		t.Error("avadb's own statements are not in the view, so that nothing was proven")
	}
}

func TestStatementsOfOthersAreOneNumber(t *testing.T) {
	d := newDatabase(t, "")
	mustExec(t, d.app, reset, "CREATE ROLE looker LOGIN")
	t.Cleanup(func() { mustExecAfter(t, "DROP ROLE looker") })
	d.work(t)
	d.avadb = connect(t, strings.Replace(shared.DSN(d.name), "user=postgres", "user=looker", 1))
	if answer := d.since(t, ByTotal); answer.NotVisible < 5 || len(answer.Statements) != 0 {
		t.Errorf("%+v", answer)
	}
}

func TestNestedStatements(t *testing.T) {
	d := newDatabase(t, "")
	mustExec(t, d.app, "SET pg_stat_statements.track = 'all'", `CREATE FUNCTION outer_one() RETURNS bigint LANGUAGE plpgsql AS
		$$ BEGIN RETURN (SELECT sum(n) FROM generate_series(1, 50000) AS inner_one(n)); END $$`, reset, "SELECT outer_one()")
	answer := d.since(t, ByTotal)
	inner, outer := answer.row(t, "inner_one"), answer.row(t, "SELECT outer_one()")
	if !slices.Equal(inner.Flags, []string{"nested"}) || inner.SharePct != nil {
		t.Errorf("the nested one: %+v", inner)
	}
	if len(outer.Flags) != 0 || outer.SharePct == nil || *outer.SharePct > 100 || outer.TotalMS < inner.TotalMS {
		t.Errorf("the calling one: %+v", outer)
	}
}

func TestMinMaxReset(t *testing.T) {
	if shared.Major < 17 { // the counters have no reset of min and max alone: nothing is ever hidden
		c := Counters{MaxMS: 0}
		if c.minmaxWasReset() {
			t.Error("hidden without a reset")
		}
		return
	}
	d := newDatabase(t, "")
	mustExec(t, d.app, reset, "SELECT pi() AS theirs", "SELECT pg_stat_statements_reset(0, 0, 0, true)")
	if row := d.since(t, ByTotal).row(t, "pi()"); row.MinMS != nil || row.MaxMS != nil || row.Calls != 1 || row.TotalMS == 0 {
		t.Errorf("after the reset: %+v", row)
	}
	mustExec(t, d.app, "SELECT pi() AS theirs")
	if row := d.since(t, ByTotal).row(t, "pi()"); row.MinMS == nil || *row.MaxMS <= 0 || row.Calls != 2 {
		t.Errorf("after one more call: %+v", row)
	}
}

func TestWithoutExtensionOrLibrary(t *testing.T) {
	d := newDatabase(t, "none")
	_, err := Since(t.Context(), d.avadb, Ago(time.Hour), Scope{By: ByTotal})
	wantPrerequisite(t, err, "is not in database "+d.name, "avadb enable-stats")

	bare, err := pgtest.Start(t.Context(), shared.Install, pgtest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = bare.Close() }()
	conn := connect(t, bare.DSN("postgres"))
	if _, err := conn.Exec(t.Context(), "CREATE EXTENSION pg_stat_statements SCHEMA public"); err != nil {
		t.Fatal(err)
	}
	if proof, err := Prove(t.Context(), conn); proof.Loaded || err != nil {
		t.Errorf("proof: %+v, %v", proof, err)
	}
	_, err = Since(t.Context(), conn, Ago(time.Hour), Scope{By: ByTotal})
	wantPrerequisite(t, err, "is not loaded", "avadb enable-stats")
	_, err = Sample(t.Context(), conn, time.Millisecond, Scope{By: ByTotal})
	wantPrerequisite(t, err, "is not loaded", "avadb enable-stats")
}
