package history

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"avadb/internal/fault"
)

func TestPace(t *testing.T) {
	p := Pace{Every: 10 * time.Second, Budget: 0.01}
	for cost, want := range map[time.Duration]time.Duration{
		0: 10 * time.Second, 50 * time.Millisecond: 10 * time.Second, 100 * time.Millisecond: 10 * time.Second, 300 * time.Millisecond: 30 * time.Second,
	} {
		if got := p.interval(cost); got != want {
			t.Errorf("%s: %s", cost, got)
		}
	}
	said := &strings.Builder{}
	c := &Collector{log: logTo(said), told: map[string]bool{}}
	p.spend(c, &Collected{Snapshot: 1, ServerMS: 10000})
	if c.cost != 0 {
		t.Errorf("the baseline counts: %s", c.cost)
	}
	for _, ms := range []float64{200, 200, 400} {
		p.spend(c, &Collected{Snapshot: 2, ServerMS: ms})
	}
	if c.cost != 260*time.Millisecond || strings.Count(said.String(), "budget of 1% of a core") != 1 {
		t.Errorf("cost %s, said %q", c.cost, said)
	}
}

// What the first collection fails with ends it.
func TestRunEndsAtOnce(t *testing.T) {
	r := newRig(t)
	c := r.collector(t)
	run(t, r.app, "DROP EXTENSION pg_stat_statements")
	wantKind(t, c.Run(t.Context(), Pace{Every: time.Second, Budget: 1}), fault.Prerequisite, "avadb enable-stats")
}

// The server goes away and comes back: the service waits, with one session, and goes on. It is the last test, because it takes the
// other tests' connections away.
func TestZRunOverARestart(t *testing.T) {
	r := newRig(t)
	c := r.collector(t)
	ctx, terminate := context.WithCancelCause(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- c.Run(ctx, Pace{Every: 50 * time.Millisecond, Budget: 100}) }()
	await(t, r.admin, "SELECT to_regclass('avadb.snapshot') IS NOT NULL")
	await(t, r.admin, "SELECT count(*) >= 2 FROM avadb.snapshot")
	run(t, r.app, known)
	if err := shared.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.app, r.admin = dial(t, shared.DSN(r.Name)), dial(t, shared.DSN(r.Store))
	run(t, r.app, known, known)
	await(t, r.admin, "SELECT EXISTS (SELECT FROM avadb.snapshot WHERE 'restart' = ANY (flags))")
	run(t, r.app, known)
	await(t, r.admin, fmt.Sprintf("SELECT sum(d.calls) = 4 FROM avadb.delta AS d JOIN avadb.statement AS s ON s.id = d.statement WHERE s.query LIKE '%%%s%%'", "WHERE n >"))
	if got := text(t, r.admin, "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'avadb'"); got != "2" {
		t.Errorf("%s sessions, for two databases", got)
	}
	terminate(fault.New(fault.Terminated, "terminated"))
	wantKind(t, <-ended, fault.Terminated)
}

func logTo(w io.Writer) *slog.Logger { return slog.New(slog.NewTextHandler(w, nil)) }
