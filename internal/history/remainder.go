package history

import (
	"context"

	"avadb/internal/pg"
	"avadb/internal/query"
	"avadb/internal/statements"
)

// remainder is what was counted since the newest snapshot.
type remainder struct {
	*statements.Tally
	*changes
	texts map[int32]newText
	names map[int32]named
}

// named is a statement that the store knows.
type named struct {
	ID        int32
	Signature int64
	Database  *string
	User      *string
	Own       bool
}

// standing is the newest snapshot and its counters.
type standing struct {
	newest last
	known  *state
}

// reader is a collector that writes nothing.
func (s *Store) reader(conn *pg.Conn, server int32) *Collector {
	return &Collector{conn: conn, store: s, server: &Server{ID: server}, told: map[string]bool{}, log: s.log, step: func() {}}
}

// standing reads it.
func (s *Store) standing(ctx context.Context, server int32) (*standing, error) {
	newest, err := query.One[last](ctx, s.Conn, "history/window_last", server)
	if err != nil {
		return nil, err
	}
	known, err := s.reader(nil, server).loadCounters(ctx, &newest)
	return &standing{newest, known}, err
}

// remainder reads the server as a collection would, and writes nothing.
func (s *Store) remainder(ctx context.Context, conn *pg.Conn, server int32, since *standing) (_ *remainder, err error) {
	c, known := s.reader(conn, server), since.known
	r := &remainder{texts: map[int32]newText{}, names: map[int32]named{}}
	if r.Tally, err = statements.ReadCounters(ctx, conn); err != nil {
		return nil, err
	}
	if err := c.recognise(ctx, known, r.Entries); err != nil {
		return nil, err
	}
	texts, err := c.texts(ctx, known.wanted(r.Entries))
	if err != nil {
		return nil, err
	}
	for _, added := range known.name(r.Entries, texts) {
		r.texts[added.statement.id] = added
	}
	r.changes = known.compare(&since.newest, r.Tally)
	return r, s.nameChanges(ctx, server, r)
}

// nameChanges looks up the signatures of what moved.
func (s *Store) nameChanges(ctx context.Context, server int32, r *remainder) error {
	ids := column(r.deltas, func(d delta) int32 { return d.statement })
	if len(ids) == 0 {
		return nil
	}
	rows, err := query.Rows[named](ctx, s.Conn, "history/window_names", server, ids)
	for _, n := range rows {
		r.names[n.ID] = n
	}
	return err
}

// boundary is the reading as if it were a snapshot.
func (r *remainder) boundary() boundary {
	return boundary{TakenAt: r.TakenAt, StartedAt: r.StartedAt, StatsReset: &r.StatsReset, Evictions: max(r.interval.evictions, 0), Gap: r.interval.gap, Flags: r.interval.flags}
}

// addRemainder adds what the server counted since the newest snapshot.
func (a *answer) addRemainder(r *remainder, server int32, names *catalog, scope statements.Scope) {
	for i := range r.deltas {
		d := &r.deltas[i]
		g := &group{
			Counters: d.Counters, server: server, statement: d.statement, squares: d.Squares(), max: d.Max, flags: d.flags,
			members: []member{{server, d.statement}},
		}
		g.Query = ""
		if added, isNew := r.texts[d.statement]; isNew {
			g.signature, g.database, g.user = added.signature, added.text.Database, added.text.User
			g.Query = value(added.text.Query)
		} else if n, known := r.names[d.statement]; known {
			g.signature, g.database, g.user = n.Signature, n.Database, n.User
		}
		names.rename(g)
		if !g.in(scope) {
			continue
		}
		longest := d.TotalMS / float64(d.Calls) // at least, where an earlier one was longer
		if d.Max != nil {
			longest = *d.Max
		}
		g.long = r.TakenAt.Add(-milli(longest / 2)).Before(a.from)
		a.add(g)
	}
}

func value(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}
