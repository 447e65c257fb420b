package history

import (
	"context"
	"time"

	"avadb/internal/fault"
	"avadb/internal/pg"
	"avadb/internal/query"
)

// The collector's advisory lock on the watched server, beside the journal's three: one collector a server, whatever its store. It
// ends with the session, so that a killed collector leaves none behind.
const (
	lockClass    = 0x61766164 // "avad"
	collectorKey = 4
)

// leaving is how long a collector that has done its work, or was killed, may take to let go of the lock.
const leaving = 2 * time.Second

// lock takes it, and waits a moment for one who is about to leave.
func lock(ctx context.Context, conn *pg.Conn) error {
	for deadline := time.Now().Add(leaving); ; {
		err := tryLock(ctx, conn)
		if fault.KindOf(err) != fault.Locked || ctx.Err() != nil || time.Now().After(deadline) {
			return err
		}
		sleep(ctx, leaving/20)
	}
}

// tryLock takes it without waiting. Advisory locks are per database, and so another holder is looked for in all of them.
func tryLock(ctx context.Context, conn *pg.Conn) error {
	got, err := query.One[struct{ Locked bool }](ctx, conn, "journal/try_lock", lockClass, collectorKey)
	if err != nil {
		return err
	}
	others, err := query.Rows[struct {
		PID     int32   `db:"pid"`
		Address string  `db:"address"`
		AgeS    float64 `db:"age_s"`
	}](ctx, conn, "journal/lock_holders", lockClass, collectorKey, []int32{int32(conn.PID())}) //nolint:gosec // a pid fits
	if err != nil || got.Locked && len(others) == 0 {
		return err
	}
	if got.Locked {
		if _, err := query.One[struct{ Unlocked bool }](ctx, conn, "journal/unlock", lockClass, collectorKey); err != nil {
			return err
		}
	}
	if len(others) == 0 { // it has ended between the two statements
		return fault.New(fault.Locked, "another collector watches this server").WithHint("run the command again")
	}
	h := others[0]
	age := time.Duration(h.AgeS * float64(time.Second)).Round(time.Second)
	return fault.New(fault.Locked, "another collector watches this server: backend pid %d, client %s, connected for %s", h.PID, h.Address, age).
		WithHint("one is enough; if it hangs: SELECT pg_terminate_backend(%d)", h.PID)
}
