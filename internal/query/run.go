package query

import (
	"context"
	"errors"
	"io"

	"github.com/jackc/pgx/v5"

	"avadb/internal/pg"
)

// Rows runs a statement and gives each row as a T, filled by its `db` tags. Errors are described ones (pg.Describe).
func Rows[T any](ctx context.Context, c *pg.Conn, name string, args ...any) ([]T, error) {
	return ExtensionRows[T](ctx, c, Extension{}, name, args...)
}

// ExtensionRows is Rows for a statement that reads an extension's views.
func ExtensionRows[T any](ctx context.Context, c *pg.Conn, ext Extension, name string, args ...any) ([]T, error) {
	text, err := Text(name, c.Server.Major(), ext)
	if err != nil {
		return nil, err
	}
	rows, err := c.Query(ctx, text, args...)
	if err != nil {
		return nil, pg.Describe(ctx, err)
	}
	out, err := collect[T](rows)
	if err != nil {
		return nil, pg.Describe(ctx, err)
	}
	return out, nil
}

// ExtensionAffected runs a statement that gives no rows and tells how many it wrote.
func ExtensionAffected(ctx context.Context, c *pg.Conn, ext Extension, name string, args ...any) (int64, error) {
	text, err := Text(name, c.Server.Major(), ext)
	if err != nil {
		return 0, err
	}
	tag, err := c.Exec(ctx, text, args...)
	return tag.RowsAffected(), pg.Describe(ctx, err)
}

// ExtensionCopy runs a COPY FROM STDIN and tells how many rows it took.
func ExtensionCopy(ctx context.Context, c *pg.Conn, ext Extension, name string, in io.Reader) (int64, error) {
	text, err := Text(name, c.Server.Major(), ext)
	if err != nil {
		return 0, err
	}
	tag, err := c.Raw().PgConn().CopyFrom(ctx, in, text)
	return tag.RowsAffected(), pg.Describe(ctx, err)
}

// One runs a statement that gives one row; pgx.ErrNoRows where it gave none.
func One[T any](ctx context.Context, c *pg.Conn, name string, args ...any) (T, error) {
	rows, err := Rows[T](ctx, c, name, args...)
	if err == nil && len(rows) == 0 {
		err = pgx.ErrNoRows
	}
	if err != nil {
		var none T
		return none, err
	}
	return rows[0], nil
}

// Exec runs a statement that gives no rows.
func Exec(ctx context.Context, c *pg.Conn, name string, args ...any) error {
	text, err := Text(name, c.Server.Major(), Extension{})
	if err != nil {
		return err
	}
	return ExecText(ctx, c, text, args...)
}

// Transaction runs work in a transaction that commits on the local disk alone: a lost synchronous standby would hang the
// commit for ever, and synchronous_commit = off was seen to lose it. READ WRITE passes default_transaction_read_only.
func Transaction(ctx context.Context, c *pg.Conn, name string, work func() error) error {
	exec := func(ctx context.Context, statement string) error { return ExecText(ctx, c, Mark(name, statement)) }
	if err := exec(ctx, "BEGIN READ WRITE"); err != nil {
		return err
	}
	err := exec(ctx, "SET LOCAL synchronous_commit = local")
	if err == nil {
		err = work()
	}
	if err == nil {
		return exec(ctx, "COMMIT")
	}
	if c.Raw().IsClosed() {
		return err // the server has rolled it back, and that the connection is lost is said once
	}
	return errors.Join(err, exec(context.WithoutCancel(ctx), "ROLLBACK"))
}

// ReadOnly runs work in a transaction that can write nothing and sees the database as it was at its first statement, and rolls it back.
func ReadOnly(ctx context.Context, c *pg.Conn, name string, work func() error) error {
	if err := ExecText(ctx, c, Mark(name, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")); err != nil {
		return err
	}
	err := work()
	if c.Raw().IsClosed() {
		return err // the server has rolled it back
	}
	return errors.Join(err, ExecText(context.WithoutCancel(ctx), c, Mark(name, "ROLLBACK")))
}

// ExecText runs a statement that could not be a file because it is built from identifiers; mark it with Mark.
func ExecText(ctx context.Context, c *pg.Conn, text string, args ...any) error {
	_, err := c.Exec(ctx, text, args...)
	return pg.Describe(ctx, err)
}
