package pg

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"avadb/internal/fault"
)

// Exec runs one statement. Behind a pooler it runs in a transaction of its own, which carries the session's
// defaults.
func (c *Conn) Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	if !c.Server.Pooler {
		watch := c.watchBlockers(ctx)
		tag, err := c.raw.Exec(ctx, sql, args...)
		return tag, watch.end(Describe(ctx, err))
	}
	tx, err := c.Begin(ctx)
	if err != nil {
		return pgconn.CommandTag{}, err
	}
	tag, err := tx.Exec(ctx, sql, args...)
	if err == nil {
		err = tx.Commit(ctx)
	} else {
		rollback(ctx, tx)
	}
	return tag, Describe(ctx, err)
}

// Query runs one statement that returns rows; they must be read to the end or closed. Behind a pooler it runs
// in a transaction of its own.
func (c *Conn) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	if !c.Server.Pooler {
		watch := c.watchBlockers(ctx)
		r, err := c.raw.Query(ctx, sql, args...)
		if err != nil {
			return &rows{Rows: r, ctx: ctx}, watch.end(Describe(ctx, err))
		}
		return &rows{Rows: r, ctx: ctx, watch: watch}, nil
	}
	tx, err := c.Begin(ctx)
	if err != nil {
		return nil, err
	}
	r, err := tx.Query(ctx, sql, args...)
	if err != nil {
		rollback(ctx, tx)
		return nil, Describe(ctx, err)
	}
	return &rows{Rows: r, ctx: ctx, tx: tx}, nil
}

// Begin starts a transaction with the session's own access mode.
func (c *Conn) Begin(ctx context.Context) (pgx.Tx, error) {
	return c.begin(ctx, "BEGIN /*avadb:pg/begin*/")
}

// BeginReadWrite starts a transaction that may write even where default_transaction_read_only is on.
func (c *Conn) BeginReadWrite(ctx context.Context) (pgx.Tx, error) {
	tx, err := c.begin(ctx, "BEGIN /*avadb:pg/begin*/ READ WRITE")
	if e := fault.As(err); e != nil && e.SQLState == "0A000" {
		return nil, e.WithHint(standbyHint)
	}
	return tx, err
}

func (c *Conn) begin(ctx context.Context, sql string) (pgx.Tx, error) {
	if c.Server.Pooler {
		sql += ";" + setStatements("LOCAL", c.defaults)
	}
	if err := ctx.Err(); err != nil {
		return nil, Describe(ctx, err)
	}
	patient, stop := outliving(ctx)
	defer stop()
	tx, err := c.raw.BeginTx(patient, pgx.TxOptions{BeginQuery: sql, CommitQuery: "COMMIT /*avadb:pg/commit*/"})
	if err != nil {
		if !c.raw.IsClosed() {
			tidy, done := afterwards(ctx)
			defer done()
			_, _ = c.raw.Exec(tidy, "ROLLBACK /*avadb:pg/begin*/")
		}
		return nil, Describe(ctx, err)
	}
	if ended := ctx.Err(); ended != nil {
		rollback(ctx, tx)
		return nil, Describe(ctx, ended)
	}
	return tx, nil
}

// outliving ends a moment after the context: the driver closes a connection whose BEGIN was cancelled, and what is
// to be undone after a cancel needs that connection.
func outliving(ctx context.Context) (context.Context, context.CancelFunc) {
	longer, end := context.WithCancel(context.WithoutCancel(ctx))
	forget := context.AfterFunc(ctx, func() {
		select {
		case <-longer.Done():
		case <-time.After(cancelTimeout):
			end()
		}
	})
	return longer, func() { forget(); end() }
}

// Discard runs work in a transaction that is rolled back in any case, also where the context has ended meanwhile: the
// connection can be used on.
func (c *Conn) Discard(ctx context.Context, work func(tx pgx.Tx) error) error {
	tx, err := c.Begin(ctx)
	if err != nil {
		return err
	}
	defer rollback(ctx, tx)
	return Describe(ctx, work(tx))
}

func rollback(ctx context.Context, tx pgx.Tx) {
	tidy, stop := afterwards(ctx)
	defer stop()
	// The driver's own Rollback sends a bare statement, which would pass for one of the application's in pg_stat_statements.
	if _, err := tx.Exec(tidy, "ROLLBACK /*avadb:pg/rollback*/"); err != nil {
		_ = tx.Rollback(tidy)
	}
}

// afterwards is a context for tidying up, which must happen even where the command's own has ended.
func afterwards(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), cancelTimeout)
}

// rows are the driver's, with errors described and the transaction of a pooler ended.
type rows struct {
	pgx.Rows
	ctx context.Context // the query's own: Err has no other way to know why it ended
	tx  pgx.Tx          // nil without a pooler
	err error           // of ending tx

	watch *blockWatch // nil behind a pooler, and once it has ended
	ended error       // the query's own error as the watch left it
}

// Next closes the rows at their end, as the driver's own does.
func (r *rows) Next() bool {
	if r.Rows.Next() {
		return true
	}
	r.Close()
	return false
}

// Close may be called more than once.
func (r *rows) Close() {
	r.Rows.Close()
	if r.watch != nil {
		r.ended, r.watch = r.watch.end(Describe(r.ctx, r.Rows.Err())), nil
	}
	if r.tx == nil {
		return
	}
	tx := r.tx
	r.tx = nil
	if r.Rows.Err() != nil {
		rollback(r.ctx, tx)
		return
	}
	r.err = tx.Commit(r.ctx)
}

// Err is the described error of the query or of ending its transaction.
func (r *rows) Err() error {
	if r.ended != nil {
		return r.ended
	}
	if err := r.Rows.Err(); err != nil {
		return Describe(r.ctx, err)
	}
	return Describe(r.ctx, r.err)
}
