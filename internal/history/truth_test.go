package history

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"avadb/internal/pgtest"
	"avadb/internal/statements"
)

// shapes is how many statements the driver knows, each of which pg_stat_statements counts by itself.
const shapes = 6

// driver runs known statements on a server of its own, keeps the truth of what ran, and does to the server what servers suffer.
type driver struct {
	t      *testing.T
	server *pgtest.Server
	random *rand.Rand
	app    *pgx.Conn
	rig    *rig

	calls     [shapes]int64   // that ended, since the driver began
	ms        [shapes]float64 // they took at most, as seen from here
	snapshots []mark
	log       []string
}

// mark is a snapshot, and what had run until then.
type mark struct {
	at    time.Time
	calls [shapes]int64
	ms    [shapes]float64
}

// TestTruth compares windows with what really ran in them, over resets, evictions, restarts and crashes in a random order. Where a
// window says exact it is; it never says more than the truth, and where it says less it says so. AVADB_TEST_SEED repeats a run.
func TestTruth(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	if text := os.Getenv("AVADB_TEST_SEED"); text != "" {
		given, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		seed = given
	}
	d := newDriver(t, seed)
	d.snapshot()
	for _, event := range d.schedule() {
		d.work()
		d.log = append(d.log, event.name)
		event.happens()
		d.work()
		d.snapshot()
	}
	d.work()
	d.compareAll()
	if t.Failed() {
		t.Logf("AVADB_TEST_SEED=%d: %s", seed, strings.Join(d.log, ", "))
	}
}

