package slowlog

import (
	"context"
	"errors"
	"time"

	"avadb/internal/fault"
	"avadb/internal/pg"
	"avadb/internal/query"
)

// An ACCESS EXCLUSIVE lock that waits makes every writer wait behind it, and so each attempt is short.
const (
	lockAttempts = 10
	lockWait     = "500ms"
	lockPause    = 500 * time.Millisecond
)

// seeAll makes the server raise an error where row level security would hide rows: a table that looks empty must be empty.
func seeAll(ctx context.Context, conn *pg.Conn) error {
	return execute(ctx, conn, "SET LOCAL row_security = off")
}

// as gives the transaction the rights of the table's owner. It is no barrier: whatever runs can RESET ROLE. See bare.
func as(ctx context.Context, conn *pg.Conn, owner string) error {
	if owner == conn.Server.Role {
		return nil
	}
	return execute(ctx, conn, "SET LOCAL ROLE "+pg.Identifier(owner))
}

// locked runs work in a transaction that waits for a lock only for a moment, and tries again a few times.
func locked(ctx context.Context, conn *pg.Conn, work func() error) error {
	for attempt := 1; ; attempt++ {
		err := query.Transaction(ctx, conn, mark, func() error {
			if err := execute(ctx, conn, "SET LOCAL lock_timeout = "+pg.Literal(lockWait)); err != nil {
				return err
			}
			if err := seeAll(ctx, conn); err != nil {
				return err
			}
			return work()
		})
		var f *fault.Error
		if !errors.As(err, &f) || f.SQLState != "55P03" || attempt == lockAttempts {
			return err
		}
		select {
		case <-ctx.Done():
			return pg.Describe(ctx, ctx.Err())
		case <-time.After(lockPause):
		}
	}
}
