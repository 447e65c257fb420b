package cmd

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"avadb/internal/activity"
	"avadb/internal/fault"
	"avadb/internal/pg"
)

type connectionsOptions struct {
	by, only                     []string
	failAbove, watch             string
	samples                      int
	pgbouncer                    string
	idleInTransaction, longXacts string
}

// connectionsPlan is what the flags ask for, read.
type connectionsPlan struct {
	by, only  []string
	failAbove float64       // percent; 0: nothing fails
	watch     time.Duration // 0: one look
	samples   int           // 0: without end
	pgbouncer string
	rules     activity.Rules
}

func newConnections(a *app) *cobra.Command {
	var o connectionsOptions
	c := newCommand(spec{
		use: "connections", short: "Who is connected, how full the server is, who blocks whom, and who loses connections",
		long: `One look at the sessions: counted by application, user, database, client and state, and held against max_connections and the
limits of roles and databases; transactions that were left open; the tree of who waits for whom, with the command that ends its
root; and programs that seem to lose connections. --watch looks again and again, and so sees what grows. docs/connections.md
says what to do at 3 a.m.`,
		example: `avadb connections
avadb connections --only blocking
avadb connections --watch 2s
avadb connections --by application,state -o csv --only groups
avadb connections --fail-above 90 -q -o json
avadb connections --pgbouncer 'host=127.0.0.1 port=6432 user=stats'`,
		privileges: `  any role for names, numbers and waits; pg_monitor (or pg_read_all_stats) for the states, times and statements of other
  roles; with --pgbouncer one of its stats_users`,
		exits: `  2  a flag is wrong
  3  no connection to the server, or to PgBouncer; with --watch at the start alone, or at the last of --samples
  4  with --fail-above: sessions are not visible, and what is visible is not above it
  5  --fail-above: a larger part of the usable connections is in use`,
		args: noSubcommandArguments,
	}, func(ctx context.Context, _ *cobra.Command, _ []string) error { return runConnections(ctx, a, o) })
	f := c.Flags()
	listVar(f, &o.by, "by", "group by these: "+strings.Join(activity.Dimensions(), ", ")+" (default all)")
	listVar(f, &o.only, "only", "print only these lists: "+strings.Join(connectionLists(), ", "))
	f.StringVar(&o.failAbove, "fail-above", "", "exit with 5 where more percent than this of the server's, a role's or a database's connections are in use")
	f.StringVar(&o.watch, "watch", "", "look again and again, at this interval (2s), until ^C; with --fail-above until that is exceeded")
	f.IntVar(&o.samples, "samples", 0, "with --watch: end after so many looks")
	f.StringVar(&o.pgbouncer, "pgbouncer", "", "connection string of a PgBouncer: its pools, and the clients behind its sessions")
	f.StringVar(&o.idleInTransaction, "idle-in-transaction", "1m", "list transactions that are idle for longer")
	f.StringVar(&o.longXacts, "long-transaction", "5m", "list transactions that are open for longer")
	register(c, "by", fixed(activity.Dimensions()...))
	register(c, "only", fixed(connectionLists()...))
	c.AddCommand( // a line each
		newConnectionsAdvise(a),
		newConnectionsTerminate(a),
	)
	return c
}

// noSubcommandArguments is for a command that works and has subcommands: an argument is a subcommand that is not there.
func noSubcommandArguments(c *cobra.Command, args []string) error {
	if len(args) > 0 {
		return noSubcommand(c, args)
	}
	return nil
}

