package history

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"testing"

	"avadb/internal/pg"
)

// childVariable makes the test binary a collector that can be killed: it holds the order as JSON.
const childVariable = "AVADB_HISTORY_TEST_CHILD"

// order is what a child does: one collection.
type order struct {
	DSN, Store string
	DieAt      int // the step at which it kills itself, counted from 1
}

func runChild(ctx context.Context, text string) error {
	var o order
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		return err
	}
	target, err := pg.Resolve(pg.Sources{DSN: o.DSN})
	if err != nil {
		return err
	}
	options := (&rig{Store: o.Store}).options()
	conn, err := pg.Connect(ctx, target, Connection(options.Log))
	if err != nil {
		return err
	}
	c, err := Start(ctx, conn, options)
	if err != nil {
		return err
	}
	steps := 0
	c.step = func() {
		if steps++; steps == o.DieAt {
			die()
		}
	}
	_, err = c.Collect(ctx)
	return err
}

func die() {
	self, err := os.FindProcess(os.Getpid())
	if err == nil {
		err = self.Kill()
	}
	if err != nil {
		panic(err)
	}
	select {}
}

// mostSteps is more than a collection has: the loop ends at the first child that lives.
const mostSteps = 20

// Killed at whatever step, a collector leaves a whole snapshot or none, and all that ran is counted once.
func TestKilled(t *testing.T) {
	r := newRig(t)
	c := r.collector(t)
	collect(t, c)
	stop(t, c)
	for step, killed := 1, true; killed; step++ {
		if step > mostSteps {
			t.Fatal("no child lives")
		}
		run(t, r.app, known, "SELECT pg_sleep(0.11)")
		killed = r.child(t, order{DSN: shared.DSN(r.Name), Store: r.Store, DieAt: step})
		await(t, r.admin, "SELECT NOT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND objid = 4)")
		await(t, r.admin, "SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = 'avadb')")
	}
	c = r.collector(t)
	collect(t, c)
	const ran = `SELECT sum(d.calls) FROM avadb.delta AS d JOIN avadb.statement AS s ON s.id = d.statement WHERE s.query LIKE '%WHERE n >%'`
	if got, want := text(t, r.admin, ran), text(t, r.app, "SELECT calls FROM pg_stat_statements WHERE query LIKE '%numbers WHERE n >%'"); got != want {
		t.Errorf("%s calls in the history, %s in all", got, want)
	}
	const orphans = "SELECT count(*) FROM avadb.delta AS d WHERE NOT EXISTS (SELECT FROM avadb.snapshot AS s WHERE s.id = d.snapshot) OR NOT EXISTS (SELECT FROM avadb.statement AS s WHERE s.id = d.statement)"
	if got := text(t, r.admin, orphans); got != "0" {
		t.Errorf("%s deltas of half a snapshot", got)
	}
	const slow = "SELECT (SELECT sum(calls) FROM avadb.slow_query_log) = (SELECT sum(d.calls) FROM avadb.delta AS d JOIN avadb.statement AS s ON s.id = d.statement WHERE s.query LIKE '%pg_sleep%')"
	if got := text(t, r.admin, slow); got != "true" {
		t.Error("what was slow is not what was counted")
	}
}

// child runs one to its end and tells whether it was killed; any other failure ends the test.
func (r *rig) child(t *testing.T, o order) (killed bool) {
	t.Helper()
	raw, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	child := exec.CommandContext(t.Context(), os.Args[0])
	child.Env = append(os.Environ(), childVariable+"="+string(raw))
	said := &bytes.Buffer{}
	child.Stdout, child.Stderr = said, said
	err = child.Run()
	if err != nil && child.ProcessState != nil && child.ProcessState.ExitCode() == -1 {
		return true
	}
	if err != nil {
		t.Fatalf("child: %v: %s", err, said)
	}
	return false
}
