package history

import (
	"strconv"
	"strings"
	"testing"

	"avadb/internal/fault"
)

// The disk of the store is full: a limit on what its backend may write is the same to PostgreSQL. Nothing of the snapshot is kept, it is said
// why, and the next one holds it all.
func TestFullDiskOfTheStore(t *testing.T) {
	r := newRig(t)
	c := r.collector(t)
	collect(t, c)
	// More than a WAL segment, which the backend must be able to write.
	run(t, r.admin, `INSERT INTO avadb.delta (server, snapshot, statement, calls, total_ms, squares) SELECT 0, g / 1000, g % 1000, 1, 1, 1 FROM generate_series(1, 300000) AS g`, "ALTER TABLE avadb.delta SET (fillfactor = 10)", "CHECKPOINT")
	limit := func(size string) { // as the server's user, who alone may
		t.Helper()
		out, err := shared.Command(t.Context(), "prlimit", "--pid", strconv.Itoa(int(c.store.Conn.PID())), "--fsize="+size+":").CombinedOutput()
		if err != nil {
			t.Fatalf("prlimit: %v: %s", err, out)
		}
	}
	r.count(t, 3)
	for i := range 60 {
		run(t, r.app, "SELECT 1"+strings.Repeat(", 1", i))
	}
	limit("17825792")
	for range 3 { // free room in the pages is used up first
		if _, err := c.Collect(t.Context()); err != nil {
			wantKind(t, err, fault.Failed, "could not extend")
			limit("unlimited")
			if got := text(t, r.admin, "SELECT count(*) || '/' || count(error) FROM avadb.snapshot, avadb.server"); got != "1/0" && got != "1/1" {
				t.Errorf("snapshots/errors are %s", got)
			}
			r.count(t, 2)
			collect(t, c)
			if got := r.counted(t, "counting"); got != "5" {
				t.Errorf("%s calls were counted, not 5", got)
			}
			return
		}
	}
	t.Fatal("the disk was never full")
}
