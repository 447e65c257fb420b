package statements

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"avadb/internal/fault"
	"avadb/internal/fingerprint"
	"avadb/internal/pg"
)

// Confidence says how much a row's numbers can be believed for the window asked for. It is part of the JSON contract.
type Confidence string

// The confidences.
const (
	Exact      Confidence = "exact"       // all that happened in the covered window, and nothing else
	LowerBound Confidence = "lower_bound" // at least this: entries were evicted, or counters began anew in between; a log or a table may hold only a part
	SinceReset Confidence = "since_reset" // also what happened before the window: counted since the last reset
)

// Statement is one row of `avadb slow`. Times are milliseconds, blocks are of 8 kB; nil is not known.
type Statement struct {
	Signature         *string    `json:"signature"`                   // 16 hexadecimal digits; of a row of the table what its writer gave; null: none
	QueryID           *string    `json:"queryid"`                     // text: it exceeds 2^53; null: not known
	Database          *string    `json:"database"`                    // it ran in; null: not known
	User              *string    `json:"user"`                        // role that ran it; null: not known
	Origin            string     `json:"origin"`                      // stats: from pg_stat_statements; app: written by the application; activity: seen running; log: from the server's log
	Calls             int64      `json:"calls" col:""`                // finished executions
	TotalMS           float64    `json:"total_ms" col:"num.2"`        // of execution, all calls together
	MeanMS            float64    `json:"mean_ms" col:"num.2"`         // of execution, a call
	MinMS             *float64   `json:"min_ms"`                      // shortest call; null in a sample, and where it was reset
	MaxMS             *float64   `json:"max_ms" col:"num.2"`          // longest call; null where it may be older than the window, or was reset
	StddevMS          *float64   `json:"stddev_ms"`                   // of the calls' execution times (population); null: not known
	P50MS             *float64   `json:"p50_ms"`                      // percentile of single executions; null: the counters hold none
	P95MS             *float64   `json:"p95_ms"`                      // likewise
	P99MS             *float64   `json:"p99_ms"`                      // likewise
	Rows              *int64     `json:"rows" col:"spare"`            // returned or changed; null, as all below: the table does not hold it
	SharePct          *float64   `json:"share_pct" col:"num.1,spare"` // of the execution time of all the statements asked for; null for a nested one
	SharedBlksHit     *int64     `json:"shared_blks_hit"`             // found in shared_buffers
	SharedBlksRead    *int64     `json:"shared_blks_read"`            // read from outside of shared_buffers
	SharedBlksWritten *int64     `json:"shared_blks_written"`         // written by the statement itself
	TempBlksRead      *int64     `json:"temp_blks_read"`              // of temporary files
	TempBlksWritten   *int64     `json:"temp_blks_written"`           // of temporary files
	WALBytes          *int64     `json:"wal_bytes"`                   // of WAL that it made
	StatsSince        *time.Time `json:"stats_since"`                 // 17 and up
	Confidence        Confidence `json:"confidence" col:""`           // for the window asked for
	Flags             []string   `json:"flags"`                       // new, reset, evicted, restart, long, nested or vanished: see windows.md
	Before            *Before    `json:"before"`                      // the same statement in the window compared with; null where it did not run there, or none was asked for
	ChangePct         *float64   `json:"change_pct"`                  // of total_ms since that window; null where there is nothing to compare with
	Example           *Example   `json:"example"`                     // the slowest execution as it stood in the log, with --file; else null
	Query             string     `json:"query" col:"elastic"`         // first text seen, with $1 for constants, secrets masked; whole, whatever its length
}

// Example is one execution of a statement.
type Example struct {
	At         *time.Time `json:"at"`          // when it was logged; null: the log does not say
	DurationMS float64    `json:"duration_ms"` // that it took
	Query      string     `json:"query"`       // with its constants, secrets masked; its first 8 kB
	Parameters *string    `json:"parameters"`  // as the log has them; null: none
}

// Before is what a statement cost in another window. Times are milliseconds.
type Before struct {
	Calls   int64   `json:"calls"`    // finished executions
	TotalMS float64 `json:"total_ms"` // of execution
	MeanMS  float64 `json:"mean_ms"`  // of execution, a call
}

