package slowlog

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"avadb/internal/fault"
	"avadb/internal/fingerprint"
	"avadb/internal/pg"
	"avadb/internal/query"
	"avadb/internal/statements"
)

// Orders are those that the table knows.
func Orders() []statements.By {
	return []statements.By{statements.ByTotal, statements.ByMean, statements.ByMax, statements.ByCalls}
}

// entry is one row of sql/slowlog/top.sql. Times are milliseconds.
type entry struct {
	Signature   *string
	Query       string
	Origin      string
	Database    *string
	User        *string `db:"user"`
	QueryID     *string `db:"queryid"`
	Calls       int64
	TotalMS     float64   `db:"total_ms"`
	MeanMS      float64   `db:"mean_ms"`
	MinMS       *float64  `db:"min_ms"`
	MaxMS       *float64  `db:"max_ms"`
	StddevMS    *float64  `db:"stddev_ms"`
	Percentiles []float64 // p50, p95, p99; nil without single executions
	SharePct    *float64  `db:"share_pct"`
	aboutWindow
}

// Slow reads the table for a window up to an end, nil for now. What it holds is what its writers logged: at least
// that happened. zone is that of an original's timestamps; empty asks the writers' settings.
func Slow(ctx context.Context, conn *pg.Conn, t *Table, begin statements.Begin, end *time.Time, zone string, scope statements.Scope) (*statements.Slow, error) {
	if err := t.readable(conn, scope); err != nil {
		return nil, err
	}
	if t.zoneless() {
		var err error
		if zone, err = t.Zone(ctx, conn, zone); err != nil {
			return nil, err
		}
	}
	to, err := Now(ctx, conn)
	if err != nil {
		return nil, err
	}
	from, err := begin(to)
	if err != nil {
		return nil, err
	}
	if end != nil && end.Before(to) {
		to = *end
	}
	about, rows, err := t.top(ctx, conn, zone, from, to, scope)
	if err != nil {
		return nil, err
	}
	answer := &statements.Slow{Source: "slowlog", Window: about.window(from, to)}
	if t.zoneless() {
		answer.Window.Reasons = append(answer.Window.Reasons, "the table's timestamps have no zone and are taken for "+zone+"; avadb slowlog init upgrades it")
	}
	if t.HasLeftover {
		answer.Window.Reasons = append(answer.Window.Reasons, "an upgrade of the table was interrupted, and the rows that it has not moved are missing: avadb slowlog init goes on with it")
	}
	for _, e := range rows {
		answer.Statements = append(answer.Statements, e.statement())
	}
	return answer, nil
}

func (t *Table) readable(conn *pg.Conn, scope statements.Scope) error {
	switch layout := t.Layout(); {
	case layout == None:
		return fault.New(fault.Prerequisite, "database %s has no table %s", conn.Server.Database, pg.Identifier(t.Schema, Name)).
			WithHint("avadb slowlog init %s makes it; or name the database with -d", conn.Target.CommandFlags())
	case layout == Foreign:
		return t.Unknown()
	case !t.MayRead:
		return t.mayNotRead(conn)
	case !slices.Contains(Orders(), scope.By):
		return fault.New(fault.Usage, "the table does not hold what --by %s orders by", scope.By).WithHint("use one of: %s", orders())
	}
	return nil
}

func orders() string {
	var names []string
	for _, by := range Orders() {
		names = append(names, string(by))
	}
	return strings.Join(names, ", ")
}

func optional(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

func limit(n int) *int {
	if n == 0 {
		return nil
	}
	return &n
}

// top reads a window as it stands at one moment.
func (t *Table) top(ctx context.Context, conn *pg.Conn, zone string, from, to time.Time, scope statements.Scope) (about aboutWindow, rows []entry, err error) {
	err = query.ReadOnly(ctx, conn, "slowlog/window", func() (err error) {
		if err := query.Exec(ctx, conn, "slowlog/plan"); err != nil {
			return err
		}
		rows, err = query.ExtensionRows[entry](ctx, conn, t.in(), "slowlog/top", t.zoneOf(zone), from, to,
			optional(scope.Database), optional(scope.User), scope.MinCalls, string(scope.By), limit(scope.Limit))
		switch {
		case err != nil:
		case len(rows) > 0:
			about = rows[0].aboutWindow
		default:
			about, err = one[aboutWindow](ctx, conn, t, "slowlog/thresholds", t.zoneOf(zone), from, to)
		}
		return err
	})
	return about, rows, err
}

// aboutWindow is what the table says of itself.
type aboutWindow struct {
	NoNumber int64 `db:"no_number"` // rows whose duration or threshold is none
	Oldest   *time.Time
	Lowest   *float64 // thresholds in the window
	Highest  *float64
}

// window is what was asked for and what the table can know of it. That a writer logged nothing can mean that nothing was slow, or
// that it did not run: coverage is not known.
func (a aboutWindow) window(from, to time.Time) statements.Window {
	w := statements.Window{
		RequestedFrom: from.UTC(), RequestedTo: to.UTC(), CoveredTo: to.UTC(), Confidence: statements.LowerBound, Reasons: []string{},
	}
	if a.Oldest == nil {
		w.Reasons = append(w.Reasons, "the table is empty: nobody has written to it yet")
		return w
	}
	covered := from.UTC()
	if a.Oldest.After(to) {
		w.Reasons = append(w.Reasons, "the table's oldest row is of "+a.Oldest.UTC().Format(time.RFC3339)+", after the window")
		return w
	}
	if a.Oldest.After(from) {
		covered = a.Oldest.UTC()
		w.Reasons = append(w.Reasons, "the table's oldest row is of "+covered.Format(time.RFC3339)+", within the window asked for")
	}
	w.CoveredFrom = &covered
	if a.NoNumber > 0 {
		w.Reasons = append(w.Reasons, fmt.Sprintf("%d rows are left out, because their duration or threshold is NaN", a.NoNumber))
	}
	switch {
	case a.Lowest == nil:
		w.Reasons = append(w.Reasons, "it has no row of the window: nothing was slow, or its writers did not run")
	case *a.Lowest == *a.Highest:
		w.Reasons = append(w.Reasons, fmt.Sprintf("it holds what its writers logged: statements over %g ms", *a.Lowest))
	default:
		w.Reasons = append(w.Reasons, fmt.Sprintf("it holds what its writers logged, with thresholds from %g to %g ms", *a.Lowest, *a.Highest))
	}
	return w
}

func (e *entry) statement() statements.Statement {
	s := statements.Statement{
		Signature: e.Signature, QueryID: e.QueryID, Query: fingerprint.MaskSecrets(e.Query), Database: e.Database, User: e.User, Origin: e.Origin,
		Calls: e.Calls, TotalMS: e.TotalMS, MeanMS: e.MeanMS, MinMS: e.MinMS, MaxMS: e.MaxMS, StddevMS: e.StddevMS,
		Confidence: statements.LowerBound, Flags: []string{},
	}
	if len(e.Percentiles) == 3 {
		s.P50MS, s.P95MS, s.P99MS = &e.Percentiles[0], &e.Percentiles[1], &e.Percentiles[2]
	}
	if e.SharePct != nil {
		share := math.Round(*e.SharePct*100) / 100
		s.SharePct = &share
	}
	return s
}
