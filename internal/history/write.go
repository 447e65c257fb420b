package history

import (
	"context"
	"errors"
	"time"

	"avadb/internal/fault"
	"avadb/internal/query"
)

// errOvertaken says that the newest snapshot is not the one that was compared with.
var errOvertaken = errors.New("another snapshot was written")

// write adds a snapshot in one transaction: whoever is killed in between leaves all of it or nothing. nil where the state was
// overtaken and everything must be read anew.
func (c *Collector) write(ctx context.Context, g *gathered) (*Collected, error) {
	s := c.state
	var moved *changes
	done := &Collected{
		Snapshot: s.snapshot + 1, TakenAt: g.TakenAt.UTC(), Entries: len(g.Entries) + int(g.NotVisible), NotVisible: g.NotVisible, New: len(g.added),
	}
	err := query.Transaction(ctx, c.store.Conn, "history/snapshot", func() error {
		return c.onStore(func() (err error) {
			moved, err = c.add(ctx, g, done)
			return err
		})
	})
	f := fault.As(err)
	if errors.Is(err, errOvertaken) || f != nil && f.SQLState == "23505" {
		c.state = nil
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	c.step()
	s.settle(done.Snapshot, moved, g.Tally)
	return done, c.noteOutside(ctx, g, done)
}

// add writes within the transaction. The snapshot's own row comes last, as it says what the rest cost.
func (c *Collector) add(ctx context.Context, g *gathered, done *Collected) (*changes, error) {
	newest, err := c.last(ctx)
	if err != nil {
		return nil, err
	}
	if newest == nil && c.state.snapshot != 0 || newest != nil && newest.ID != c.state.snapshot {
		return nil, errOvertaken
	}
	moved := c.state.compare(newest, g.Tally)
	if err := c.holdReturning(ctx, g, moved); err != nil {
		return nil, err
	}
	if newest != nil {
		from := newest.TakenAt.UTC()
		done.From = &from
	}
	i := moved.interval
	done.Gap, done.Flags, done.Evictions, done.Changed = i.gap, i.flags, max(i.evictions, 0), len(moved.deltas)
	for _, put := range []func() (int64, error){
		func() (int64, error) { return c.addTexts(ctx, g) },
		func() (int64, error) { return c.addDeltas(ctx, done.Snapshot, moved.deltas) },
		func() (int64, error) { return c.putCounters(ctx, moved.counters) },
		func() (int64, error) { return 0, c.dropCounters(ctx, moved.gone) },
		func() (int64, error) { return 0, c.noteInside(ctx, g, moved, done) },
	} {
		bytes, err := put()
		if err != nil {
			return nil, err
		}
		done.Bytes += bytes
		c.step()
	}
	return moved, query.Exec(ctx, c.store.Conn, "history/add_snapshot", c.server.ID, done.Snapshot, done.Entries, g.MaxEntries, c.conn.Server.VersionNum, i.gap,
		g.TakenAt, g.StartedAt, g.StatsReset, g.Dealloc, done.Evictions, g.NotVisible, milliseconds(c.spent), done.Bytes, g.Extension, i.flags)
}

// holdReturning keeps the statements that come back after a time without counters from being pruned. One that is gone already must be made
// anew: what was counted of it would be nobody's.
func (c *Collector) holdReturning(ctx context.Context, g *gathered, moved *changes) error {
	added := make(map[*statement]bool, len(g.added))
	for _, a := range g.added {
		added[a.statement] = true
	}
	var ids []int32
	for _, r := range moved.counters {
		if r.statement.counters == nil && !added[r.statement] {
			ids = append(ids, r.statement.id)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	if err := query.Exec(ctx, c.store.Conn, "history/lock_server", c.server.ID); err != nil {
		return err
	}
	known, err := query.One[struct{ Rows int64 }](ctx, c.store.Conn, "history/still_known", c.server.ID, ids)
	if err == nil && known.Rows < int64(len(ids)) {
		err = errOvertaken
	}
	return err
}

// put runs a statement that takes arrays and tells how many bytes it wrote.
func (c *Collector) put(ctx context.Context, name string, args ...any) (int64, error) {
	written, err := query.One[struct{ Bytes int64 }](ctx, c.store.Conn, name, args...)
	return written.Bytes, err
}

func (c *Collector) addTexts(ctx context.Context, g *gathered) (int64, error) {
	rows := g.added
	if len(rows) == 0 {
		return 0, nil
	}
	return c.put(ctx, "history/add_statements", c.server.ID, g.TakenAt,
		column(rows, func(r newText) int32 { return r.statement.id }), column(rows, func(r newText) int64 { return r.key.DBID }),
		column(rows, func(r newText) int64 { return r.key.UserID }), column(rows, func(r newText) int64 { return r.key.QueryID }),
		column(rows, func(r newText) bool { return r.key.Toplevel }), column(rows, func(r newText) bool { return r.statement.own }),
		column(rows, func(r newText) int64 { return r.signature }), column(rows, func(r newText) *string { return r.text.Database }),
		column(rows, func(r newText) *string { return r.text.User }), column(rows, func(r newText) *string { return r.text.Query }))
}

func (c *Collector) addDeltas(ctx context.Context, snapshot int32, rows []delta) (int64, error) {
	if len(rows) == 0 {
		return 0, nil
	}
	return c.put(ctx, "history/add_deltas", c.server.ID, snapshot,
		column(rows, func(r delta) int32 { return r.statement }), column(rows, func(r delta) int16 { return r.flags }),
		column(rows, func(r delta) int64 { return r.Calls }), column(rows, func(r delta) float64 { return r.TotalMS }),
		column(rows, func(r delta) float64 { return r.Squares() }), column(rows, func(r delta) *float64 { return r.Max }),
		column(rows, func(r delta) int64 { return r.Rows }), column(rows, func(r delta) int64 { return r.SharedBlksHit }),
		column(rows, func(r delta) int64 { return r.SharedBlksRead }), column(rows, func(r delta) int64 { return r.SharedBlksWritten }),
		column(rows, func(r delta) int64 { return r.LocalBlksRead }), column(rows, func(r delta) int64 { return r.LocalBlksWritten }),
		column(rows, func(r delta) int64 { return r.TempBlksRead }), column(rows, func(r delta) int64 { return r.TempBlksWritten }),
		column(rows, func(r delta) int64 { return r.WALBytes }))
}

func (c *Collector) putCounters(ctx context.Context, rows []counter) (int64, error) {
	if len(rows) == 0 {
		return 0, nil
	}
	numbers := func(of func(counter) int64) []int64 { return column(rows, of) }
	times := func(of func(counter) float64) []float64 { return column(rows, of) }
	return c.put(ctx, "history/put_counters", c.server.ID, column(rows, func(r counter) int32 { return r.statement.id }),
		numbers(func(r counter) int64 { return r.now.Calls }), times(func(r counter) float64 { return r.now.TotalMS }),
		times(func(r counter) float64 { return r.now.MinMS }), times(func(r counter) float64 { return r.now.MaxMS }),
		times(func(r counter) float64 { return r.now.MeanMS }), times(func(r counter) float64 { return r.now.StddevMS }),
		numbers(func(r counter) int64 { return r.now.Rows }), numbers(func(r counter) int64 { return r.now.SharedBlksHit }),
		numbers(func(r counter) int64 { return r.now.SharedBlksRead }), numbers(func(r counter) int64 { return r.now.SharedBlksWritten }),
		numbers(func(r counter) int64 { return r.now.LocalBlksRead }), numbers(func(r counter) int64 { return r.now.LocalBlksWritten }),
		numbers(func(r counter) int64 { return r.now.TempBlksRead }), numbers(func(r counter) int64 { return r.now.TempBlksWritten }),
		numbers(func(r counter) int64 { return r.now.WALBytes }), column(rows, func(r counter) *time.Time { return r.now.StatsSince }),
		column(rows, func(r counter) *time.Time { return r.now.MinmaxStatsSince }))
}

func (c *Collector) dropCounters(ctx context.Context, gone []int32) error {
	if len(gone) == 0 {
		return nil
	}
	return query.Exec(ctx, c.store.Conn, "history/drop_counters", c.server.ID, gone)
}

// note keeps what a collection failed with, or that it did not. Where even that fails, the failure has been said already.
func (c *Collector) note(ctx context.Context, failed error) {
	if c.store == nil || c.store.Conn.Raw().IsClosed() {
		return
	}
	var text *string
	if failed != nil {
		message := failed.Error()
		text = &message
	}
	if err := query.Exec(ctx, c.store.Conn, "history/note_error", c.server.ID, text); err != nil {
		c.log.Debug("keep the error: " + err.Error())
	}
}
