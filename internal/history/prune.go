package history

import (
	"context"
	"time"

	"avadb/internal/query"
	"avadb/internal/slowlog"
)

// pruneBatch is how many rows go in one transaction.
const pruneBatch = 10000

// Pruned is what was older than the time to keep.
type Pruned struct {
	Before     time.Time `json:"before" col:""`     // what is older goes; by the watched server's clock
	Snapshots  int64     `json:"snapshots" col:""`  // of pg_stat_statements
	Deltas     int64     `json:"deltas" col:""`     // what statements counted between two of them
	Statements *int64    `json:"statements" col:""` // texts that nothing speaks of any more; null in a dry run
	Rows       int64     `json:"rows" col:""`       // of slow_query_log tables
}

// pruneStatements must not meet a collector that comes back to one of them: see holdReturning.
const pruneStatements = "history/prune_statements"

type pruneLimit struct {
	ID     int32
	Old    int64
	Oldest *time.Time
}

func (s *Store) pruneLimit(ctx context.Context, server int32, before time.Time) (pruneLimit, error) {
	return query.One[pruneLimit](ctx, s.Conn, "history/prune_limit", server, before)
}

// WouldPrune counts what Prune takes away; of the statements it knows nothing.
func (s *Store) WouldPrune(ctx context.Context, server int32, before time.Time) (*Pruned, error) {
	limit, err := s.pruneLimit(ctx, server, before)
	if err != nil {
		return nil, err
	}
	old, err := query.One[struct{ Deltas, Rows int64 }](ctx, s.Conn, "history/old_rows", server, limit.ID, before)
	return &Pruned{Before: before, Snapshots: limit.Old, Deltas: old.Deltas, Rows: old.Rows}, err
}

// Prune takes away what a server's history holds from before a time. It goes in small transactions, the snapshots first:
// interrupted, it leaves a history that is shorter, and numbers that nobody reads until the next one takes them.
func (s *Store) Prune(ctx context.Context, server int32, before time.Time) (*Pruned, error) {
	limit, err := s.pruneLimit(ctx, server, before)
	if err != nil {
		return nil, err
	}
	p := &Pruned{Before: before, Statements: new(int64)}
	for _, step := range []struct {
		count *int64
		name  string
		args  []any
		batch int64 // 0: all at once
	}{
		{&p.Snapshots, "history/prune_snapshots", []any{server, limit.ID}, 0},
		{&p.Deltas, "history/prune_deltas", []any{server, limit.ID, pruneBatch}, pruneBatch},
		{&p.Rows, "history/prune_slow", []any{server, before, pruneBatch}, pruneBatch},
		{p.Statements, pruneStatements, []any{server, before}, 0},
	} {
		for more := true; more; {
			rows, err := s.delete(ctx, step.name, step.args...)
			if err != nil {
				return p, err
			}
			*step.count += rows
			more = step.batch > 0 && rows == step.batch
		}
	}
	return p, nil
}

func (s *Store) delete(ctx context.Context, name string, args ...any) (rows int64, err error) {
	err = query.Transaction(ctx, s.Conn, "history/prune", func() error {
		if name == pruneStatements {
			if err := query.Exec(ctx, s.Conn, "history/lock_server_alone", args[0]); err != nil {
				return err
			}
		}
		gone, err := query.One[struct{ Rows int64 }](ctx, s.Conn, name, args...)
		rows = gone.Rows
		return err
	})
	return rows, err
}

// pruneShare is the part of the time to keep that may lie beyond it before pruning is due: 14 days are pruned some times a day.
const pruneShare = 100

// pruneNowAndThen prunes where enough has become old, and tries at most that often. Of the watched database's table it takes what
// avadb has written: rows of applications go with slowlog prune alone.
func (c *Collector) pruneNowAndThen(ctx context.Context, g *gathered, done *Collected) error {
	due := c.o.Keep / pruneShare
	if c.o.Keep == 0 || c.pruned.IsZero() && done.Snapshot == 1 || g.TakenAt.Sub(c.pruned) < due {
		return nil
	}
	before := g.TakenAt.Add(-c.o.Keep)
	limit, err := c.store.pruneLimit(ctx, c.server.ID, before)
	if err != nil || limit.Oldest == nil || limit.Oldest.After(before.Add(-due)) {
		return err
	}
	c.pruned = g.TakenAt
	err = c.onStore(func() (err error) { done.Pruned, err = c.store.Prune(ctx, c.server.ID, before); return err })
	if err != nil || g.table == nil || !g.access.MayDelete || g.table.Layout() != slowlog.Current {
		return err
	}
	return c.onServer(func() error {
		rows, err := g.table.Prune(ctx, c.conn, before, false)
		done.Pruned.Rows += rows
		return err
	})
}
