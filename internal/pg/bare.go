package pg

import (
	"context"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
)

// Bare is a connection as an application opens it: nothing of avadb's was asked or set on it.
type Bare struct{ raw *pgx.Conn }

// ConnectBare opens one, once.
func ConnectBare(ctx context.Context, t *Target) (*Bare, error) {
	raw, err := pgx.ConnectConfig(ctx, t.config.Copy())
	if err != nil {
		return nil, describeConnect(ctx, t, err)
	}
	return &Bare{raw}, nil
}

// BeginReadOnly begins a transaction that can write nothing, in which a statement may run for so long, and waits for a lock no longer than
// those of other commands.
func (b *Bare) BeginReadOnly(ctx context.Context, limit time.Duration) error {
	_, err := b.raw.PgConn().Exec(ctx, "BEGIN /*avadb:pg/begin*/ READ ONLY; SET /*avadb:pg/session*/ LOCAL statement_timeout = "+
		strconv.FormatInt(limit.Milliseconds(), 10)+
		"; SET /*avadb:pg/session*/ LOCAL lock_timeout = "+strconv.FormatInt(defaultLockTimeout.Milliseconds(), 10)).ReadAll()
	return Describe(ctx, err)
}

// Run runs one statement and drops its rows.
func (b *Bare) Run(ctx context.Context, sql string) error {
	_, err := b.raw.PgConn().ExecParams(ctx, sql, nil, nil, nil, nil).Close()
	return Describe(ctx, err)
}

// Close rolls back what was begun and ends the connection.
//
//nolint:contextcheck // it must also work when the command's context has ended
func (b *Bare) Close() {
	ctx, stop := context.WithTimeout(context.Background(), time.Second)
	defer stop()
	_ = b.raw.Close(ctx)
}
