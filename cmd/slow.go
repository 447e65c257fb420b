package cmd

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"avadb/internal/fault"
	"avadb/internal/pg"
	"avadb/internal/slowlog"
	"avadb/internal/statements"
	"avadb/internal/units"
)

// The sources of `avadb slow`.
const (
	sourceStats   = "stats"
	sourceSlowlog = "slowlog"
)

type slowOptions struct {
	since, sample    string
	source, schema   string
	by               string
	limit            int
	minCalls         int64
	onlyDB, onlyUser string
	allDatabases     bool
}

type slowDocument struct {
	head
	statements.Slow
}

func newSlow(a *app) *cobra.Command {
	var o slowOptions
	c := newCommand(spec{
		use: "slow", short: "The statements that cost most, and the window that this is true for",
		long: `Top statements from pg_stat_statements. Its counters only go up, so the answer says what window it really covers: from
PostgreSQL 17 up each row is exact where its counters began within the window; before, the counters run since the last
reset. --sample measures a true window, now. Cancelled, failed and still running statements are in no counter.

With --source slowlog the answer comes from the slow_query_log table of the connected database: a true window of single
executions, but only of what its writers logged.`,
		example: `avadb slow --since 1h
avadb slow --sample 30s --by calls
avadb slow --source slowlog --since 1h --by calls
avadb slow --since 1h --all-databases -o json | jq '.statements[0]'`,
		privileges: `  any role for its own statements; pg_read_all_stats (or pg_monitor) for those of others, which are counted in
  not_visible otherwise; --source slowlog: SELECT on the table`,
		exits: `  2  a duration or an order is not valid
  4  the extension is missing or not loaded; avadb enable-stats mends it; the table is missing: avadb slowlog init`,
	}, func(ctx context.Context, _ *cobra.Command, _ []string) error { return runSlow(ctx, a, o) })
	f := c.Flags()
	f.StringVar(&o.since, "since", "1h", "how far back: a duration (90s 15m 1h 7d) or a time")
	f.StringVar(&o.sample, "sample", "", "measure a true window of this length instead")
	f.StringVar(&o.source, "source", sourceStats, "where to look: stats (pg_stat_statements) or slowlog (the slow_query_log table)")
	f.StringVar(&o.schema, "schema", "", "with --source slowlog: schema of the table (default: the one that has it)")
	f.StringVar(&o.by, "by", "total", "order: "+orders())
	f.IntVar(&o.limit, "limit", 10, "how many statements; 0: all")
	f.Int64Var(&o.minCalls, "min-calls", 0, "leave out statements with fewer calls")
	f.StringVar(&o.onlyDB, "only-db", "", "only this database (default: the connected one)")
	f.StringVar(&o.onlyUser, "only-user", "", "only this role")
	f.BoolVar(&o.allDatabases, "all-databases", false, "all databases of the server")
	completeSlow(a, c)
	return c
}

func orders() string {
	var names []string
	for _, by := range statements.Orders() {
		names = append(names, string(by))
	}
	return strings.Join(names, ", ")
}

func runSlow(ctx context.Context, a *app, o slowOptions) error {
	begin, sample, err := o.check(a)
	if err != nil {
		return err
	}
	return a.withConn(ctx, pg.Options{Class: pg.Normal}, func(conn *pg.Conn) error {
		scope := statements.Scope{Database: o.onlyDB, User: o.onlyUser, MinCalls: o.minCalls, By: statements.By(o.by), Limit: o.limit}
		if scope.Database == "" && !o.allDatabases {
			scope.Database = conn.Server.Database
		}
		if err := statements.CheckScope(ctx, conn, o.onlyDB, o.onlyUser); err != nil {
			return err
		}
		answer, err := o.read(ctx, a, conn, begin, sample, scope)
		if err != nil {
			return err
		}
		doc := slowDocument{head: a.head("slow", conn), Slow: *answer}
		a.explainWindow(conn, doc)
		return a.result(doc, doc.Statements)
	})
}

