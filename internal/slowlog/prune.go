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
func (t *Table) Prune(ctx context.Context, conn *pg.Conn, before time.Time, all bool) (rows int64, err error) {
	for {
		var gone struct{ Rows int64 }
		err := t.write(ctx, conn, func() (err error) {
			gone, err = one[struct{ Rows int64 }](ctx, conn, t, "slowlog/prune", before, all, pruneBatch)
			return err
		})
		rows += gone.Rows
		if err != nil || gone.Rows < pruneBatch {
			return rows, err
		}
	}
}

// untrusted refuses a superuser on a table whose owner could borrow his rights.
func (t *Table) untrusted() error {
	return fault.New(fault.Prerequisite, "%s belongs to %s, who is no superuser: a trigger on it would run with a superuser's rights", t.Identifier(), pg.Identifier(t.Owner)).
		WithHint("run it as %s, or as a role that may do no more than INSERT and DELETE there", pg.Identifier(t.Owner))
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
		what := "is as an application made it"
		if layout == Upgrading {
			what = "was left by an upgrade that was interrupted"
		}
		return fault.New(fault.Prerequisite, "the table %s %s: old rows go only from one that avadb has upgraded", t.Identifier(), what).
			WithHint("avadb slowlog init upgrades it")
	case conn.Server.Superuser && !t.Trusts(conn):
		return t.untrusted()
	case !a.MayDelete:
		return fault.New(fault.Privilege, "role %s may not delete from %s", role, t.Identifier()).WithHint("GRANT SELECT, DELETE ON %s TO %s", t.Identifier(), role)
	}
	return nil
}
