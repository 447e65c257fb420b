package slowlog

import (
	"context"
	"time"

	"avadb/internal/fault"
	"avadb/internal/pg"
)

// pruneBatch is how many rows go in one transaction: some 100 ms of deleting, in which nothing waits for it.
const pruneBatch = 10000

// Old counts the rows that are older than a time.
func (t *Table) Old(ctx context.Context, conn *pg.Conn, before time.Time) (int64, error) {
	old, err := one[struct{ Rows int64 }](ctx, conn, t, "slowlog/old", before)
	return old.Rows, err
}

// Prune deletes the rows that are older than a time, in batches; those of applications only where all are meant.
func (t *Table) Prune(ctx context.Context, conn *pg.Conn, a Access, before time.Time, all bool) (rows int64, err error) {
	for {
		var gone struct{ Rows int64 }
		err := t.write(ctx, conn, a, func() (err error) {
			gone, err = one[struct{ Rows int64 }](ctx, conn, t, "slowlog/prune", before, all, pruneBatch)
			return err
		})
		rows += gone.Rows
		if err != nil || gone.Rows < pruneBatch {
			return rows, err
		}
	}
}

// PruneAccess refuses where old rows cannot be deleted.
func (t *Table) PruneAccess(conn *pg.Conn, a Access) error {
	role := pg.Identifier(conn.Server.Role)
	switch layout := t.Layout(); {
	case layout == None:
		return nil
	case layout == Foreign:
		return t.Unknown()
	case conn.Server.InRecovery:
		return fault.New(fault.Prerequisite, "the server is a standby: the table comes from its primary").WithHint("run it on the primary")
	case layout != Current:
		return fault.New(fault.Prerequisite, "%s has %s", t.Identifier(), layout).WithHint("avadb slowlog init upgrades it")
	case !a.MayDelete && a.owner == "":
		return fault.New(fault.Privilege, "role %s may not delete from %s", role, t.Identifier()).WithHint("GRANT SELECT, DELETE ON %s TO %s", t.Identifier(), role)
	}
	return nil
}