func (o connectionsOptions) check(a *app) (p connectionsPlan, err error) {
	p = connectionsPlan{by: o.by, only: o.only, samples: o.samples, pgbouncer: o.pgbouncer, rules: activity.DefaultRules()}
	if len(p.by) == 0 {
		p.by = activity.Dimensions()
	}
	if err = activity.CheckDimensions(p.by); err != nil {
		return p, err
	}
	if err = checkLists(p.only); err != nil {
		return p, err
	}
	if o.failAbove != "" {
		if p.failAbove, err = parsePercent("fail-above", o.failAbove); err != nil {
			return p, err
		}
	}
	if p.rules.IdleInTransaction, err = duration("idle-in-transaction", o.idleInTransaction, time.Millisecond); err != nil {
		return p, err
	}
	if p.rules.LongTransaction, err = duration("long-transaction", o.longXacts, time.Millisecond); err != nil {
		return p, err
	}
	if o.watch != "" {
		p.watch, err = duration("watch", o.watch, 100*time.Millisecond)
	}
	if err == nil && (o.samples < 0 || a.changed("samples") && o.samples == 0) {
		err = fault.New(fault.Usage, "--samples %d is no number of looks", o.samples).WithHint("give 1 or more, or leave it out")
	}
	if err == nil && o.samples > 0 && o.watch == "" {
		err = fault.New(fault.Usage, "--samples goes with --watch").WithHint("--watch 2s --samples %d looks %[1]d times", o.samples)
	}
	return p, err
}

// parsePercent reads 90 or 90%.
func parsePercent(flag, text string) (float64, error) {
	percent, err := strconv.ParseFloat(strings.TrimSuffix(text, "%"), 64)
	if err != nil || math.IsNaN(percent) || percent <= 0 || percent > 100 {
		return 0, fault.New(fault.Usage, "--%s %q is no percentage", flag, text).WithHint("give a number above 0 and up to 100, such as 90")
	}
	return percent, nil
}

type connectionsDocument struct {
	head
	Limits       activity.Limits        `json:"limits"`       // of the server
	Saturation   []activity.Saturation  `json:"saturation"`   // the server's limit and those of roles and databases
	Groups       []activity.Group       `json:"groups"`       // sessions, the largest group first
	Transactions []activity.Transaction `json:"transactions"` // left idle or open for too long, the oldest first
	Blocking     []activity.Blocking    `json:"blocking"`     // who blocks whom: a tree, depth first
	Leaks        []activity.Leak        `json:"leaks"`        // programs that seem to lose connections
	Pooler       *activity.Pooler       `json:"pgbouncer"`    // null without --pgbouncer
	Pools        []activity.Pool        `json:"pools"`        // of the PgBouncer
	Pooled       []activity.Pooled      `json:"pooled"`       // its server connections and who has them, and clients that wait

	notGrouped []string // the dimensions that --by leaves out
}

// looker looks at a server's sessions as often as it is asked.
type looker struct {
	a       *app
	conn    *pg.Conn
	plan    connectionsPlan
	console *pg.Console // nil without --pgbouncer
	watch   *activity.Watch
	warned  bool // what is not visible was said
	looked  bool // the server has been seen
}

func runConnections(ctx context.Context, a *app, o connectionsOptions) error {
	plan, err := o.check(a)
	if err != nil {
		return err
	}
	return a.withConn(ctx, pg.Options{Class: pg.Critical}, func(conn *pg.Conn) error {
		l := &looker{a: a, conn: conn, plan: plan, watch: activity.NewWatch(plan.rules)}
		if plan.pgbouncer != "" {
			if l.console, err = pg.OpenConsole(ctx, plan.pgbouncer, a.env); err != nil {
				return err
			}
			defer func() { l.console.Close() }() // it may be another one by then
		}
		if plan.watch > 0 {
			return a.repeat(ctx, plan.watch, plan.samples, func() (sample, error) { return l.lookAgain(ctx) })
		}
		s, err := l.look(ctx)
		if err != nil {
			return err
		}
		raw, err := a.rendered(s.doc, s.lists...)
		if err == nil {
			err = a.write(append(raw, s.below...))
		}
		if err != nil {
			return err
		}
		return s.verdict
	})
}

// lookAgain takes a look, on a new connection where the old one is lost. A server or a PgBouncer that goes away ends nothing, once it has been seen.
func (l *looker) lookAgain(ctx context.Context) (sample, error) {
	err := l.restore(ctx)
	var s sample
	if err == nil {
		s, err = l.look(ctx)
	}
	switch {
	case err == nil:
		l.looked = true
		return s, nil
	case l.looked && ctx.Err() == nil && (fault.KindOf(err) == fault.Connect || l.lost()):
		return sample{missed: err}, nil
	}
	return s, err
}

