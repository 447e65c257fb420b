package slowlog

import (
	"context"
	"errors"
	"math"
	"strings"

	"avadb/internal/fault"
	"avadb/internal/pg"
	"avadb/internal/query"
)

// batch is how many rows an upgrade moves at a time: 10,000 take about 0.1 s.
const batch = 10000

// noObstacles refuses to upgrade a table that something hangs on: it would stay with the old one, which is dropped at the end.
func (t *Table) noObstacles(ctx context.Context, conn *pg.Conn) error {
	table := Name
	switch t.Layout() {
	case Original:
	case Upgrading:
		table = leftover
	case None, Current, Foreign:
		return nil
	}
	rows, err := query.Rows[struct{ What string }](ctx, conn, "slowlog/obstacles", t.Schema, table)
	if err != nil || len(rows) == 0 {
		return err
	}
	var what []string
	hint := "drop or reset it, run avadb slowlog init again, and make it anew"
	for _, row := range rows {
		what = append(what, row.What)
		if strings.HasPrefix(row.What, "publication ") {
			hint = "ALTER PUBLICATION ... DROP TABLE takes the table out of one that names it; one FOR ALL TABLES or FOR TABLES IN SCHEMA cannot leave it out, " +
				"and its subscribers would stop at the first new row: leave the table as it is then, avadb slow --source slowlog reads it"
		}
	}
	return fault.New(fault.Prerequisite, "%s cannot be upgraded, because something would not follow it: %s", t.Identifier(), strings.Join(what, ", ")).
		WithHint("%s", hint)
}

// LostIndexes are the definitions of indexes that an upgrade does not make anew: a window reads the one on timestamp alone.
func (t *Table) LostIndexes(ctx context.Context, conn *pg.Conn) ([]string, error) {
	rows, err := query.Rows[struct{ Name, Definition string }](ctx, conn, "slowlog/indexes", t.Schema)
	if err != nil || t.Layout() != Original {
		return nil, err
	}
	var lost []string
	for _, row := range rows {
		if !strings.HasSuffix(row.Name, "idx_slow_query_log_timestamp") && !strings.HasSuffix(row.Name, "idx_slow_query_log_duration") {
			lost = append(lost, row.Definition)
		}
	}
	return lost, nil
}

// beginUpgrade puts today's table in the place of the original, in one transaction that locks it for some milliseconds: with its
// owner, its privileges, and ids that go on. Writers notice nothing.
func beginUpgrade(ctx context.Context, conn *pg.Conn, schema, zone string) error {
	return locked(ctx, conn, func() error {
		if err := execute(ctx, conn, "LOCK TABLE "+pg.Identifier(schema, Name)+" IN ACCESS EXCLUSIVE MODE"); err != nil {
			return err
		}
		t, err := Find(ctx, conn, schema) // once more, now that nobody can change it
		if err != nil {
			return err
		}
		if t.Layout() != Original {
			return fault.New(fault.Failed, "somebody else has changed %s at this moment", t.Identifier()).WithHint("run avadb slowlog init again")
		}
		if err := t.noObstacles(ctx, conn); err != nil {
			return err
		}
		return swap(ctx, conn, t, zone)
	})
}

type oldNames struct {
	SequenceSchema string `db:"sequence_schema"`
	Sequence       string
	LastValue      int64  `db:"last_value"`
	PrimaryKey     string `db:"primary_key"`
}

func swap(ctx context.Context, conn *pg.Conn, t *Table, zone string) error {
	names, err := query.One[oldNames](ctx, conn, "slowlog/names", t.Schema)
	if err != nil {
		return err
	}
	grants, err := query.Rows[privilege](ctx, conn, "slowlog/acl", t.Schema)
	if err != nil {
		return err
	}
	for _, statement := range names.stepAside(t, zone) {
		if err := execute(ctx, conn, statement); err != nil {
			return err
		}
	}
	if err := createIn(ctx, conn, &Table{Schema: t.Schema}); err != nil {
		return err
	}
	if _, err := one[struct{ Next int64 }](ctx, conn, t, "slowlog/go_on", names.LastValue, t.Identifier()); err != nil {
		return err
	}
	return handOver(ctx, conn, t, grants)
}

// stepAside renames the original with what would take the new table's names. Its comment keeps the zone for an upgrade
// that has to go on.
func (n oldNames) stepAside(t *Table, zone string) []string {
	old := pg.Identifier(t.Schema, leftover)
	statements := []string{
		"ALTER TABLE " + t.Identifier() + " RENAME TO " + pg.Identifier(leftover),
		"COMMENT ON TABLE " + old + " IS " + pg.Literal(zoneNote+zone),
	}
	if n.Sequence != "" {
		statements = append(statements, "ALTER SEQUENCE "+pg.Identifier(n.SequenceSchema, n.Sequence)+" RENAME TO "+pg.Identifier(leftover+"_id_seq"))
	}
	if n.PrimaryKey != "" {
		statements = append(statements, "ALTER TABLE "+old+" RENAME CONSTRAINT "+pg.Identifier(n.PrimaryKey)+" TO "+pg.Identifier(leftover+"_pkey"))
	}
	return statements
}

