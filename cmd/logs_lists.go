package cmd

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"avadb/internal/pglog"
)

// How many lines of a list people are shown, unless they say; programs get all.
const logsShown = 20

// shortened cuts lists, and keeps what it left out: a list that ends without a word reads as if that were all.
type shortened struct {
	limit    int  // 0: nothing is cut
	examples bool // errors come with all of their example, as the document has them
	cut      []string
}

// first are the first rows of a list, as many as are shown.
func first[T any](s *shortened, what string, rows []T) []T {
	if s.limit == 0 || len(rows) <= s.limit {
		return rows
	}
	s.cut = append(s.cut, fmt.Sprintf("%d of %d %s", s.limit, len(rows), what))
	return rows[:s.limit]
}

// logsSummary is what a log says in one number each.
type logsSummary struct {
	From             *time.Time `json:"from" col:""`
	To               *time.Time `json:"to" col:""`
	Executions       int64      `json:"executions" col:""`
	TotalMS          float64    `json:"total_ms" col:"num.3"`
	Received         int64      `json:"connections_received" col:""`
	Authorized       int64      `json:"connections_authorized" col:""`
	Disconnected     int64      `json:"disconnected" col:""`
	SessionSeconds   float64    `json:"session_seconds" col:"num.3"`
	StillWaiting     int64      `json:"lock_waits" col:""`
	WaitedMS         float64    `json:"lock_waited_ms" col:"num.3"`
	Deadlocks        int64      `json:"deadlocks" col:""`
	TempFiles        int64      `json:"temp_files" col:""`
	TempBytes        int64      `json:"temp_bytes" col:""`
	Checkpoints      int64      `json:"checkpoints" col:""`
	CheckpointSecs   float64    `json:"checkpoint_seconds" col:"num.3"`
	Vacuum           int64      `json:"autovacuum" col:""`
	Analyze          int64      `json:"autoanalyze" col:""`
	Cancelled        int64      `json:"cancelled" col:""`
	StatementTimeout int64      `json:"of_them_statement_timeout" col:""`
	LockTimeout      int64      `json:"of_them_lock_timeout" col:""`
	Crashes          int        `json:"crashes" col:""`
}

// logsCount is a line of the lists by severity and by kind of duration.
type logsCount struct {
	Severity string `json:"severity" col:""`
	Events   int64  `json:"events" col:""`
}

type logsKind struct {
	Duration string  `json:"duration" col:""`
	Events   int64   `json:"events" col:""`
	TotalMS  float64 `json:"total_ms" col:"num.3"`
}

// logsShare is what one user, database or application took.
type logsShare struct {
	Of         string  `json:"of" col:""`
	Name       string  `json:"name" col:"elastic"`
	Executions int64   `json:"executions" col:""`
	TotalMS    float64 `json:"total_ms" col:"num.3"`
}

// logsError is a class of errors with the statement of its example.
type logsError struct {
	Count     int64   `json:"count" col:""`
	Severity  string  `json:"severity" col:""`
	SQLState  *string `json:"sqlstate" col:""`
	Message   string  `json:"message" col:"elastic"`
	Statement *string `json:"statement" col:"elastic"`
}

type logsCrash struct {
	At      *time.Time `json:"crash" col:""`
	Message string     `json:"message" col:"elastic"`
	Detail  *string    `json:"detail" col:"elastic"`
}

type logsDeadlock struct {
	At       *time.Time `json:"deadlock" col:""`
	Database *string    `json:"database" col:""`
	PID      int64      `json:"pid" col:""`
	Query    string     `json:"query" col:"elastic"`
}

type logsMinute struct {
	At         time.Time `json:"minute" col:""`
	Events     int64     `json:"events" col:""`
	Executions int64     `json:"executions" col:""`
	TotalMS    float64   `json:"total_ms" col:"num.3"`
	Errors     int64     `json:"errors" col:""`
}

