package history

import (
	"context"
	"time"

	"avadb/internal/fault"
	"avadb/internal/query"
	"avadb/internal/slowlog"
)

// execution is a statement that was running. Times are the watched server's.
type execution struct {
	PID          int32     `db:"pid"`
	BackendStart time.Time `db:"backend_start"`
	QueryStart   time.Time `db:"query_start"`
	At           time.Time
	DurationMS   float64 `db:"duration_ms"`
	QueryID      *int64  `db:"queryid"`
	Query        string
	Database     *string
	User         *string
	Application  *string
}

// running reads the statements that run for longer than the threshold.
func (c *Collector) running(ctx context.Context) ([]execution, error) {
	return query.Rows[execution](ctx, c.conn, "history/running", c.thresholdMS())
}

func (c *Collector) thresholdMS() float64 { return milliseconds(c.o.Threshold) }

// row is one for each execution, whenever it is seen: its key is that of the moment it began. It ended at its timestamp or later.
func (c *Collector) row(e execution) slowlog.Row {
	text, signature := c.described(e.Query)
	return slowlog.Row{
		At: e.At, Query: text, DurationMS: e.DurationMS, ThresholdMS: c.thresholdMS(), Signature: signature, Origin: slowlog.OriginActivity, Calls: 1,
		QueryID: e.QueryID, Database: e.Database, User: e.User, Application: e.Application, PID: &e.PID,
		Key: slowlog.Key("%d|%d|%d", e.PID, e.BackendStart.UnixMicro(), e.QueryStart.UnixMicro()),
	}
}

// slowRows are the running statements, and those whose mean in the interval was over the threshold.
func (c *Collector) slowRows(ctx context.Context, g *gathered, moved *changes, done *Collected) ([]slowlog.Row, error) {
	var rows []slowlog.Row
	to := c.store.Conn
	if g.table != nil {
		to = c.conn
	}
	for _, e := range g.executions {
		e.Query, e.Database, e.User, e.Application = to.Storable(e.Query), to.StorableOrNil(e.Database), to.StorableOrNil(e.User), to.StorableOrNil(e.Application)
		rows = append(rows, c.row(e))
	}
	done.Running = len(rows)
	slow := map[int32]delta{}
	for _, d := range moved.deltas {
		if d.Toplevel && d.TotalMS/float64(d.Calls) > c.thresholdMS() {
			slow[d.statement] = d
		}
	}
	if len(slow) == 0 {
		return rows, nil
	}
	ids := make([]int32, 0, len(slow))
	for id := range slow {
		ids = append(ids, id)
	}
	texts, err := query.Rows[struct {
		ID        int32
		Query     *string
		Signature int64
		QueryID   int64   `db:"queryid"`
		DBName    *string `db:"dbname"`
		UserName  *string `db:"usename"`
	}](ctx, c.store.Conn, "history/texts", c.server.ID, ids)
	for _, t := range texts {
		d := slow[t.ID]
		if t.Query == nil {
			continue
		}
		text, _ := c.described(*t.Query)
		done.Intervals++
		rows = append(rows, slowlog.Row{
			At: g.TakenAt, Query: to.Storable(text), DurationMS: d.TotalMS / float64(d.Calls), ThresholdMS: c.thresholdMS(), Signature: shown(t.Signature),
			Origin: slowlog.OriginStats, Calls: d.Calls, QueryID: &t.QueryID, Database: to.StorableOrNil(t.DBName), User: to.StorableOrNil(t.UserName),
			Key: slowlog.Key("%s|%d|%d|%d|%d|%t|%d", c.conn.Server.SystemIdentifier, g.StatsReset.UnixMicro(), d.DBID, d.UserID, t.QueryID, d.Toplevel, g.TakenAt.UnixMicro()),
		})
	}
	return rows, err
}

// noteInside writes what is slow with the snapshot, where it goes to the store's own table; both or none of them is there then.
func (c *Collector) noteInside(ctx context.Context, g *gathered, moved *changes, done *Collected) (err error) {
	if g.slow, err = c.slowRows(ctx, g, moved, done); err != nil || len(g.slow) == 0 || g.table != nil {
		return err
	}
	name := "avadb." + slowlog.Name
	done.Table = &name
	return query.Exec(ctx, c.store.Conn, "history/put_slow", append(slowlog.Columns(g.slow), c.server.ID)...)
}

// noteOutside writes it to the watched database's own table, once the snapshot stands: a table of an application's may refuse.
func (c *Collector) noteOutside(ctx context.Context, g *gathered, done *Collected) error {
	if len(g.slow) == 0 || g.table == nil {
		return nil
	}
	err := c.onServer(func() error { return g.table.Write(ctx, c.conn, g.access, g.slow) })
	if f := fault.As(err); f != nil && f.SQLState != "" && ctx.Err() == nil && !c.conn.Raw().IsClosed() {
		c.warnOnce("slow statements could not be noted, because " + g.table.Identifier() + " refuses them: " + f.SQLState)
		return nil
	}
	if err == nil {
		name := g.table.Identifier()
		done.Table = &name
	}
	return err
}

// findTable looks for the watched database's own table; the store's takes the rows where there is none that can be written.
func (c *Collector) findTable(ctx context.Context, g *gathered) error {
	table, err := slowlog.Find(ctx, c.conn, "")
	if fault.KindOf(err) == fault.Usage { // several schemas have one, and none is in the search_path
		c.warnOnce("slow statements go to the store: " + err.Error())
		return nil
	}
	if err != nil {
		return err
	}
	if g.access, err = table.Access(ctx, c.conn); err != nil {
		return err
	}
	switch {
	case g.access.MayInsert && table.Trusts(c.conn):
		g.table = table
	case table.Layout() == slowlog.Current && !table.Trusts(c.conn):
		c.warnOnce("slow statements go to the store: " + table.Identifier() + " belongs to " + table.Owner + ", who could borrow the rights of role " + c.conn.Server.Role)
	case table.Layout() == slowlog.Original:
		c.warnOnce(table.Identifier() + " is as an application made it, and slow statements go to the store: avadb slowlog init upgrades it")
	case table.Layout() != slowlog.None:
		c.warnOnce("slow statements go to the store, because " + table.Identifier() + " cannot be written by role " + c.conn.Server.Role)
	}
	return nil
}