// handOver gives the new table to the owner of the old one, and the same privileges to the same roles: those that the
// default privileges of a schema gave are taken away.
func handOver(ctx context.Context, conn *pg.Conn, t *Table, grants []privilege) error {
	sequence, err := query.One[oldNames](ctx, conn, "slowlog/names", t.Schema)
	if err != nil {
		return err
	}
	sequenceName := pg.Identifier(sequence.SequenceSchema, sequence.Sequence)
	given, err := query.Rows[privilege](ctx, conn, "slowlog/acl", t.Schema)
	if err != nil {
		return err
	}
	var statements []string
	for _, p := range given {
		statements = append(statements, p.revoke(t.Identifier(), sequenceName))
	}
	if t.Comment != "" {
		statements = append(statements, "COMMENT ON TABLE "+t.Identifier()+" IS "+pg.Literal(t.Comment))
	}
	if t.Owner != conn.Server.Role {
		statements = append(statements, "ALTER TABLE "+t.Identifier()+" OWNER TO "+pg.Identifier(t.Owner))
	}
	for _, p := range grants {
		statements = append(statements, p.grant(t.Identifier(), sequenceName))
	}
	for _, statement := range statements {
		if err := execute(ctx, conn, statement); err != nil {
			return err
		}
	}
	return nil
}

// moveStep is what one batch moved.
type moveStep struct {
	Taken  int64
	Stored int64
	Last   *int64 // id of the last row; nil where nothing was left
}

// move brings the rows over, a batch in a transaction, and drops the old table once it is empty. It can be interrupted at any
// moment: each row is in one of the two tables, and the next upgrade goes on.
func move(ctx context.Context, conn *pg.Conn, t *Table, zone string, moved func(rows int64)) error {
	last, total := int64(math.MinInt64), int64(0)
	for {
		step, err := moveBatch(ctx, conn, t, zone, last)
		if err != nil {
			return interrupted(err)
		}
		if step.Last == nil {
			break
		}
		last, total = *step.Last, total+step.Taken
		if moved != nil {
			moved(total)
		}
	}
	return interrupted(locked(ctx, conn, func() error { return dropOld(ctx, conn, t) }))
}

func moveBatch(ctx context.Context, conn *pg.Conn, t *Table, zone string, last int64) (step moveStep, err error) {
	err = query.Transaction(ctx, conn, mark, func() (err error) {
		if err = errors.Join(setZone(ctx, conn, zone), seeAll(ctx, conn), bare(ctx, conn, t), as(ctx, conn, t.Owner)); err != nil {
			return err
		}
		if step, err = one[moveStep](ctx, conn, t, "slowlog/move", last, batch); err != nil {
			return err
		}
		if step.Taken != step.Stored {
			return fault.New(fault.Failed, "of %d rows only %d came into %s: something keeps rows out of it, such as a trigger", step.Taken, step.Stored, t.Identifier())
		}
		return nil
	})
	return step, err
}

// bare refuses to move rows where something that the owner has hung on the tables meanwhile would run, and could borrow the rights of the one who
// upgrades. The lock lets writers in and nothing new be hung on.
func bare(ctx context.Context, conn *pg.Conn, t *Table) error {
	for _, name := range []string{Name, leftover} {
		if err := execute(ctx, conn, "LOCK TABLE "+pg.Identifier(t.Schema, name)+" IN ROW EXCLUSIVE MODE"); err != nil {
			return err
		}
	}
	now, err := Find(ctx, conn, t.Schema)
	if err != nil || now.Trusts(conn) {
		return err
	}
	hung, err := query.Rows[struct{ What string }](ctx, conn, "slowlog/hung", t.Schema)
	if err != nil || len(hung) == 0 {
		return err
	}
	var what []string
	for _, h := range hung {
		what = append(what, h.What)
	}
	return fault.New(fault.Prerequisite, "%s belongs to %s, and what hangs on it would run with the rights of %s: %s",
		t.Identifier(), pg.Identifier(t.Owner), pg.Identifier(conn.Server.Role), strings.Join(what, ", ")).
		WithHint("drop it and run avadb slowlog init again, or run that as %s", pg.Identifier(t.Owner))
}

// dropOld drops the old table, once more looking that it holds nothing: a row can come late, through a name that somebody uses.
func dropOld(ctx context.Context, conn *pg.Conn, t *Table) error {
	old := pg.Identifier(t.Schema, leftover)
	if err := execute(ctx, conn, "LOCK TABLE "+old+" IN ACCESS EXCLUSIVE MODE"); err != nil {
		return err
	}
	is, err := one[struct{ Rows int64 }](ctx, conn, t, "slowlog/left")
	switch {
	case err != nil:
		return err
	case is.Rows > 0:
		return fault.New(fault.Failed, "%d rows came into %s meanwhile", is.Rows, old)
	}
	return dropIn(ctx, conn, old)
}

// interrupted says that nothing is lost.
func interrupted(err error) error {
	if err == nil {
		return nil
	}
	out := fault.New(fault.KindOf(err), "%w; the new table is in use, and the rows that are not moved yet stand in %s", err, leftover).
		WithHint("run avadb slowlog init again: it goes on")
	if f := fault.As(err); f != nil {
		out = out.WithSQLState(f.SQLState)
	}
	return out
}
