package history

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"avadb/internal/fault"
)

const known = "SELECT n FROM numbers WHERE n > 3"

func TestOnlyWhatRanIsWritten(t *testing.T) {
	r := newRig(t)
	run(t, r.app, known, known, "SELECT count(*) FROM numbers")
	c := r.collector(t)
	first := collect(t, c)
	if first.Snapshot != 1 || first.From != nil || !first.Gap || strings.Join(first.Flags, " ") != FlagFirst || first.Changed != 0 || first.New == 0 || first.Bytes == 0 {
		t.Errorf("the first: %+v", first)
	}
	for range 5 {
		run(t, r.app, known)
	}
	run(t, r.app, "SELECT max(n) FROM numbers")
	second := collect(t, c)
	if second.Snapshot != 2 || !second.From.Equal(first.TakenAt) || second.Gap || len(second.Flags) != 0 || second.Changed != 2 || second.ServerMS <= 0 {
		t.Errorf("the second: %+v", second)
	}
	if third := collect(t, c); third.Changed != 0 {
		t.Errorf("nothing ran: %+v", third)
	}
	if got := r.counted(t, "WHERE n >") + ", " + r.counted(t, "max(n)"); got != "5, 1" {
		t.Errorf("calls %s", got)
	}
	if own := text(t, r.admin, "SELECT count(*) FROM avadb.statement AS s JOIN avadb.counter AS c ON c.statement = s.id WHERE s.own OR s.query LIKE '%/*avadb:%'"); own != "0" {
		t.Errorf("%s counters of avadb's own statements", own)
	}
	row := "SELECT (d.rows = 35 AND d.flags = 0 AND d.total_ms > 0 AND d.squares > 0 AND d.temp_blks_read IS NULL) FROM avadb.delta AS d JOIN avadb.statement AS s ON s.id = d.statement WHERE s.query LIKE '%WHERE n >%'"
	if got := text(t, r.admin, row); got != "true" {
		t.Errorf("the delta: %s", got)
	}
	sums := "SELECT (SELECT count(*) FROM avadb.delta AS d JOIN avadb.counter AS c ON c.statement = d.statement WHERE d.calls > c.calls OR d.squares < 0)"
	if got := text(t, r.admin, sums); got != "0" {
		t.Errorf("%s deltas that exceed their counters", got)
	}
}

// From cron each collection is another process: it goes on from what the store holds.
func TestEachCollectionCanBeAnotherProcess(t *testing.T) {
	r := newRig(t)
	for i := range 3 {
		c := r.collector(t)
		run(t, r.app, known)
		if done := collect(t, c); int(done.Snapshot) != i+1 {
			t.Errorf("snapshot %d", done.Snapshot)
		}
		stop(t, c)
	}
	if got := r.counted(t, "WHERE n >"); got != "1 1" {
		t.Errorf("calls %s", got)
	}
	if got := text(t, r.admin, "SELECT count(*) FROM avadb.server"); got != "1" {
		t.Errorf("%s servers", got)
	}
}

func TestResetsAndEvictions(t *testing.T) {
	r := newRig(t)
	c := r.collector(t)
	collect(t, c)
	run(t, r.app, known, known, known, known)
	collect(t, c)

	run(t, r.app, "SELECT pg_stat_statements_reset()", known)
	if done := collect(t, c); !done.Gap || strings.Join(done.Flags, " ") != FlagReset {
		t.Errorf("a reset of all: %+v", done)
	}
	run(t, r.app, known, known, "SELECT pg_stat_statements_reset(0, 0, queryid) FROM pg_stat_statements WHERE query LIKE 'SELECT n FROM numbers WHERE%'", known)
	if done := collect(t, c); done.Gap || strings.Join(done.Flags, " ") != FlagForgotten {
		t.Errorf("a reset of one: %+v", done)
	}
	if got := r.counted(t, "WHERE n >"); got != "4 1 1" {
		t.Errorf("calls %s, of 4, 1 and 3, of which a reset took 2", got)
	}
	if got := text(t, r.admin, "SELECT d.flags FROM avadb.delta AS d JOIN avadb.statement AS s ON s.id = d.statement WHERE s.query LIKE '%WHERE n >%' ORDER BY snapshot"); got != fmt.Sprint(DeltaNew, DeltaReset, DeltaReset) {
		t.Errorf("flags %s", got)
	}

	for i := range 300 {
		run(t, r.app, fmt.Sprintf("CREATE TEMP TABLE many_%d (i int)", i))
	}
	if done := collect(t, c); done.Evictions == 0 || strings.Join(done.Flags, " ") != FlagEvicted || done.Gap {
		t.Errorf("evictions: %+v", done)
	}
	if got := text(t, r.admin, "SELECT bool_and(flags & 2 = 2) FROM avadb.delta WHERE snapshot = 5"); got != "true" {
		t.Error("a delta of an interval with evictions is no lower bound")
	}
}

