package history

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"time"

	"avadb/internal/statements"
)

// answer gathers what a window holds.
type answer struct {
	span       Span
	from, to   time.Time // covered
	lost       time.Duration
	weak       bool // what is counted may be less than what ran
	notVisible int64
	reasons    []string
	groups     map[groupKey]*group
}

// groupKey is what rows of a window are merged by.
type groupKey struct {
	signature      int64
	queryid        int64 // of a statement whose text is not known; else 0
	database, user string
	toplevel       bool
}

// group is one row of the answer.
type group struct {
	statements.Counters       // summed over the window
	server              int32 // whose statement that is
	statement           int32
	signature           int64
	database, user      *string
	members             []member // whose counters are in it
	squares             float64  // of the execution times, ms^2
	max                 *float64
	flags               int16
	long                bool // one ended in the window and ran mostly before it
	several             bool // it has more than one queryid
}

// member is a statement of the store.
type member struct{ server, statement int32 }

// in tells that the scope asks for it.
func (g *group) in(scope statements.Scope) bool {
	return (scope.Database == "" || value(g.database) == scope.Database) && (scope.User == "" || value(g.user) == scope.User)
}

// mergeMax keeps the maximum of both. It is known where each statement's is: of one that is in both parts, the later one rose above the earlier
// one or did not.
func (g *group) mergeMax(other *group) {
	isNew := false
	for _, m := range other.members {
		if !slices.Contains(g.members, m) {
			g.members, isNew = append(g.members, m), true
		}
	}
	switch {
	case g.max != nil && other.max != nil:
		highest := max(*g.max, *other.max)
		g.max = &highest
	case isNew:
		g.max = nil
	case g.max == nil && len(g.members) == 1 && other.flags&(DeltaReset|DeltaNew) == 0:
		g.max = other.max // it rose above all that the entry had counted
	}
}

// summed is a row of sql/history/window_statements.sql.
type summed struct {
	Statement         int32
	Members           []int32
	DBID              int64 `db:"dbid"`
	UserID            int64 `db:"userid"`
	Signature         int64
	QueryID           *int64 `db:"queryid"`
	Database          *string
	User              *string
	Toplevel          bool
	Calls             int64
	TotalMS           float64 `db:"total_ms"`
	Squares           float64
	MaxMS             *float64 `db:"max_ms"`
	Rows              int64
	SharedBlksHit     int64 `db:"shared_blks_hit"`
	SharedBlksRead    int64 `db:"shared_blks_read"`
	SharedBlksWritten int64 `db:"shared_blks_written"`
	LocalBlksRead     int64 `db:"local_blks_read"`
	LocalBlksWritten  int64 `db:"local_blks_written"`
	TempBlksRead      int64 `db:"temp_blks_read"`
	TempBlksWritten   int64 `db:"temp_blks_written"`
	WALBytes          int64 `db:"wal_bytes"`
	Flags             int16
	Long              bool
}

func (r *summed) group(server int32) *group {
	g := &group{
		Counters: statements.Counters{
			DBID: r.DBID, UserID: r.UserID, Toplevel: r.Toplevel, QueryID: r.QueryID, Calls: r.Calls, TotalMS: r.TotalMS, Rows: r.Rows,
			SharedBlksHit: r.SharedBlksHit, SharedBlksRead: r.SharedBlksRead, SharedBlksWritten: r.SharedBlksWritten,
			LocalBlksRead: r.LocalBlksRead, LocalBlksWritten: r.LocalBlksWritten, TempBlksRead: r.TempBlksRead, TempBlksWritten: r.TempBlksWritten,
			WALBytes: r.WALBytes,
		},
		server: server, statement: r.Statement, signature: r.Signature, database: r.Database, user: r.User, squares: r.Squares, max: r.MaxMS, flags: r.Flags, long: r.Long,
		several: r.QueryID == nil,
	}
	for _, id := range r.Members {
		g.members = append(g.members, member{server, id})
	}
	return g
}

func (g *group) key() groupKey {
	k := groupKey{signature: g.signature, database: value(g.database), user: value(g.user), toplevel: g.Toplevel}
	if g.signature == 0 && g.QueryID != nil {
		k.queryid = *g.QueryID
	}
	return k
}

// add merges a row into the one of the same statement.
func (a *answer) add(g *group) {
	is, known := a.groups[g.key()]
	if !known {
		a.groups[g.key()] = g
		return
	}
	is.several = is.several || g.several || is.QueryID != nil && g.QueryID != nil && *is.QueryID != *g.QueryID
	is.Add(&g.Counters)
	is.squares += g.squares
	is.flags |= g.flags
	is.long = is.long || g.long
	is.mergeMax(g)
	if is.Query == "" {
		is.Query = g.Query
	}
}

