package journal_test

import (
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"avadb/internal/fault"
	"avadb/internal/journal"
)

// Three processes with their own state folders, in two databases: the advisory lock alone stands between them.
func TestTwoAreNeverIn(t *testing.T) {
	r := newRig(t)
	section := filepath.Join(t.TempDir(), "section")
	var all sync.WaitGroup
	for _, database := range []string{r.Store, "postgres", "postgres"} {
		child, said := order{
			Rig: rig{DSN: server.DSN(database), State: t.TempDir(), Store: database}, Rounds: 12, Section: section,
		}.command(t)
		all.Go(func() {
			if err := child.Run(); err != nil {
				t.Errorf("%v: %s", err, said)
			}
		})
	}
	all.Wait()
}

func TestLockedOut(t *testing.T) {
	r := newRig(t)
	avadb := r.locked(t)
	holder := sessionOfTheLock(t)
	elsewhere := rig{DSN: server.DSN("postgres"), State: t.TempDir(), Store: "postgres"}
	var all sync.WaitGroup
	for _, c := range []struct {
		rig   rig
		words []string
	}{
		{r, []string{"on this host", "pid " + strconv.Itoa(os.Getpid())}},
		{elsewhere, []string{"backend pid " + holder, "client 127.0.0.1", "pg_terminate_backend(" + holder + ")"}},
	} {
		all.Go(func() {
			other, err := c.rig.open(t.Context(), nil)
			if err != nil {
				t.Error(err)
				return
			}
			defer other.close()
			wantFault(t, other.journal.Lock(t.Context()), fault.Locked, c.words...)
		})
	}
	all.Wait()
	avadb.close()
	r.locked(t)
}

func sessionOfTheLock(t *testing.T) string {
	t.Helper()
	conn := dial(t, "postgres")
	defer func() { _ = conn.Close(t.Context()) }()
	var pid int
	if err := conn.QueryRow(t.Context(), "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND classid = 1635148132 AND objid = 1").Scan(&pid); err != nil {
		t.Fatal(err)
	}
	return strconv.Itoa(pid)
}

// A killed avadb's backend may still be finishing a statement when its lock is gone already.
func TestWaitsForTheWriterOfAnother(t *testing.T) {
	r := newRig(t)
	orphan := dial(t, "postgres")
	if _, err := orphan.Exec(t.Context(), "SELECT pg_advisory_lock_shared(1635148132, 2)"); err != nil {
		t.Fatal(err)
	}
	finished := make(chan time.Time, 1)
	go func() {
		time.Sleep(time.Second)
		at := time.Now()
		_ = orphan.Close(t.Context())
		finished <- at
	}()
	r.locked(t)
	if in := time.Now(); in.Before(<-finished) {
		t.Error("the lock was given while the other's statement still ran")
	}
}

// One command may take the lock twice on one connection, which carries the writer's mark from the first time.
func TestOwnMarkIsNoHindrance(t *testing.T) {
	r := newRig(t)
	avadb := r.locked(t)
	avadb.journal.Close()
	again, err := journal.Open(t.Context(), avadb.conn, journal.Options{Folder: journal.Folder{Root: r.State}, Store: r.Store, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if err := again.Lock(t.Context()); err != nil {
		t.Error(err)
	}
}
