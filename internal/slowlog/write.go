package slowlog

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"avadb/internal/pg"
	"avadb/internal/query"
)

// The origins of rows that avadb writes; what applications write is of the origin app.
const (
	OriginActivity = "activity" // an execution that was seen running
	OriginStats    = "stats"    // what an interval of pg_stat_statements counted: the mean of its calls
	OriginLog      = "log"      // an execution that the server has logged
)

// Row is one for the table. Times are milliseconds; nil is not known.
type Row struct {
	At          time.Time
	Query       string
	DurationMS  float64
	ThresholdMS float64
	Signature   *string
	Origin      string
	Calls       int64
	QueryID     *int64
	Database    *string
	User        *string
	Application *string
	PID         *int32
	Key         string // a UUID: the same for the same event, however often it is seen
}

// Key makes the key of an event, a UUID, of what tells it from others: the first half of the text's SHA-256.
func Key(format string, args ...any) string {
	return uuid(sha256.Sum256(fmt.Appendf(nil, format, args...)))
}

func uuid(sum [sha256.Size]byte) string {
	text := make([]byte, 0, 36)
	for i, to := range [...]int{4, 6, 8, 10, 16} {
		if i > 0 {
			text = append(text, '-')
		}
		text = hex.AppendEncode(text, sum[[...]int{0, 4, 6, 8, 10}[i]:to])
	}
	return string(text)
}

// Access is what a role may do with the table.
type Access struct {
	MayInsert bool `db:"may_insert"`
	MayUpdate bool `db:"may_update"` // and INSERT and SELECT
	MayDelete bool `db:"may_delete"` // and SELECT
}

// Trusts tells that nothing that the owner hangs on the table, such as a trigger, can borrow the rights of the one who writes: they are the
// owner's own, or less. SET ROLE would be no barrier: a trigger can RESET it.
func (t *Table) Trusts(conn *pg.Conn) bool {
	return t.OwnerSuper || t.Owner == conn.Server.Role || t.Owned && !conn.Server.Superuser
}

// Access tells what the connection may write. A superuser may not write where the owner could borrow his rights: see Trusts.
func (t *Table) Access(ctx context.Context, conn *pg.Conn) (Access, error) {
	if t.Layout() != Current && t.Layout() != Upgrading || conn.Server.InRecovery || conn.Server.Superuser && !t.Trusts(conn) {
		return Access{}, nil
	}
	return query.One[Access](ctx, conn, "slowlog/access", t.Schema)
}

// Write adds rows. Those of an execution that was seen before get its later end, where the role may UPDATE; otherwise they stay.
func (t *Table) Write(ctx context.Context, conn *pg.Conn, a Access, rows []Row) error {
	name := "slowlog/add"
	if a.MayUpdate {
		name = "slowlog/put"
	}
	return t.write(ctx, conn, func() error {
		_, err := query.ExtensionRows[struct{}](ctx, conn, t.in(), name, Columns(rows)...)
		return err
	})
}

// Add adds the rows that are not there yet, and tells how many these were.
func (t *Table) Add(ctx context.Context, conn *pg.Conn, rows []Row) (added int64, err error) {
	err = t.write(ctx, conn, func() (err error) {
		added, err = query.ExtensionAffected(ctx, conn, t.in(), "slowlog/add", Columns(rows)...)
		return err
	})
	return added, err
}

// Copy adds rows by COPY: their lines. One that is there already makes it fail with SQLSTATE 23505, and none is added.
func (t *Table) Copy(ctx context.Context, conn *pg.Conn, text []byte) error {
	return t.write(ctx, conn, func() error {
		_, err := query.ExtensionCopy(ctx, conn, t.in(), "slowlog/copy", bytes.NewReader(text))
		return err
	})
}

// write runs work in a transaction. A superuser looks once more whose table it is, when nobody can put another one in its place.
func (t *Table) write(ctx context.Context, conn *pg.Conn, work func() error) error {
	return query.Transaction(ctx, conn, mark, func() error {
		if !conn.Server.Superuser {
			return work()
		}
		if err := execute(ctx, conn, "LOCK TABLE "+t.Identifier()+" IN ROW EXCLUSIVE MODE"); err != nil {
			return err
		}
		now, err := Find(ctx, conn, t.Schema)
		switch {
		case err != nil:
			return err
		case !now.Trusts(conn):
			return now.untrusted()
		}
		return work()
	})
}

// Columns are rows as the arrays that sql/slowlog/rows_of_arrays.sql takes.
func Columns(rows []Row) []any {
	return []any{
		column(rows, func(r Row) time.Time { return r.At }), column(rows, func(r Row) string { return r.Query }),
		column(rows, func(r Row) float64 { return r.DurationMS }), column(rows, func(r Row) float64 { return r.ThresholdMS }),
		column(rows, func(r Row) *string { return r.Signature }), column(rows, func(r Row) string { return r.Origin }),
		column(rows, func(r Row) int64 { return r.Calls }), column(rows, func(r Row) *int64 { return r.QueryID }),
		column(rows, func(r Row) *string { return r.Database }), column(rows, func(r Row) *string { return r.User }),
		column(rows, func(r Row) *string { return r.Application }), column(rows, func(r Row) *int32 { return r.PID }),
		column(rows, func(r Row) string { return r.Key }),
	}
}

func column[T any](rows []Row, of func(Row) T) []T {
	values := make([]T, 0, len(rows))
	for _, r := range rows {
		values = append(values, of(r))
	}
	return values
}
