package checks

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"avadb/internal/activity"
)

// The thresholds are minutes and hours: here the same checks run with smaller ones, on real sessions.
func TestIdleLeakAndBlockedSessions(t *testing.T) {
	e := testEnv(t)
	for range 3 {
		do(t, connectAs(t, "forgetful"), "SELECT 1")
	}
	do(t, connectAs(t, "tidy"), "SELECT 1")
	do(t, e.Conn, "SELECT pg_sleep(0.1)")
	o, err := idleLeakCheck(above(2), 100*time.Millisecond)(t.Context(), e)
	if err != nil || o.Status != Warn || *o.Value != 3 || !strings.Contains(o.Detail, `application "forgetful": 3 sessions idle for more than 100ms`) || !strings.HasPrefix(o.Fix, "avadb connections --only leaks,groups") {
		t.Errorf("%+v %v", o, err)
	}
	if o, err = idleLeakCheck(above(2), time.Hour)(t.Context(), e); err != nil || o.Status != OK || *o.Value != 0 {
		t.Errorf("%+v %v", o, err)
	}

	root, middle, last := connectAs(t, "root"), connectAs(t, "middle"), connectAs(t, "last")
	do(t, root, "CREATE TABLE IF NOT EXISTS public.wanted ()", "BEGIN", "LOCK TABLE public.wanted IN ACCESS SHARE MODE")
	waiting := make(chan error, 2)
	go func() {
		_, err := middle.Exec(t.Context(), "ALTER TABLE public.wanted ADD IF NOT EXISTS x int")
		waiting <- err
	}()
	until(t, e, "SELECT count(*) = 1 FROM pg_locks WHERE NOT granted")
	go func() {
		_, err := last.Exec(t.Context(), "TABLE public.wanted")
		waiting <- err
	}()
	until(t, e, "SELECT count(*) = 2 FROM pg_locks WHERE NOT granted")
	do(t, e.Conn, "SELECT pg_sleep(0.1)")
	fix := fmt.Sprintf("SELECT pg_catalog.pg_terminate_backend(%d)", root.PID())
	for threshold, want := range map[Threshold]Status{between(60, 120): OK, between(0.05, 60): Warn, between(0.02, 0.05): Fail} {
		o, err := blockedCheck(threshold)(t.Context(), e)
		if err != nil || o.Status != want || want != OK && o.Fix != fix || !strings.HasPrefix(o.Detail, "2; the longest: ") ||
			!strings.Contains(o.Detail, fmt.Sprintf(`at the root: pid %d, role postgres, database postgres, application "root", which blocks 2, idle in transaction`, root.PID())) {
			t.Errorf("%+v %v, want %s", o, err, want)
		}
	}
	do(t, e.Conn, fix)
	for range 2 {
		if err := <-waiting; err != nil {
			t.Errorf("the fix did not help: %v", err)
		}
	}
}

// A prepared transaction ends in its own database alone: the fix goes there.
func TestBlockedByPrepared(t *testing.T) {
	gid, mode, of, psql, statement := "left", "AccessShareLock", "relation", "psql -d other -c \"ROLLBACK PREPARED 'left'\"", "ROLLBACK PREPARED 'left'"
	pid, seconds := int32(4711), 90.0
	o := judgeBlocked(between(60, 120), []activity.Blocking{
		{GID: &gid, Database: "other", Blocks: 1, End: &psql, EndSQL: &statement}, {Depth: 1, PID: &pid, LockMode: &mode, LockType: &of, WaitS: &seconds},
	}, testEnv(t))
	if o.Status != Warn || o.Fix != psql || !strings.Contains(o.Detail, "waits for AccessShareLock; at the root: the prepared transaction 'left', to be ended in database other") {
		t.Errorf("%+v", o)
	}
}

// Who waits for a row is told so: the mode of a transaction's lock on itself, ShareLock against ExclusiveLock, says nothing.
func TestBlockedByRow(t *testing.T) {
	e := testEnv(t)
	root, waiting := connectAs(t, "root"), connectAs(t, "waiting")
	do(t, root, "CREATE TABLE IF NOT EXISTS public.counted (n int)", "TRUNCATE public.counted", "INSERT INTO public.counted VALUES (1)", "BEGIN", "UPDATE public.counted SET n = 2")
	done := make(chan error, 1)
	go func() {
		_, err := waiting.Exec(t.Context(), "UPDATE public.counted SET n = 3")
		done <- err
	}()
	until(t, e, "SELECT count(*) = 1 FROM pg_locks WHERE NOT granted")
	o, err := blockedCheck(between(60, 120))(t.Context(), e)
	if err != nil || !strings.Contains(o.Detail, "role postgres, waits for a row of public.counted; at the root: pid") {
		t.Errorf("%+v %v", o, err)
	}
	do(t, root, "ROLLBACK")
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// Counters of databases that came, went or began anew in between.
func TestEndsSince(t *testing.T) {
	first, second := time.Unix(1, 0), time.Unix(2, 0)
	before := []SessionEnds{{1, 10, 20, 30, &first}, {2, 5, 5, 5, nil}, {3, 7, 7, 7, nil}, {4, 9, 0, 0, nil}}
	now := []SessionEnds{{1, 11, 20, 33, &first}, {3, 1, 0, 0, &second}, {4, 2, 0, 0, nil}, {5, 0, 4, 0, nil}}
	if got, want := endsSince(now, before), (SessionEnds{Killed: 1 + 1 + 2, Fatal: 4, Abandoned: 3}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if got, want := endsSince(now, nil), (SessionEnds{Killed: 14, Fatal: 24, Abandoned: 33}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}