func newDriver(t *testing.T, seed uint64) *driver {
	t.Helper()
	install, err := pgtest.FindWanted()
	if err != nil {
		t.Fatal(err)
	}
	server, err := pgtest.Start(t.Context(), install, pgtest.Options{Settings: map[string]string{
		"shared_preload_libraries": "pg_stat_statements", "pg_stat_statements.max": "100", "autovacuum": "off", "timezone": "UTC",
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	d := &driver{t: t, server: server, random: rand.New(rand.NewPCG(seed, 0)), rig: &rig{Name: "shop", Store: "postgres"}} //nolint:gosec // no secret
	admin := dial(t, server.DSN("postgres"))
	run(t, admin, "CREATE DATABASE shop")
	_ = admin.Close(t.Context())
	d.reconnect()
	run(t, d.app, "CREATE EXTENSION pg_stat_statements", "CREATE TABLE numbers AS SELECT generate_series(1, 10) AS n")
	return d
}

func (d *driver) reconnect() {
	d.t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		conn, err := pgx.Connect(d.t.Context(), d.server.DSN("shop"))
		if err == nil {
			d.app = conn
			d.t.Cleanup(func() { _ = conn.Close(context.WithoutCancel(d.t.Context())) })
			return
		}
		if time.Now().After(deadline) {
			d.t.Fatal(err)
		}
	}
}

// event is what happens to a server.
type event struct {
	name    string
	happens func()
}

// schedule is all of it in a random order.
func (d *driver) schedule() []event {
	events := []event{
		{"nothing", func() {}},
		{"nothing again", func() {}},
		{"reset", func() { run(d.t, d.app, "SELECT pg_stat_statements_reset()") }},
		{"reset of one statement", d.resetOne},
		{"evictions", d.evict},
		{"clean restart", func() { d.restart("fast") }},
		{"immediate stop", func() { d.restart("immediate") }},
		{"crash of a backend", d.crash},
		{"kill of all", d.kill},
		{"life without the library", d.liveWithoutLibrary},
		{"another extension", func() {
			run(d.t, d.app, "DROP EXTENSION pg_stat_statements", "CREATE EXTENSION pg_stat_statements VERSION '1.9'", "ALTER EXTENSION pg_stat_statements UPDATE")
		}},
	}
	d.random.Shuffle(len(events), func(i, j int) { events[i], events[j] = events[j], events[i] })
	return events
}

// work runs some statements, some times.
func (d *driver) work() {
	d.t.Helper()
	for range 12 {
		shape, began := d.random.IntN(shapes), time.Now()
		run(d.t, d.app, sqlOf(shape))
		d.ms[shape] += float64(time.Since(began).Microseconds()+1) / 1000
		d.calls[shape]++
	}
}

// The last shape takes a time that is known.
const (
	sleeper = shapes - 1
	sleepMS = 10
)

func sqlOf(shape int) string {
	if shape == sleeper {
		return fmt.Sprintf("SELECT pg_sleep(%g) AS truth_%d FROM (VALUES (1)) AS once", sleepMS/1000.0, shape)
	}
	return fmt.Sprintf("SELECT count(*) AS truth_%d FROM numbers WHERE n > %d", shape, shape) + strings.Repeat(" AND n > 0", shape)
}

// nameOf is in the text of that statement alone.
func nameOf(shape int) string { return fmt.Sprintf("truth_%d ", shape) }

func (d *driver) resetOne() {
	d.t.Helper()
	shape := d.random.IntN(shapes)
	run(d.t, d.app, fmt.Sprintf(`SELECT pg_stat_statements_reset(userid, dbid, queryid) FROM pg_stat_statements WHERE query LIKE '%%truth\_%d %%'`, shape))
}

func (d *driver) evict() {
	d.t.Helper()
	for i := range 150 {
		run(d.t, d.app, "SELECT 1"+strings.Repeat(", 1", i))
	}
}

func (d *driver) restart(mode string) {
	d.t.Helper()
	_ = d.app.Close(d.t.Context())
	if err := d.server.Stop(d.t.Context(), mode); err != nil {
		d.t.Fatal(err)
	}
	if err := d.server.StartAgain(d.t.Context()); err != nil {
		d.t.Fatal(err)
	}
	d.reconnect()
}

// crash ends a backend as the out-of-memory killer does, which takes all counters with it.
func (d *driver) crash() {
	d.t.Helper()
	var pid int
	var before time.Time
	err := d.app.QueryRow(d.t.Context(), "SELECT pg_backend_pid()").Scan(&pid)
	if err == nil {
		err = d.app.QueryRow(d.t.Context(), epoch).Scan(&before)
	}
	if err != nil {
		d.t.Fatal(err)
	}
	process, err := os.FindProcess(pid)
	if err == nil {
		err = process.Kill()
	}
	if err != nil {
		d.t.Fatal(err)
	}
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		var now time.Time // the server may still let one in before it ends all sessions
		if conn, err := pgx.Connect(d.t.Context(), d.server.DSN("shop")); err == nil {
			err = conn.QueryRow(d.t.Context(), epoch).Scan(&now)
			_ = conn.Close(d.t.Context())
			if err == nil && !now.Equal(before) {
				break
			}
		}
		if time.Now().After(deadline) {
			d.t.Fatal("the server does not come back with new counters")
		}
	}
	d.reconnect()
}

// kill is what a power failure does.
func (d *driver) kill() {
	d.t.Helper()
	_ = d.app.Close(d.t.Context())
	err := d.server.Kill()
	if err == nil {
		err = d.server.StartAgain(d.t.Context())
	}
	if err != nil {
		d.t.Fatal(err)
	}
	d.reconnect()
}

// epoch is since when everything is counted.
const epoch = "SELECT stats_reset FROM pg_stat_statements_info"

func (d *driver) liveWithoutLibrary() {
	d.t.Helper()
	run(d.t, d.app, "ALTER SYSTEM SET shared_preload_libraries = 'auto_explain'")
	d.restart("fast")
	d.work()
	run(d.t, d.app, "ALTER SYSTEM RESET shared_preload_libraries")
	d.restart("fast")
}

// snapshot is what `slowlog collect --once` does.
func (d *driver) snapshot() {
	d.t.Helper()
	c, err := Start(d.t.Context(), connect(d.t, d.server.DSN("shop")), d.rig.options())
	if err != nil {
		d.t.Fatal(err)
	}
	done := collect(d.t, c)
	c.Close()
	c.conn.Close()
	d.snapshots = append(d.snapshots, mark{at: done.TakenAt, calls: d.calls, ms: d.ms})
}

// compareAll asks for every window between two snapshots, and from each of them until now.
func (d *driver) compareAll() {
	d.t.Helper()
	now := mark{at: time.Now().Add(time.Minute), calls: d.calls, ms: d.ms}
	exact := 0
	for i, from := range d.snapshots {
		for _, to := range d.snapshots[i+1:] {
			exact += d.compare(from, to, false)
		}
		exact += d.compare(from, now, true)
	}
	if exact < 2*shapes {
		d.t.Errorf("only %d rows are exact: two intervals had nothing happen to them", exact)
	}
	d.compareBetween()
}

// compareBetween asks for windows that begin and end between snapshots: what they say they cover is what they are held to.
func (d *driver) compareBetween() {
	d.t.Helper()
	first, last := d.snapshots[0].at, d.snapshots[len(d.snapshots)-1].at
	somewhere := func() time.Time { return first.Add(time.Duration(d.random.Int64N(int64(last.Sub(first))))) }
	for range 30 {
		from, to := somewhere(), somewhere()
		if to.Before(from) {
			from, to = to, from
		}
		answer := d.rig.windowOf(d.t, d.server.DSN("shop"), from, to, false)
		w := answer.Window
		if w.CoveredFrom.Before(from) && !d.isLastBefore(*w.CoveredFrom, from) {
			d.t.Errorf("%s to %s: covered is %s to %s", from, to, w.CoveredFrom, w.CoveredTo)
		}
		d.judge(answer, d.markAt(*w.CoveredFrom), d.markAt(w.CoveredTo))
	}
}

func (d *driver) markAt(at time.Time) mark {
	d.t.Helper()
	for _, m := range d.snapshots {
		if m.at.Equal(at) {
			return m
		}
	}
	d.t.Fatalf("no snapshot is of %s", at)
	return mark{}
}

// isLastBefore tells that no other snapshot lies between one and a time.
func (d *driver) isLastBefore(at, from time.Time) bool {
	for _, m := range d.snapshots {
		if m.at.After(at) && !m.at.After(from) {
			return false
		}
	}
	return true
}

// compare asks for one window and gives how many rows were exact.
func (d *driver) compare(from, to mark, live bool) (exact int) {
	d.t.Helper()
	return d.judge(d.rig.windowOf(d.t, d.server.DSN("shop"), from.at, to.at, live), from, to)
}

// judge holds an answer against what ran between two marks.
func (d *driver) judge(answer *statements.Slow, from, to mark) (exact int) {
	d.t.Helper()
	for shape := range shapes {
		calls, ms, confidence := int64(0), 0.0, answer.Window.Confidence // no row says that nothing ran
		for i := range answer.Statements {
			if row := &answer.Statements[i]; strings.Contains(row.Query, nameOf(shape)) {
				calls, ms, confidence = row.Calls, row.TotalMS, row.Confidence
			}
		}
		truth, most := to.calls[shape]-from.calls[shape], to.ms[shape]-from.ms[shape]
		wrong := ""
		switch {
		case calls > truth, ms > most:
			wrong = "more than the truth"
		case shape == sleeper && ms < float64(calls)*sleepMS:
			wrong = "they took longer"
		case confidence == statements.Exact && calls != truth:
			wrong = "said to be exact"
		case confidence == statements.Exact:
			exact++
		}
		if wrong != "" {
			d.t.Errorf("%s to %s: statement %d: %d calls of %g ms, in truth %d of %g ms at most: %s: %v", from.at, to.at, shape, calls, ms, truth, most, wrong, answer.Window.Reasons)
		}
	}
	return exact
}