// Window is what was asked for and what the answer really covers.
type Window struct {
	RequestedFrom time.Time  `json:"requested_from"` // begin of the window asked for
	RequestedTo   time.Time  `json:"requested_to"`   // its end; now, unless a time is given
	CoveredFrom   *time.Time `json:"covered_from"`   // begin of what was counted: a snapshot, a reset, the first event of a log; null: unknown
	CoveredTo     time.Time  `json:"covered_to"`     // end of what was counted: a snapshot, when the counters were read, or the last event of a log
	CoveragePct   *float64   `json:"coverage_pct"`   // of the window asked for; null: not known
	Confidence    Confidence `json:"confidence"`     // the weakest of the rows, and not exact where the role does not see all
	Reasons       []string   `json:"reasons"`        // why the window is not exact, a sentence each
}

// Tolerance is the part of a window by which what is counted may begin before it and still be taken for it: a tenth.
const Tolerance = 10

// BeginsEarly tells that what was counted begins so long before the window that it says little of it.
func (w *Window) BeginsEarly() bool {
	return w.CoveredFrom != nil && w.RequestedFrom.Sub(*w.CoveredFrom) > w.RequestedTo.Sub(w.RequestedFrom)/Tolerance
}

// EndsLate tells the same of its end.
func (w *Window) EndsLate() bool {
	return w.CoveredTo.Sub(w.RequestedTo) > w.RequestedTo.Sub(w.RequestedFrom)/Tolerance
}

// Slow is the answer of `avadb slow`.
type Slow struct {
	Window     Window      `json:"window"`      // what was asked for, and what the answer really covers
	Compared   *Window     `json:"compared"`    // the window of before, with --compare; else null
	Source     string      `json:"source"`      // stats: pg_stat_statements and its history; slowlog: the slow_query_log table; merged: both; file: log files
	NotVisible int64       `json:"not_visible"` // statements that the role may not see
	Statements []Statement `json:"statements"`  // in the order of --by
}

// Since reads the counters as they stand. They only count up, so that the window is a true one only where they began
// within it; each row says whether they did.
func Since(ctx context.Context, conn *pg.Conn, begin Begin, scope Scope) (*Slow, error) {
	found, err := usable(ctx, conn)
	if err != nil {
		return nil, err
	}
	now, err := read(ctx, conn, found.extension(), scope)
	if err != nil {
		return nil, unreadable(ctx, conn, err)
	}
	from, err := begin(now.TakenAt)
	if err != nil {
		return nil, err
	}
	answer := &Slow{Source: "stats", NotVisible: now.NotVisible, Window: now.window(from)}
	for _, entry := range now.Entries {
		row := entry.statement(now.TotalMS)
		row.Confidence = now.confidence(entry, from)
		answer.Statements = append(answer.Statements, row)
	}
	answer.weakest()
	return answer, nil
}

func usable(ctx context.Context, conn *pg.Conn) (Installed, error) {
	found, err := Find(ctx, conn)
	switch {
	case err != nil:
	case found.Version == "":
		err = fault.New(fault.Prerequisite, "the extension pg_stat_statements is not in database %s", conn.Server.Database).
			WithHint("%s", strings.TrimSpace("avadb enable-stats "+conn.Target.CommandFlags()))
	case found.old():
		err = fault.New(fault.Prerequisite, "the extension pg_stat_statements in database %s is version %s, and avadb reads %s and newer",
			conn.Server.Database, found.Version, oldestVersion).WithHint("avadb enable-stats %s updates it", conn.Target.CommandFlags())
	}
	return found, err
}

// window tells what a reading covers of the time since from.
func (r *reading) window(from time.Time) Window {
	w := Window{RequestedFrom: from.UTC(), RequestedTo: r.TakenAt.UTC(), CoveredTo: r.TakenAt.UTC(), Reasons: []string{}}
	if r.StatsReset == nil {
		w.Reasons = append(w.Reasons, "the extension is older than 1.9 and does not say since when it counts: update it with avadb enable-stats")
		return w
	}
	covered := *r.StatsReset
	pct := 100.0
	if covered.After(from) {
		pct = 100 * r.TakenAt.Sub(covered).Seconds() / r.TakenAt.Sub(from).Seconds()
		w.Reasons = append(w.Reasons, "the counters were reset at "+stamp(covered)+", within the window asked for")
	}
	covered = covered.UTC()
	w.CoveredFrom, w.CoveragePct = &covered, rounded(pct)
	if r.mayBeBlind(from) {
		w.Reasons = append(w.Reasons, "the server was started at "+stamp(r.StartedAt)+": what ran in an earlier life without the library is not counted")
	}
	if r.evicted() {
		w.Reasons = append(w.Reasons, fmt.Sprintf("entries were evicted %d times since %s: raise pg_stat_statements.max", *r.Dealloc, stamp(covered)))
	}
	if r.ResetAlone > 0 {
		w.Reasons = append(w.Reasons, fmt.Sprintf("the counters of single statements were reset %d times since %s: what these had counted before is not known", r.ResetAlone, stamp(covered)))
	}
	return w
}