func (o slowOptions) read(ctx context.Context, a *app, conn *pg.Conn, begin statements.Begin, sample time.Duration, scope statements.Scope) (*statements.Slow, error) {
	switch {
	case o.source == sourceSlowlog:
		table, err := slowlog.Find(ctx, conn, o.schema)
		if err != nil {
			return nil, err
		}
		return slowlog.Slow(ctx, conn, table, begin, "", scope)
	case sample > 0:
		a.log.Info("measuring for " + units.FormatDuration(sample))
		return statements.Sample(ctx, conn, sample, scope)
	}
	return statements.Since(ctx, conn, begin, scope)
}

// check gives the begin of the window that was asked for, or the length of the sample.
func (o slowOptions) check(a *app) (begin statements.Begin, sample time.Duration, err error) {
	switch {
	case !slices.Contains(statements.Orders(), statements.By(o.by)):
		return nil, 0, fault.New(fault.Usage, "unknown order %q", o.by).WithHint("use --by with one of: %s", orders())
	case o.source != sourceStats && o.source != sourceSlowlog:
		return nil, 0, fault.New(fault.Usage, "unknown source %q", o.source).WithHint("use --source %s or %s", sourceStats, sourceSlowlog)
	case o.source == sourceSlowlog && (o.sample != "" || o.allDatabases):
		return nil, 0, fault.New(fault.Usage, "--sample and --all-databases go with --source %s", sourceStats).
			WithHint("the table is in one database: name it with -d")
	case o.source != sourceSlowlog && o.schema != "":
		return nil, 0, fault.New(fault.Usage, "--schema goes with --source %s", sourceSlowlog)
	case o.limit < 0:
		return nil, 0, fault.New(fault.Usage, "--limit %d is negative", o.limit)
	case o.minCalls < 0:
		return nil, 0, fault.New(fault.Usage, "--min-calls %d is negative", o.minCalls)
	case o.onlyDB != "" && o.allDatabases:
		return nil, 0, fault.New(fault.Usage, "--only-db and --all-databases exclude each other")
	case o.sample != "" && a.changed("since"):
		return nil, 0, fault.New(fault.Usage, "--since and --sample exclude each other: a sample begins now")
	}
	if o.sample != "" {
		if sample, err = units.ParseDuration(o.sample); err == nil && sample <= 0 {
			err = fault.New(fault.Usage, "--sample %s measures nothing", o.sample)
		}
		return nil, sample, err
	}
	begin, err = o.begin(a)
	return begin, 0, err
}

// begin reads --since: a while, or a point in time.
func (o slowOptions) begin(a *app) (statements.Begin, error) {
	while, err := units.ParseDuration(o.since)
	switch {
	case err != nil:
		at, err := units.ParseTime(o.since, a.now())
		return statements.At(at), err
	case while <= 0:
		return nil, fault.New(fault.Usage, "--since %s is not in the past", o.since)
	}
	return statements.Ago(while), nil
}

// explainWindow says on stderr what window the answer covers, and why that is not the one asked for.
func (a *app) explainWindow(conn *pg.Conn, doc slowDocument) {
	w := doc.Window
	covered := "unknown"
	if w.CoveredFrom != nil {
		covered = w.CoveredFrom.Format(time.RFC3339) + " to " + w.CoveredTo.Format(time.RFC3339)
	}
	head := fmt.Sprintf("window asked for: %s to %s; counted: %s; confidence: %s",
		w.RequestedFrom.Format(time.RFC3339), w.RequestedTo.Format(time.RFC3339), covered, w.Confidence)
	if w.Confidence == statements.Exact {
		a.log.Info(head)
	} else {
		a.log.Warn(head)
	}
	for _, reason := range w.Reasons {
		a.log.Warn(reason)
	}
	if w.Confidence == statements.SinceReset && doc.Source == sourceStats {
		a.log.Info("a true window, measured now: avadb slow --sample 30s")
	}
	if doc.NotVisible > 0 {
		a.log.Warn(fmt.Sprintf("%d statements of other roles are not visible: GRANT pg_read_all_stats TO %s", doc.NotVisible, pg.Identifier(conn.Server.Role)))
	}
	if len(doc.Statements) == 0 {
		a.log.Info("no statement matches")
	}
}