// lost tells that a connection is gone.
func (l *looker) lost() bool {
	return l.conn.Raw().IsClosed() || l.console != nil && l.console.IsClosed()
}

// restore connects again. What grew on a server that was away began anew.
func (l *looker) restore(ctx context.Context) error {
	if l.conn.Raw().IsClosed() {
		if err := l.conn.Reconnect(ctx); err != nil {
			return err
		}
		l.watch = activity.NewWatch(l.plan.rules)
	}
	if l.console != nil && l.console.IsClosed() {
		console, err := pg.OpenConsole(ctx, l.plan.pgbouncer, l.a.env)
		if err != nil {
			return err
		}
		l.console = console
	}
	return nil
}

// look takes one look.
func (l *looker) look(ctx context.Context) (sample, error) {
	snapshot, err := activity.Read(ctx, l.conn)
	if err != nil {
		return sample{}, err
	}
	doc := &connectionsDocument{head: l.a.head("connections", l.conn)}
	if l.console != nil {
		if doc.Pooler, err = activity.ReadPooler(ctx, l.console); err != nil {
			return sample{}, err
		}
		doc.Pools, doc.Pooled = snapshot.Join(doc.Pooler)
	}
	l.fill(doc, snapshot)
	s := sample{doc: doc, lists: doc.rows(l.a, l.plan.only)}
	if l.a.endsBelow() {
		s.below = doc.ends(l.plan.only)
	}
	hidden := doc.hidden()
	switch {
	case hidden == "":
	case l.plan.watch > 0 && l.a.redraws(): // what stderr says would be drawn over
		s.below += hidden + ": " + l.grant() + "\n"
	case !l.warned:
		l.a.log.Warn(hidden + ": " + l.grant())
		l.warned = true
	}
	s.verdict = l.judge(doc, hidden)
	return s, nil
}

func (l *looker) fill(doc *connectionsDocument, snapshot *activity.Snapshot) {
	l.watch.Add(snapshot, l.a.now())
	doc.Limits, doc.Saturation, doc.Groups = snapshot.Limits(), snapshot.Saturation(), snapshot.Groups(l.plan.by)
	doc.notGrouped = slices.DeleteFunc(activity.Dimensions(), func(name string) bool { return slices.Contains(l.plan.by, name) })
	doc.Transactions = snapshot.Transactions(l.plan.rules, l.ends)
	doc.Blocking = snapshot.Blocking(l.ends)
	doc.Leaks = l.watch.Leaks(snapshot, l.ends)
}

// ends writes a command line that reaches the same server.
func (l *looker) ends(words ...string) string {
	quoted := []string{"avadb"}
	for _, word := range words {
		quoted = append(quoted, shellQuote(word))
	}
	return strings.TrimSpace(strings.Join(quoted, " ") + " " + l.conn.Target.CommandFlags())
}

// hidden says what could not be seen; empty: all could.
func (d *connectionsDocument) hidden() string {
	switch n := d.Limits.NotVisible; n {
	case 0:
		return ""
	case 1:
		return "1 session of another role shows neither state nor times"
	default:
		return fmt.Sprintf("%d sessions of other roles show neither state nor times", n)
	}
}

// judge is the verdict of --fail-above. What could not be seen is never called fine.
func (l *looker) judge(doc *connectionsDocument, hidden string) error {
	if l.plan.failAbove == 0 {
		return nil
	}
	for _, s := range doc.Saturation {
		if s.UsedPct > l.plan.failAbove {
			return fault.New(fault.Found, "%s: %d of %d connections are in use (%g %%)", strings.TrimSpace(strings.ToLower(s.Kind)+" "+s.Name), s.Used, s.Limit, s.UsedPct).
				WithHint("the groups show whose they are; avadb connections terminate ends idle ones")
		}
	}
	if hidden != "" {
		return fault.New(fault.Privilege, "%s: how many connections are in use is not certain", hidden).WithHint("%s", l.grant())
	}
	return nil
}

func (l *looker) grant() string {
	return "GRANT pg_read_all_stats TO " + pg.Identifier(l.conn.Server.Role)
}
