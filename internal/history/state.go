package history

import (
	"context"

	"avadb/internal/query"
	"avadb/internal/statements"
)

// state is what the next reading is compared with: what the store holds of the newest snapshot, kept from one collection to the next.
type state struct {
	snapshot int32 // the newest one's id; 0 before the first
	next     int32 // the id of the next new statement
	known    map[statements.Key]*statement
}

// statement is one that the store knows.
type statement struct {
	id       int32
	own      bool // avadb's: not counted
	texted   bool
	resets   bool                 // it calls pg_stat_statements_reset
	counters *statements.Counters // nil where the newest snapshot has none
}

// last reads the newest snapshot; nil before the first.
func (c *Collector) last(ctx context.Context) (*last, error) {
	rows, err := query.Rows[last](ctx, c.store.Conn, "history/last_snapshot", c.server.ID)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return &rows[0], nil
}

// load reads the counters of the newest snapshot.
func (c *Collector) load(ctx context.Context) (*state, error) {
	newest, err := c.last(ctx)
	if err != nil {
		return nil, err
	}
	return c.loadCounters(ctx, newest)
}

// loadCounters reads what the store holds of a snapshot, the newest; nil before the first.
func (c *Collector) loadCounters(ctx context.Context, newest *last) (*state, error) {
	s := &state{known: map[statements.Key]*statement{}}
	if newest != nil {
		s.snapshot = newest.ID
	}
	highest, err := query.One[struct{ ID int32 }](ctx, c.store.Conn, "history/last_statement", c.server.ID)
	if err != nil {
		return nil, err
	}
	s.next = highest.ID + 1
	type row struct {
		ID     int32
		Texted bool
		Resets bool
		statements.Counters
	}
	rows, err := query.Rows[row](ctx, c.store.Conn, "history/counters", c.server.ID)
	for i := range rows {
		r := &rows[i]
		s.known[r.Key()] = &statement{id: r.ID, texted: r.Texted, resets: r.Resets, counters: &r.Counters}
	}
	return s, err
}

// recognise looks in the store for the entries that the state does not hold: statements that were away, and avadb's own.
func (c *Collector) recognise(ctx context.Context, s *state, entries []statements.Counters) error {
	var strange []statements.Key
	for i := range entries {
		if key := entries[i].Key(); s.known[key] == nil {
			strange = append(strange, key)
		}
	}
	if len(strange) == 0 {
		return nil
	}
	rows, err := query.Rows[struct {
		ID          int32
		DBID        int64 `db:"dbid"`
		UserID      int64 `db:"userid"`
		QueryID     int64 `db:"queryid"`
		Toplevel    bool
		Own, Texted bool
		Resets      bool
	}](ctx, c.store.Conn, "history/known", append([]any{c.server.ID}, keyColumns(strange)...)...)
	for _, r := range rows {
		s.known[statements.Key{DBID: r.DBID, UserID: r.UserID, QueryID: r.QueryID, Toplevel: r.Toplevel}] = &statement{id: r.ID, own: r.Own, texted: r.Texted, resets: r.Resets}
	}
	return err
}

func keyColumns(keys []statements.Key) []any {
	return []any{
		column(keys, func(k statements.Key) int64 { return k.DBID }), column(keys, func(k statements.Key) int64 { return k.UserID }),
		column(keys, func(k statements.Key) int64 { return k.QueryID }), column(keys, func(k statements.Key) bool { return k.Toplevel }),
	}
}

// column is one column of rows, as statements that take arrays want it.
func column[R, T any](rows []R, of func(R) T) []T {
	values := make([]T, 0, len(rows))
	for _, r := range rows {
		values = append(values, of(r))
	}
	return values
}
