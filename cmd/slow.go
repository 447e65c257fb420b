package cmd

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"avadb/internal/fault"
	"avadb/internal/fingerprint"
	"avadb/internal/pg"
	"avadb/internal/statements"
	"avadb/internal/units"
)

// The sources of `avadb slow`.
const (
	sourceAuto    = "auto"
	sourceStats   = "stats"
	sourceSlowlog = "slowlog"
	sourceMerged  = "merged"
)

type slowOptions struct {
	window           windowOptions
	sample           string
	compare          string
	source, schema   string
	by               string
	limit            int
	minCalls         int64
	onlyDB, onlyUser string
	explain          bool
	allDatabases     bool
	files            []string
	prefix, zone     string
}

type slowDocument struct {
	head
	statements.Slow
}

func newSlow(a *app) *cobra.Command {
	var o slowOptions
	c := newCommand(spec{
		use: "slow [SIGNATURE]", short: "The statements that cost most, and the window that this is true for",
		args: func(_ *cobra.Command, args []string) error { return oneSignature(o, args) },
		long: `Top statements of a window. Where avadb slowlog collect keeps a history, the window is a true one: what was counted between two of
its snapshots, or since one of them. Without a history the answer comes from pg_stat_statements as it stands, whose counters only
go up, and says what window it really covers. --sample measures a true window, now. Cancelled, failed and still running
statements are in no counter.

--source stats takes no other source; --source slowlog takes the slow_query_log table of the connected database: single
executions, but only of what its writers logged. --source auto, the default, takes both where they are there: each statement has a
row for each origin.

--file reads server logs instead, and no server is asked: single executions with their percentiles, as far as
log_min_duration_statement let them in. See avadb logs for the formats.

--compare 1d puts the same window of a day before beside it. --require-coverage and --fail-over turn the answer into a check:
it is printed, and the exit code is 5.

With a SIGNATURE: all about that one statement in the last day, or the window asked for: its text, who ran it, its course, what avadb
changed meanwhile, and its plan with --explain (a generic one, from PostgreSQL 16 on; in a transaction that can write nothing).`,
		example: `avadb slow --since 1h
avadb slow --since 2026-11-24T09:00 --until 2026-11-24T10:00
avadb slow --around 03:15 --compare 1d
avadb slow --since 15m --require-coverage 90 --fail-over 500ms
avadb slow 4d3b9a0c1f2e5d67 --since 7d
avadb slow 4d3b9a0c1f2e5d67 --explain -d shop -U app
avadb slow --sample 30s --by calls
avadb slow --source slowlog --since 1h --by calls
avadb slow --file '/var/log/postgresql/*.log' --by max
avadb slow --since 1h --all-databases -o json | jq '.statements[0]'`,
		privileges: `  any role for its own statements; pg_read_all_stats (or pg_monitor) for those of others, which are counted in
  not_visible otherwise; SELECT on the history (schema avadb of the store) and on the table`,
		exits: `  1  a file could not be read; what the others say is printed
  2  a duration, a time or an order is not valid, or no such signature
  4  the extension is missing or not loaded; avadb enable-stats mends it; the table is missing: avadb slowlog init
  5  the coverage is below --require-coverage, or a mean above --fail-over; with either of them: statements are not visible`,
	}, func(ctx context.Context, _ *cobra.Command, args []string) error {
		if len(args) == 1 {
			return runSlowSignature(ctx, a, o, args[0])
		}
		return runSlow(ctx, a, o)
	})
	f := c.Flags()
	o.window.addFlags(f)
	f.StringVar(&o.sample, "sample", "", "measure a true window of this length instead")
	f.StringVar(&o.compare, "compare", "", "put the window this long before beside it (1d)")
	f.StringVar(&o.source, "source", sourceAuto, "where to look: stats (pg_stat_statements and its history), slowlog (the slow_query_log table) or auto (both)")
	f.StringVar(&o.schema, "schema", "", "with --source slowlog: schema of the table (default: the one that has it)")
	f.BoolVar(&o.explain, "explain", false, "with a signature: its plan")
	f.StringVar(&o.by, "by", "total", "order: "+orders())
	f.IntVar(&o.limit, "limit", 10, "how many statements; 0: all")
	f.Int64Var(&o.minCalls, "min-calls", 0, "leave out statements with fewer calls")
	f.StringVar(&o.onlyDB, "only-db", "", "only this database (default: the connected one)")
	f.StringVar(&o.onlyUser, "only-user", "", "only this role")
	f.BoolVar(&o.allDatabases, "all-databases", false, "all databases of the server")
	addFileFlags(f, &o)
	completeSlow(a, c)
	return c
}

// oneSignature refuses names of files: a shell makes such of a pattern that is not quoted, and the flag takes the first alone.
func oneSignature(o slowOptions, args []string) error {
	if len(args) == 0 {
		return nil
	}
	_, err := fingerprint.Parse(strings.ToLower(args[0]))
	switch {
	case err != nil && len(o.files) > 0:
		return fault.New(fault.Usage, "--file takes one name, and %q stands outside of it", args[0]).
			WithHint("put a pattern into quotes, so that the shell leaves it alone: --file '*.log'; or give --file before each name")
	case err != nil && strings.ContainsAny(args[0], "./"):
		return fault.New(fault.Usage, "%s", err.Error()).WithHint("is it a server's log? avadb slow --file %s", shellQuote(args[0]))
	case len(args) > 1:
		return fault.New(fault.Usage, "avadb slow takes at most 1 argument, got %d", len(args))
	}
	return nil
}

