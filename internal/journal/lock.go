package journal

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"time"

	"avadb/internal/fault"
	"avadb/internal/pg"
	"avadb/internal/query"
)

// LockClass is the first key of all of avadb's advisory locks: "avad".
const LockClass = 0x61766164

// Two advisory locks. lockKey is held by the one avadb that changes the server, on a connection of its own.
// writerKey marks the connections that run its statements: a killed avadb's lock can be gone while its backend still
// finishes an ALTER SYSTEM.
const (
	lockClass = LockClass
	lockKey   = 1
	writerKey = 2
	lockWait  = 5 * time.Second
)

type holder struct {
	PID     int32   `db:"pid"`
	Address string  `db:"address"`
	AgeS    float64 `db:"age_s"`
}

// lock is the right to change a server: advisory in the cluster, flock on this host.
type lock struct {
	conn *pg.Conn // the lock's own connection
	file *os.File // nil where the state folder cannot be written
}

// acquire waits up to lockWait for the lock. writer is the connection that will run the statements.
func acquire(ctx context.Context, conn, writer *pg.Conn, folder Folder, folderUsable bool) (*lock, error) {
	l := &lock{conn: conn}
	deadline := time.Now().Add(lockWait)
	if folderUsable {
		if err := l.flock(ctx, folder, conn.Server.SystemIdentifier, deadline); err != nil {
			return nil, err
		}
	}
	err := l.advisory(ctx, deadline)
	if err == nil {
		err = l.waitForWriters(ctx, deadline, writer)
	}
	if err == nil {
		err = l.Mark(ctx, writer)
	}
	if err != nil {
		return nil, errors.Join(err, l.releaseFile())
	}
	return l, nil
}

// Mark says that a connection changes the server under this lock.
func (l *lock) Mark(ctx context.Context, writer *pg.Conn) error {
	_, err := query.One[struct{ Locked bool }](ctx, writer, "journal/try_lock_shared", lockClass, writerKey)
	return err
}

// alive proves that the lock's session, and so the lock, is still there. A command that has ended is told as such: it is
// the reason why nothing can be asked of the server.
func (l *lock) alive(ctx context.Context) error {
	if ctx.Err() != nil {
		return pg.Describe(ctx, ctx.Err())
	}
	if err := l.conn.Alive(ctx); err != nil {
		if ctx.Err() != nil {
			return pg.Describe(ctx, ctx.Err())
		}
		return fault.New(fault.Failed, "the connection that holds avadb's lock is lost: %w", pg.Describe(ctx, err))
	}
	return nil
}

func (l *lock) advisory(ctx context.Context, deadline time.Time) error {
	for {
		got, err := query.One[struct{ Locked bool }](ctx, l.conn, "journal/try_lock", lockClass, lockKey)
		if err != nil {
			return err
		}
		others, err := l.holders(ctx, lockKey)
		if err != nil {
			return err
		}
		if got.Locked && len(others) == 0 {
			return nil
		}
		if got.Locked {
			// Somebody in another database has it too, or is trying at this moment: let go, and try again later.
			if _, err := query.One[struct{ Unlocked bool }](ctx, l.conn, "journal/unlock", lockClass, lockKey); err != nil {
				return err
			}
		}
		if err := pause(ctx, deadline); err != nil {
			return heldBy(others, err)
		}
	}
}

// waitForWriters waits for the backends of others: our own writer may carry its mark from an earlier lock.
func (l *lock) waitForWriters(ctx context.Context, deadline time.Time, own *pg.Conn) error {
	for {
		others, err := l.holders(ctx, writerKey, own)
		if err != nil || len(others) == 0 {
			return err
		}
		if err := pause(ctx, deadline); err != nil {
			return heldBy(others, err)
		}
	}
}

func (l *lock) holders(ctx context.Context, key int, own ...*pg.Conn) ([]holder, error) {
	pids := []int32{int32(l.conn.PID())} //nolint:gosec // a pid fits
	for _, conn := range own {
		pids = append(pids, int32(conn.PID())) //nolint:gosec // a pid fits
	}
	return query.Rows[holder](ctx, l.conn, "journal/lock_holders", lockClass, key, pids)
}

var errLockTimeout = errors.New("lock wait over")

// pause sleeps a jittered moment, so that two who collided do not collide again.
func pause(ctx context.Context, deadline time.Time) error {
	if time.Now().After(deadline) {
		return errLockTimeout
	}
	select {
	case <-ctx.Done():
		return pg.Describe(ctx, ctx.Err())
	case <-time.After(50*time.Millisecond + rand.N(150*time.Millisecond)): //nolint:gosec // jitter is no secret
		return nil
	}
}

func heldBy(others []holder, err error) error {
	if !errors.Is(err, errLockTimeout) {
		return err
	}
	if len(others) == 0 {
		return fault.New(fault.Locked, "another avadb is changing this server").WithHint("wait for it to finish and run the command again")
	}
	h := others[0]
	age := time.Duration(h.AgeS * float64(time.Second)).Round(time.Second)
	return fault.New(fault.Locked, "another avadb is changing this server: backend pid %d, client %s, connected for %s", h.PID, h.Address, age).
		WithHint("wait for it to finish and run the command again; if it hangs: SELECT pg_terminate_backend(%d)", h.PID)
}

func (l *lock) flock(ctx context.Context, folder Folder, systemIdentifier string, deadline time.Time) error {
	path := filepath.Join(folder.dir(systemIdentifier), ".lock")
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fault.New(fault.Failed, "open the lock file: %w", err)
	}
	for {
		got, err := tryFlock(f)
		if err != nil {
			return errors.Join(fault.New(fault.Failed, "lock %s: %w", path, err), f.Close())
		}
		if got {
			l.file = f
			_ = l.signFile() // only tells the one who waits; the lock holds on a full disk too
			return nil
		}
		if err := pause(ctx, deadline); err != nil {
			return errors.Join(fileHeld(path, err), f.Close())
		}
	}
}

// signFile leaves our pid in the lock file for the one who waits.
func (l *lock) signFile() error {
	if err := l.file.Truncate(0); err != nil {
		return err
	}
	_, err := l.file.WriteAt([]byte(pidLine()), 0)
	return err
}

func fileHeld(path string, err error) error {
	if !errors.Is(err, errLockTimeout) {
		return err
	}
	raw, readErr := os.ReadFile(path)
	who := strings.TrimSpace(string(raw))
	if readErr != nil || who == "" {
		who = "pid unknown"
	}
	return fault.New(fault.Locked, "another avadb on this host is changing this server: %s", who).
		WithHint("wait for it to finish and run the command again")
}

func (l *lock) releaseFile() error {
	if l.file == nil {
		return nil
	}
	return l.file.Close()
}