// confidence of a row whose counters are taken as they stand.
func (r *reading) confidence(c Counters, from time.Time) Confidence {
	var begun time.Time // of this row's counting, where that lies within the window
	switch {
	case c.StatsSince != nil && !c.StatsSince.Before(from):
		begun = *c.StatsSince
	case r.StatsReset != nil && !r.StatsReset.Before(from):
		begun = *r.StatsReset
	default:
		return SinceReset
	}
	if r.evicted() || r.startedAfter(begun) || r.ResetAlone > 0 { // this may be one of those
		return LowerBound
	}
	return Exact
}

func (r *reading) evicted() bool { return r.Dealloc != nil && *r.Dealloc > 0 }

// mayBeBlind tells that the server was started within what is covered: a life without the library counts nothing and leaves
// the counters, with their old stats_reset, to the next.
func (r *reading) mayBeBlind(from time.Time) bool {
	return r.StatsReset != nil && r.startedAfter(*r.StatsReset) && r.StartedAt.After(from)
}

// startUp is how much earlier than pg_postmaster_start_time() a server's own start can have reset the counters: the library
// comes up with the shared memory, before the postmaster notes its time.
const startUp = 10 * time.Second

func (r *reading) startedAfter(t time.Time) bool { return r.StartedAt.Sub(t) > startUp }

// weakest gives the window the weakest confidence of its rows, and says what since_reset means.
func (s *Slow) weakest() {
	s.Window.Confidence = Exact
	if s.Window.CoveredFrom == nil {
		s.Window.Confidence = SinceReset
	}
	for _, row := range s.Statements {
		switch {
		case row.Confidence == SinceReset:
			s.Window.Confidence = SinceReset
		case row.Confidence == LowerBound && s.Window.Confidence == Exact:
			s.Window.Confidence = LowerBound
		}
	}
	s.AdmitUnseen()
	if s.Window.Confidence == SinceReset && s.Window.CoveredFrom != nil {
		s.Window.Reasons = append(s.Window.Reasons, fmt.Sprintf(
			"the counters run since %s: rows marked since_reset also hold what happened before %s",
			stamp(*s.Window.CoveredFrom), stamp(s.Window.RequestedFrom)))
	}
}

// AdmitUnseen takes exactness from a window of which the role does not see all: the rows that it sees keep theirs.
func (s *Slow) AdmitUnseen() {
	if s.NotVisible == 0 {
		return
	}
	if s.Window.Confidence == Exact {
		s.Window.Confidence = LowerBound
	}
	s.Window.Reasons = append(s.Window.Reasons, fmt.Sprintf("%d statements of other roles are not visible to this one, and not in the answer", s.NotVisible))
}

func (c *Counters) statement(scopeMS float64) Statement {
	queryID := strconv.FormatInt(*c.QueryID, 10)
	signature := fingerprint.Of(c.Query).String()
	s := Statement{
		Signature: &signature, QueryID: &queryID, Query: fingerprint.MaskSecrets(c.Query), Database: &c.Database, User: &c.User, Origin: "stats",
		Calls: c.Calls, TotalMS: c.TotalMS, MeanMS: c.MeanMS, MinMS: &c.MinMS, MaxMS: &c.MaxMS, StddevMS: &c.StddevMS, Rows: &c.Rows,
		SharedBlksHit: &c.SharedBlksHit, SharedBlksRead: &c.SharedBlksRead, SharedBlksWritten: &c.SharedBlksWritten,
		TempBlksRead: &c.TempBlksRead, TempBlksWritten: &c.TempBlksWritten, WALBytes: &c.WALBytes,
		StatsSince: utc(c.StatsSince), Flags: []string{},
	}
	if c.minmaxWasReset() {
		s.MinMS, s.MaxMS = nil, nil
	}
	switch {
	case !c.Toplevel:
		s.Flags = append(s.Flags, "nested")
	case scopeMS > 0:
		s.SharePct = rounded(100 * c.TotalMS / scopeMS)
	}
	return s
}

// minmaxWasReset tells that min and max read 0 because they were reset and nothing has run since.
func (c *Counters) minmaxWasReset() bool {
	return c.MinmaxStatsSince != nil && c.StatsSince != nil && c.MinmaxStatsSince.After(*c.StatsSince) && c.MaxMS == 0
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

func rounded(pct float64) *float64 {
	pct = math.Round(pct*100) / 100
	return &pct
}

func utc(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	u := t.UTC()
	return &u
}