// The snapshot before is the only thing that tells how the clock and the collector have fared.
func TestClockAndAbsence(t *testing.T) {
	r := newRig(t)
	c := r.collector(t)
	for range 3 {
		collect(t, c)
	}
	run(t, r.admin, "UPDATE avadb.snapshot SET taken_at = taken_at + interval '1 hour' WHERE id = 3")
	run(t, r.app, known)
	if done := collect(t, c); done.Snapshot != 4 || strings.Join(done.Flags, " ") != FlagClock || done.Changed == 0 {
		t.Errorf("the clock went back: %+v", done)
	}
	run(t, r.admin, "UPDATE avadb.snapshot SET taken_at = taken_at - interval '2 hours' + id * interval '1 minute'")
	if done := collect(t, c); !done.Gap || strings.Join(done.Flags, " ") != FlagAway {
		t.Errorf("the collector was away: %+v", done)
	}
	if got := r.counted(t, "WHERE n >"); got != "1" {
		t.Errorf("calls %s", got)
	}
}

// Another node of the cluster counts for itself, and since another time.
func TestAnotherNodeIsABaseline(t *testing.T) {
	r := newRig(t)
	run(t, r.app, known)
	c := r.collector(t)
	collect(t, c)
	run(t, r.admin, "UPDATE avadb.snapshot SET stats_reset = stats_reset - interval '1 day'", "UPDATE avadb.counter SET calls = 0, total_ms = 0")
	if done := collect(t, c); strings.Join(done.Flags, " ") != FlagNode || !done.Gap || done.Changed != 0 {
		t.Errorf("%+v", done)
	}
	run(t, r.app, known, known)
	collect(t, c)
	if got := r.counted(t, "WHERE n >"); got != "2" {
		t.Errorf("calls %s", got)
	}
}

func TestTwoCollectors(t *testing.T) {
	r := newRig(t)
	first := r.collector(t)
	_, err := Start(t.Context(), connect(t, shared.DSN("postgres")), r.options())
	wantKind(t, err, fault.Locked, fmt.Sprintf("backend pid %d", first.conn.PID()))
	stop(t, first)
	r.collector(t)
}

// A snapshot that somebody else wrote is seen: what is kept in memory is read anew.
func TestOvertaken(t *testing.T) {
	r := newRig(t)
	c := r.collector(t)
	collect(t, c)
	run(t, r.app, known, known)
	other := r.collectorWithoutLock(t)
	if done := collect(t, other); done.Snapshot != 2 {
		t.Errorf("the other's: %+v", done)
	}
	run(t, r.app, known)
	if done := collect(t, c); done.Snapshot != 3 || len(done.Flags) != 0 {
		t.Errorf("ours: %+v", done)
	}
	if got := r.counted(t, "WHERE n >"); got != "2 1" {
		t.Errorf("calls %s", got)
	}
}

// collectorWithoutLock is what a collector is whose session ended, while its store goes on.
func (r *rig) collectorWithoutLock(t *testing.T) *Collector {
	t.Helper()
	o := r.options()
	conn := connect(t, shared.DSN(r.Name))
	store, err := Open(t.Context(), conn, o.StoreOptions)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(store.Close)
	server, err := store.join(t.Context(), conn.Server)
	if err != nil {
		t.Fatal(err)
	}
	return &Collector{conn: conn, store: store, server: server, o: o, log: o.Log, told: map[string]bool{}, step: func() {}}
}

func TestErrorsAreKept(t *testing.T) {
	r := newRig(t)
	c := r.collector(t)
	collect(t, c)
	run(t, r.app, "ALTER EXTENSION pg_stat_statements SET SCHEMA pg_catalog", "DROP EXTENSION pg_stat_statements")
	if _, err := c.Collect(t.Context()); err == nil {
		t.Fatal("no error")
	}
	status := func() *Status {
		server, err := c.store.Find(t.Context(), c.conn.Server)
		if err != nil {
			t.Fatal(err)
		}
		s, err := c.store.Status(t.Context(), server)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	if s := status(); s.LastCollect == nil || s.LastCollect.Error == nil || !strings.Contains(*s.LastCollect.Error, "is not in database") || *s.Snapshots != 1 {
		t.Errorf("status %+v", s)
	}
	run(t, r.app, "CREATE EXTENSION pg_stat_statements")
	collect(t, c)
	if s := status(); s.LastCollect.Error != nil || *s.Snapshots != 2 || *s.TableBytes == 0 || s.LastCollect.MS <= 0 || time.Since(s.LastCollect.At) > time.Minute {
		t.Errorf("status %+v", s)
	}
}
