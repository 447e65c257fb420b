package cmd

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"avadb/internal/pglog"
)

// How many lines of a list people are shown; the document has all.
const logsShown = 20

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
func logsLists(r *pglog.Report) []any {
	lists := []any{r.Files, logsSummaryOf(r)}
	if counts := severityCounts(r); len(counts) > 0 {
		lists = append(lists, counts)
	}
	if r.Durations.Events > 0 {
		lists = append(lists, kindCounts(r), slices.Concat(shares("user", r.Users), shares("database", r.Databases), shares("application", r.Applications)))
	}
	if len(r.Errors) > 0 {
		lists = append(lists, r.Errors[:min(len(r.Errors), logsShown)])
	}
	if rows := deadlockRows(r); len(rows) > 0 {
		lists = append(lists, rows)
	}
	if s := r.LockWaits.Statements; len(s) > 0 {
		lists = append(lists, s[:min(len(s), logsShown)])
	}
	if s := r.TempFiles.Statements; len(s) > 0 {
		lists = append(lists, s[:min(len(s), logsShown)])
	}
	if rows := busiestMinutes(r); len(rows) > 1 {
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
	return rows[:min(len(rows), logsShown)]
}

func deadlockRows(r *pglog.Report) (rows []logsDeadlock) {
	for _, d := range r.DeadlockReports[:min(len(r.DeadlockReports), logsShown)] {
		for _, p := range d.Processes {
			rows = append(rows, logsDeadlock{d.At, d.Database, p.PID, p.Statement})
		}
	}
	return rows
}

// busiestMinutes are those with the most time of statements, in their order.
func busiestMinutes(r *pglog.Report) (rows []logsMinute) {
	for _, m := range r.PerMinute {
		rows = append(rows, logsMinute(m))
	}
	slices.SortStableFunc(rows, func(a, b logsMinute) int { return cmp.Compare(b.TotalMS, a.TotalMS) })
	rows = rows[:min(len(rows), logsShown)]
	slices.SortFunc(rows, func(a, b logsMinute) int { return a.At.Compare(b.At) })
	return rows
}
