package history

import (
	"testing"
	"time"

	"avadb/internal/statements"
)

// A standby takes over from its primary, with the store that it has replicated: the window over both says what ran on the primary, up to its
// last snapshot, and on the standby since then, and never more.
func TestTruthOverAPromotion(t *testing.T) {
	d := newDriver(t, uint64(time.Now().UnixNano()))
	standby, err := d.server.Standby(t.Context(), "second")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = standby.Close() })
	d.snapshot()
	d.work()
	d.snapshot()
	begin := d.snapshots[0].at
	counted := d.calls
	d.work() // lost: nobody counts it before the primary dies
	position := text(t, d.app, "SELECT pg_current_wal_lsn()")
	second := dial(t, standby.DSN("postgres"))
	await(t, second, "SELECT pg_last_wal_replay_lsn() >= '"+position+"'")
	_ = d.app.Close(t.Context())
	if err := d.server.Stop(t.Context(), "immediate"); err != nil {
		t.Fatal(err)
	}
	run(t, second, "SELECT pg_promote(true)")
	d.server = standby
	d.reconnect()
	start := d.calls
	d.snapshot() // its baseline
	d.work()
	answer := d.rig.windowOf(t, standby.DSN("shop"), begin, time.Now().Add(time.Minute), true)
	for shape := range shapes {
		truth := d.calls[shape] - d.snapshots[0].calls[shape]
		seen := counted[shape] - d.snapshots[0].calls[shape] + d.calls[shape] - start[shape]
		calls, confidence, _ := callsOf(answer, nameOf(shape))
		if calls != seen || calls > truth {
			t.Errorf("statement %d: %d calls, %d were there to count, %d in truth: %v", shape, calls, seen, truth, answer.Window.Reasons)
		}
		if calls < truth && confidence == statements.Exact {
			t.Errorf("statement %d: %d calls said to be exact, %d in truth", shape, calls, truth)
		}
	}
	if answer.Window.Confidence != statements.LowerBound || len(answer.Window.Reasons) == 0 {
		t.Errorf("window %+v", answer.Window)
	}
}