// top gives the rows in the order of the scope, with their means.
func (a *answer) top(scope statements.Scope) []*group {
	rows := make([]*group, 0, len(a.groups))
	for _, g := range a.groups {
		g.MeanMS, g.MaxMS = g.TotalMS/float64(max(g.Calls, 1)), 0
		if g.max != nil {
			g.MaxMS = *g.max
		}
		if g.Calls >= max(scope.MinCalls, 1) {
			rows = append(rows, g)
		}
	}
	slices.SortFunc(rows, func(x, y *group) int {
		return cmp.Or(-cmp.Compare(x.Weight(scope.By), y.Weight(scope.By)), -cmp.Compare(x.TotalMS, y.TotalMS), cmp.Compare(x.signature, y.signature))
	})
	if scope.Limit > 0 && len(rows) > scope.Limit {
		rows = rows[:scope.Limit]
	}
	return rows
}

// totalMS is what shares are of: the statements at top level.
func (a *answer) totalMS() float64 {
	sum := 0.0
	for _, g := range a.groups {
		if g.Toplevel {
			sum += g.TotalMS
		}
	}
	return sum
}

// slow is the answer with these rows.
func (a *answer) slow(rows []*group) *statements.Slow {
	total := a.totalMS()
	s := &statements.Slow{Source: "stats", NotVisible: a.notVisible, Window: a.window(), Statements: []statements.Statement{}}
	for _, g := range rows {
		s.Statements = append(s.Statements, g.row(total, a.weak))
		if s.Statements[len(s.Statements)-1].Confidence == statements.LowerBound {
			s.Window.Confidence = statements.LowerBound
		}
	}
	s.AdmitUnseen()
	return s
}

func (a *answer) window() statements.Window {
	from := a.from.UTC()
	w := statements.Window{
		RequestedFrom: a.span.From.UTC(), RequestedTo: a.span.To.UTC(), CoveredFrom: &from, CoveredTo: a.to.UTC(),
		Confidence: statements.Exact, Reasons: append([]string{}, a.reasons...),
	}
	if a.weak {
		w.Confidence = statements.LowerBound
	}
	begin, end := later(a.from, a.span.From), a.to
	if end.After(a.span.To) {
		end = a.span.To
	}
	asked := a.span.To.Sub(a.span.From)
	if a.span.Live {
		end, asked = a.to, a.to.Sub(a.span.From)
	}
	pct := 100 * float64(max(end.Sub(begin)-a.lost, 0)) / float64(asked)
	pct = math.Floor(min(pct, 100)*100) / 100
	w.CoveragePct = &pct
	return w
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// row is the group as the contract has it.
func (g *group) row(totalMS float64, weak bool) statements.Statement {
	deviation := math.Sqrt(max(0, g.squares/float64(max(g.Calls, 1))-g.MeanMS*g.MeanMS))
	s := statements.Statement{
		Signature: shown(g.signature), Query: g.Query, Database: g.database, User: g.user, Origin: "stats",
		Calls: g.Calls, TotalMS: g.TotalMS, MeanMS: g.MeanMS, MaxMS: g.max, StddevMS: &deviation, Rows: &g.Rows,
		SharedBlksHit: &g.SharedBlksHit, SharedBlksRead: &g.SharedBlksRead, SharedBlksWritten: &g.SharedBlksWritten,
		TempBlksRead: &g.TempBlksRead, TempBlksWritten: &g.TempBlksWritten, WALBytes: &g.WALBytes,
		Confidence: statements.Exact, Flags: g.shownFlags(),
	}
	if g.QueryID != nil && !g.several {
		id := strconv.FormatInt(*g.QueryID, 10)
		s.QueryID = &id
	}
	if weak || g.flags&(DeltaReset|DeltaEvicted) != 0 {
		s.Confidence = statements.LowerBound
	}
	if g.Toplevel && totalMS > 0 {
		share := math.Round(10000*g.TotalMS/totalMS) / 100
		s.SharePct = &share
	}
	return s
}

func (g *group) shownFlags() []string {
	flags := []string{}
	for _, f := range []struct {
		is   bool
		name string
	}{
		{!g.Toplevel, "nested"},
		{g.flags&DeltaReset != 0, "reset"},
		{g.flags&DeltaEvicted != 0, "evicted"},
		{g.flags&DeltaNew != 0, "new"},
		{g.flags&DeltaRestart != 0, "restart"},
		{g.long, "long"},
	} {
		if f.is {
			flags = append(flags, f.name)
		}
	}
	return flags
}

func milli(ms float64) time.Duration { return time.Duration(ms * float64(time.Millisecond)) }
