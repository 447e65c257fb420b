package query

import (
	"context"

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
	out, err := pgx.CollectRows(rows, pgx.RowToStructByName[T])
	if err != nil {
		return nil, pg.Describe(ctx, err)
	}
	return out, nil
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

// ExecText runs a statement that could not be a file because it is built from identifiers; mark it with Mark.
func ExecText(ctx context.Context, c *pg.Conn, text string, args ...any) error {
	_, err := c.Exec(ctx, text, args...)
	return pg.Describe(ctx, err)
}