// logsLists are a report's sections for people: what it does not hold is left out.
func logsLists(r *pglog.Report, s *shortened) []any {
	if len(r.Files) > 0 && !anyRead(r.Files) { // a 0 would say that nothing happened
		return []any{r.Files}
	}
	lists := []any{r.Files, logsSummaryOf(r)}
	if counts := severityCounts(r); len(counts) > 0 {
		lists = append(lists, counts)
	}
	if r.Durations.Events > 0 {
		lists = append(lists, kindCounts(r), slices.Concat(
			first(s, "users", shares("user", r.Users)), first(s, "databases", shares("database", r.Databases)), first(s, "applications", shares("application", r.Applications))))
	}
	switch {
	case len(r.Errors) == 0:
	case s.examples:
		lists = append(lists, r.Errors)
	default:
		lists = append(lists, first(s, "errors", errorRows(r)))
	}
	if rows := crashRows(r); len(rows) > 0 {
		lists = append(lists, first(s, "crashes", rows))
	}
	if reports := first(s, "deadlocks", r.DeadlockReports); len(reports) > 0 {
		lists = append(lists, deadlockRows(reports))
	}
	if waits := r.LockWaits.Statements; len(waits) > 0 {
		lists = append(lists, first(s, "waiting statements", waits))
	}
	if loads := r.TempFiles.Statements; len(loads) > 0 {
		lists = append(lists, first(s, "statements with temporary files", loads))
	}
	if rows := busiestMinutes(r, s); len(rows) > 1 {
		lists = append(lists, rows)
	}
	return lists
}

func logsSummaryOf(r *pglog.Report) logsSummary {
	return logsSummary{
		From: r.Range.From, To: r.Range.To, Executions: r.Durations.Executions, TotalMS: r.Durations.TotalMS, Received: r.Connections.Received,
		Authorized: r.Connections.Authorized, Disconnected: r.Connections.Disconnected, SessionSeconds: r.Connections.SessionSeconds,
		StillWaiting: r.LockWaits.StillWaiting, WaitedMS: r.LockWaits.WaitedMS, Deadlocks: r.Deadlocks, TempFiles: r.TempFiles.Count, TempBytes: r.TempFiles.Bytes,
		Checkpoints: r.Checkpoints.Complete, CheckpointSecs: r.Checkpoints.TotalSeconds, Vacuum: r.Autovacuum.Vacuum, Analyze: r.Autovacuum.Analyze,
		Cancelled: r.Cancelled.Total, StatementTimeout: r.Cancelled.StatementTimeout, LockTimeout: r.Cancelled.LockTimeout, Crashes: len(r.Crashes),
	}
}

func severityCounts(r *pglog.Report) (rows []logsCount) {
	for _, word := range slices.Sorted(maps.Keys(r.Severities)) {
		rows = append(rows, logsCount{word, r.Severities[word]})
	}
	slices.SortStableFunc(rows, func(a, b logsCount) int { return cmp.Compare(b.Events, a.Events) })
	return rows
}

func kindCounts(r *pglog.Report) (rows []logsKind) {
	for _, kind := range slices.Sorted(maps.Keys(r.Durations.ByKind)) {
		if total := r.Durations.ByKind[kind]; total.Events > 0 {
			rows = append(rows, logsKind{kind, total.Events, total.TotalMS})
		}
	}
	slices.SortStableFunc(rows, func(a, b logsKind) int { return cmp.Compare(b.TotalMS, a.TotalMS) })
	return rows
}

func shares(of string, all map[string]pglog.Share) (rows []logsShare) {
	for name, share := range all {
		rows = append(rows, logsShare{of, name, share.Executions, share.TotalMS})
	}
	slices.SortFunc(rows, func(a, b logsShare) int {
		return cmp.Or(cmp.Compare(b.TotalMS, a.TotalMS), cmp.Compare(a.Name, b.Name))
	})
	return rows
}

func errorRows(r *pglog.Report) (rows []logsError) {
	for _, e := range r.Errors {
		rows = append(rows, logsError{e.Count, e.Severity, e.SQLState, e.Message, e.Example.Statement})
	}
	return rows
}

func crashRows(r *pglog.Report) (rows []logsCrash) {
	for _, c := range r.Crashes {
		rows = append(rows, logsCrash{c.At, c.Message, c.Detail})
	}
	return rows
}

func deadlockRows(reports []pglog.Deadlock) (rows []logsDeadlock) {
	for _, d := range reports {
		for _, p := range d.Processes {
			rows = append(rows, logsDeadlock{d.At, d.Database, p.PID, p.Statement})
		}
	}
	return rows
}

// busiestMinutes are those with the most time of statements, in their order.
func busiestMinutes(r *pglog.Report, s *shortened) (rows []logsMinute) {
	for _, m := range r.PerMinute {
		rows = append(rows, logsMinute(m))
	}
	slices.SortStableFunc(rows, func(a, b logsMinute) int { return cmp.Compare(b.TotalMS, a.TotalMS) })
	rows = first(s, "minutes (the busiest)", rows)
	slices.SortFunc(rows, func(a, b logsMinute) int { return a.At.Compare(b.At) })
	return rows
}