func orders() string {
	var names []string
	for _, by := range statements.Orders() {
		names = append(names, string(by))
	}
	return strings.Join(names, ", ")
}

func runSlow(ctx context.Context, a *app, o slowOptions) error {
	if o.explain {
		return fault.New(fault.Usage, "--explain goes with a signature").WithHint("avadb slow SIGNATURE --explain; avadb slow -o json gives the signatures")
	}
	w, err := o.check(a)
	if err != nil {
		return err
	}
	if len(o.files) > 0 {
		return runSlowFile(ctx, a, o, w)
	}
	return a.withConn(ctx, pg.Options{Class: pg.Normal}, func(conn *pg.Conn) error {
		scope := statements.Scope{Database: o.onlyDB, User: o.onlyUser, MinCalls: o.minCalls, By: statements.By(o.by), Limit: o.limit}
		if scope.Database == "" && !o.allDatabases {
			scope.Database = conn.Server.Database
		}
		if err := o.checkNames(ctx, a, conn, w); err != nil {
			return err
		}
		if w.needsAll() {
			scope.Limit = 0
		}
		answer, err := o.read(ctx, a, conn, w, scope)
		if err != nil {
			return err
		}
		found := w.judge(answer)
		if o.limit > 0 && len(answer.Statements) > o.limit {
			answer.Statements = answer.Statements[:o.limit]
		}
		doc := slowDocument{head: a.head("slow", conn), Slow: *answer}
		a.explainWindow(conn, doc)
		return errors.Join(a.result(doc, slowRows(a, w, answer)), found)
	})
}

// checkNames refuses a database and a role that are not there, unless they were: what a history has of them outlives them.
func (o slowOptions) checkNames(ctx context.Context, a *app, conn *pg.Conn, w window) error {
	missing := statements.CheckScope(ctx, conn, o.onlyDB, o.onlyUser)
	if fault.KindOf(missing) != fault.Usage || w.sample > 0 || o.source == sourceSlowlog {
		return missing
	}
	store, server, err := a.quiet().readHistory(ctx, conn)
	if err != nil || store == nil {
		return missing
	}
	defer store.Close()
	if known, err := store.Knows(ctx, server, o.onlyDB, o.onlyUser); err != nil || !known {
		return missing
	}
	a.log.Info(missing.Error() + " any more: the answer is what was counted while it was")
	return nil
}

func (o slowOptions) read(ctx context.Context, a *app, conn *pg.Conn, w window, scope statements.Scope) (*statements.Slow, error) {
	if w.sample > 0 {
		a.log.Info("measuring for " + units.FormatDuration(w.sample))
		return statements.Sample(ctx, conn, w.sample, scope)
	}
	r := windowReader{app: a, conn: conn, source: o.source, schema: o.schema, scope: scope}
	return r.read(ctx, w)
}

// check gives the window that was asked for.
func (o slowOptions) check(a *app) (w window, err error) {
	switch {
	case !slices.Contains(statements.Orders(), statements.By(o.by)):
		return w, fault.New(fault.Usage, "unknown order %q", o.by).WithHint("use --by with one of: %s", orders())
	case o.source != sourceAuto && o.source != sourceStats && o.source != sourceSlowlog:
		return w, fault.New(fault.Usage, "unknown source %q", o.source).WithHint("use --source %s, %s or %s", sourceAuto, sourceStats, sourceSlowlog)
	case o.source == sourceSlowlog && (o.sample != "" || o.allDatabases):
		return w, fault.New(fault.Usage, "--sample and --all-databases go with --source %s", sourceStats).
			WithHint("the table is in one database: name it with -d")
	case o.source != sourceSlowlog && o.schema != "":
		return w, fault.New(fault.Usage, "--schema goes with --source %s", sourceSlowlog)
	case o.limit < 0:
		return w, fault.New(fault.Usage, "--limit %d is negative", o.limit)
	case o.minCalls < 0:
		return w, fault.New(fault.Usage, "--min-calls %d is negative", o.minCalls)
	case o.onlyDB != "" && o.allDatabases:
		return w, fault.New(fault.Usage, "--only-db and --all-databases exclude each other")
	case o.sample != "" && (a.changed("since") || a.changed("until") || a.changed("around") || o.compare != ""):
		return w, fault.New(fault.Usage, "--sample and --since, --until, --around, --compare exclude each other: a sample begins now")
	}
	if err := o.checkFile(a); err != nil {
		return w, err
	}
	if w, err = o.window.read(a); err != nil {
		return w, err
	}
	if o.compare != "" {
		if w.compare, err = duration("compare", o.compare, time.Second); err != nil {
			return w, err
		}
	}
	if o.sample != "" {
		if w.sample, err = units.ParseDuration(o.sample); err == nil && w.sample <= 0 {
			err = fault.New(fault.Usage, "--sample %s measures nothing", o.sample)
		}
	}
	return w, err
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
