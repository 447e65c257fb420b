package slowlog

import (
	"context"

	"avadb/internal/fault"
	"avadb/internal/journal"
	"avadb/internal/pg"
	"avadb/internal/query"
)

// CreateAccess refuses where the table can neither be made nor upgraded, with what is missing.
func (t *Table) CreateAccess(ctx context.Context, conn *pg.Conn) error {
	role := pg.Identifier(conn.Server.Role)
	switch layout := t.Layout(); {
	case layout == Foreign:
		return t.Unknown()
	case layout == Current:
		return nil
	case conn.Server.InRecovery:
		return fault.New(fault.Prerequisite, "the server is a standby: the table comes from its primary").
			WithHint("run avadb slowlog init on the primary")
	case !t.MayCreate:
		return fault.New(fault.Privilege, "role %s may not create a table in schema %s", role, pg.Identifier(t.Schema)).
			WithHint("in database %s: GRANT CREATE ON SCHEMA %s TO %s; or name another with --schema", conn.Server.Database, pg.Identifier(t.Schema), role)
	case layout == None:
		return nil
	case !t.Owned:
		return fault.New(fault.Privilege, "only the owner of %s may upgrade it", t.Identifier()).
			WithHint("run it as %s, or GRANT %s TO %s", pg.Identifier(t.Owner), pg.Identifier(t.Owner), role)
	}
	return t.noObstacles(ctx, conn)
}

// DropAccess refuses where the table is not avadb's to drop.
func (t *Table) DropAccess(conn *pg.Conn) error {
	switch {
	case t.Layout() == None:
		return nil
	case t.Layout() == Foreign:
		return t.Unknown()
	case conn.Server.InRecovery:
		return fault.New(fault.Prerequisite, "the server is a standby: the table comes from its primary").WithHint("run it on the primary")
	case !t.Owned:
		return fault.New(fault.Privilege, "only the owner of %s may drop it", t.Identifier()).WithHint("run it as %s", pg.Identifier(t.Owner))
	case !t.MayRead:
		return t.mayNotRead(conn)
	}
	return nil
}

// create makes the table and its index in one transaction.
func create(ctx context.Context, conn *pg.Conn, t *Table) error {
	return query.Transaction(ctx, conn, mark, func() error { return createIn(ctx, conn, t) })
}

func createIn(ctx context.Context, conn *pg.Conn, t *Table) error {
	for _, name := range []string{"slowlog/create_table", "slowlog/create_index"} {
		if _, err := query.ExtensionRows[struct{}](ctx, conn, t.in(), name); err != nil {
			return err
		}
	}
	return nil
}

// dropEmpty drops the table if it holds nothing, looked at under the lock that keeps writers out.
func dropEmpty(ctx context.Context, conn *pg.Conn, t *Table) error {
	if t.Kind != "r" || t.HasLeftover {
		return &journal.KeptError{Reason: t.Identifier() + " is not as avadb made it"}
	}
	return locked(ctx, conn, func() error {
		if err := execute(ctx, conn, "LOCK TABLE "+t.Identifier()+" IN ACCESS EXCLUSIVE MODE"); err != nil {
			return err
		}
		is, err := one[struct{ Empty bool }](ctx, conn, t, "slowlog/empty")
		if err != nil {
			return err
		}
		if !is.Empty {
			return &journal.KeptError{Reason: t.Identifier() + " holds rows; avadb slowlog drop takes them away"}
		}
		return dropIn(ctx, conn, t.Identifier())
	})
}

// dropIn drops a table as long as nothing depends on it.
func dropIn(ctx context.Context, conn *pg.Conn, identifier string) error {
	err := execute(ctx, conn, "DROP TABLE "+identifier)
	if f := fault.As(err); f != nil && f.SQLState == "2BP01" {
		return &journal.KeptError{Reason: "something depends on " + identifier + ": " + f.Message}
	}
	return err
}
