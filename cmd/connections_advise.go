package cmd

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"avadb/internal/fault"
	"avadb/internal/pg"
	"avadb/internal/poolsize"
	"avadb/internal/render"
	"avadb/internal/settings"
	"avadb/internal/tuning"
	"avadb/internal/units"
)

// The formats of connections advise that an application or a pooler reads.
const (
	formatEnv       render.Format = "env"
	formatPgBouncer render.Format = "pgbouncer"
	formatHikari    render.Format = "hikari"
	formatAsyncpg   render.Format = "asyncpg"
	formatPgx       render.Format = "pgx"
)

type adviseOptions struct {
	instances, cpus, spindles int
	roles, applications       []string
	sample, utilisation       string
	rate, hold                string
	history                   string
	explain                   bool
}

// adviseRequest is what the flags say, read.
type adviseRequest struct {
	poolsize.Asked
	utilisation float64
	given       *poolsize.Measure // --rate and --hold
	history     time.Duration
}

type adviseDocument struct {
	head
	Instances int                `json:"instances"` // that share the load evenly
	CPUs      *int               `json:"cpus"`      // of the server; null: not known
	Limits    poolsize.Limits    `json:"limits"`
	Measures  []poolsize.Measure `json:"measures"`     // how busy the application's sessions were, by source
	Load      *poolsize.Load     `json:"load"`         // that the pools are sized for; null: nothing was seen
	Bound     *int               `json:"active_bound"` // sessions that the server works on at its best, 2 x processors + spindles; null: not known
	Wanted    int                `json:"wanted"`       // connections that an instance wants, whatever fits
	Fits      bool               `json:"fits"`         // what all instances want is there
	Queue     *poolsize.Queue    `json:"queue"`        // of one instance's pool; null without a load
	Pooler    poolsize.Pooler    `json:"pooler"`       // what PgBouncer in between would be given
	Lines     []poolsize.Line    `json:"lines"`        // the advice
	Warnings  []string           `json:"warnings"`     // what to know before relying on it
	Unseen    []poolsize.Unseen  `json:"unseen"`       // what this role could not see
}

func newConnectionsAdvise(a *app) *cobra.Command {
	var o adviseOptions
	c := newCommand(spec{
		use: "advise", short: "How large the pools of the application's instances should be, and why",
		long: `Says how many connections each instance of the application should keep: as many as its load takes (Little's law and the
M/M/c queue), no more than the processors can work on, and never more than max_connections leaves after the reserved ones
and what everybody else has. The application is who is in the connected database, or the roles and application names given.

The load is what pg_stat_activity shows while it looks (--sample), what pg_stat_database has counted, and the busiest
interval of the history, where there is one; or what --rate and --hold say. Nothing is written to the server. -o env prints
DB_POOL_MIN, DB_POOL_MAX and the timeouts for a shell or systemd; pgbouncer, hikari, asyncpg and pgx print their
configuration.`,
		example: `avadb connections advise --instances 4 -d shop
avadb connections advise --instances 4 --only-user app --sample 1m --explain -d shop
avadb connections advise --instances 12 --cpus 8 --rate 2000 --hold 4ms -d shop
avadb connections advise --instances 4 -d shop -o env >> app.env
avadb connections advise --instances 40 -d shop -o pgbouncer > pgbouncer.ini`,
		formats:    "env pgbouncer hikari asyncpg pgx",
		privileges: "  any role; pg_monitor for what the sessions of others do, and SELECT on the tables of schema avadb for the history",
		exits: `  2  a value is not valid
  5  not even one connection for each instance is there, or the load is more than the server can work on`,
	}, func(ctx context.Context, _ *cobra.Command, _ []string) error { return runAdvise(ctx, a, o) })
	f := c.Flags()
	f.IntVar(&o.instances, "instances", 1, "how many instances of the application there are, each with a pool")
	f.IntVar(&o.cpus, "cpus", 0, "processors of the server (default: measured where it runs on this host)")
	f.IntVar(&o.spindles, "spindles", 1, "disks of the server that seek on their own")
	listVar(f, &o.roles, "only-user", "roles of the application (default: any)")
	listVar(f, &o.applications, "application", "application_names of the application (default: any)")
	f.StringVar(&o.sample, "sample", "3s", "how long to look at the sessions; 0 for one look, which says nothing of the load")
	f.StringVar(&o.utilisation, "utilisation", "70%", "how busy the connections of a pool may be")
	f.StringVar(&o.rate, "rate", "", "plan for so many transactions a second, of all instances together; with --hold")
	f.StringVar(&o.hold, "hold", "", "the time that one of them holds its connection: 4ms")
	f.StringVar(&o.history, "history", "14d", "how far to look back in the history for the busiest interval")
	f.BoolVar(&o.explain, "explain", false, "for each number the reason, formula and source")
	return c
}

func runAdvise(ctx context.Context, a *app, o adviseOptions) error {
	want, err := o.check(a)
	if err != nil {
		return err
	}
	return a.withConn(ctx, pg.Options{Class: pg.Normal}, func(conn *pg.Conn) error {
		seen, err := poolsize.Read(ctx, conn, want.Asked)
		if err != nil {
			return err
		}
		if err := a.addBusiest(ctx, conn, want, seen); err != nil {
			return err
		}
		if want.given != nil {
			seen.Measures = append(seen.Measures, *want.given)
		}
		return a.advise(o, want, conn, seen)
	})
}

// check reads the flags.
func (o adviseOptions) check(a *app) (want adviseRequest, err error) {
	switch {
	case o.instances < 1 || o.instances > 10000:
		return want, fault.New(fault.Usage, "--instances %d is no number of instances", o.instances)
	case o.cpus < 0 || o.cpus == 0 && a.changed("cpus"):
		return want, fault.New(fault.Usage, "--cpus %d is no number of processors", o.cpus)
	case o.spindles < 0:
		return want, fault.New(fault.Usage, "--spindles %d is no number of disks", o.spindles)
	case (o.rate == "") != (o.hold == ""):
		return want, fault.New(fault.Usage, "--rate and --hold go together").WithHint("a rate times the time that a transaction holds its connection is the load, such as --rate 2000 --hold 4ms")
	case o.explain && !slices.Contains([]render.Format{render.Table, render.Plain, render.JSON, render.JSONL}, a.format):
		return want, fault.New(fault.Usage, "--explain does not go with -o %s", a.format).WithHint("use -o table, plain, json or jsonl")
	}
	want.Roles, want.Applications, want.Every = o.roles, o.applications, 50*time.Millisecond
	if o.sample != "0" {
		if want.Sample, err = units.ParseDuration(o.sample); err != nil {
			return want, err
		}
	}
	if want.Sample < 0 || want.Sample > time.Hour {
		return want, fault.New(fault.Usage, "--sample %s is no time to look for", o.sample).WithHint("give up to 1h")
	}
	if want.history, err = units.ParseDuration(o.history); err != nil {
		return want, err
	}
	if want.utilisation, err = parseUtilisation(o.utilisation); err != nil {
		return want, err
	}
	want.given, err = o.load(a.now())
	return want, err
}

// parseUtilisation reads 70% as 0.7.
func parseUtilisation(text string) (float64, error) {
	percent, err := strconv.ParseFloat(strings.TrimSuffix(text, "%"), 64)
	if err != nil || !(percent >= 1 && percent <= 99) || !strings.HasSuffix(text, "%") {
		return 0, fault.New(fault.Usage, "--utilisation %q is no share", text).WithHint("give 1%% to 99%%, such as 70%%")
	}
	return percent / 100, nil
}

// load is what --rate and --hold say.
func (o adviseOptions) load(now time.Time) (*poolsize.Measure, error) {
	if o.rate == "" {
		return nil, nil
	}
	rate, err := strconv.ParseFloat(o.rate, 64)
	if err != nil || !(rate > 0 && rate < 1e7) {
		return nil, fault.New(fault.Usage, "--rate %q is no rate", o.rate).WithHint("give transactions a second, such as --rate 2000")
	}
	hold, err := units.ParseDuration(o.hold)
	if err != nil {
		return nil, err
	}
	if hold <= 0 || hold > time.Hour {
		return nil, fault.New(fault.Usage, "--hold %s is no time that a transaction takes", o.hold)
	}
	ms := float64(hold.Microseconds()) / 1000
	return &poolsize.Measure{Source: poolsize.Given, Busy: rate * ms / 1000, Rate: &rate, HoldMS: &ms, To: now.UTC()}, nil
}

// addBusiest looks into the history; that there is none, or that the role may not read it, leaves it out.
func (a *app) addBusiest(ctx context.Context, conn *pg.Conn, want adviseRequest, seen *poolsize.Seen) error {
	store, server, err := a.quiet().readHistory(ctx, conn)
	if f := fault.As(err); f != nil && (f.Kind == fault.Privilege || f.Kind == fault.Prerequisite || f.Kind == fault.Connect) {
		seen.Unseen = append(seen.Unseen, poolsize.Unseen{What: "the history: " + f.Message, Next: f.Hint})
		return nil
	}
	if err != nil || server == nil {
		return err
	}
	defer store.Close()
	busiest, err := poolsize.Busiest(ctx, store, server, conn.Server.Database, a.now().Add(-want.history))
	if busiest != nil {
		seen.Measures = append(seen.Measures, *busiest)
	}
	return err
}

// advise works it out and prints it.
func (a *app) advise(o adviseOptions, want adviseRequest, conn *pg.Conn, seen *poolsize.Seen) error {
	in := poolsize.Input{
		Instances: o.instances, CPUs: o.cpus, Spindles: o.spindles, Limits: seen.Limits, Load: poolsize.LoadOf(seen.Measures),
		Utilisation: want.utilisation, Major: conn.Server.Major(),
	}
	if in.CPUs == 0 && settings.OnHost(conn.Server) {
		if cpus, err := tuning.ReadHostCPUs(os.DirFS("/"), int(conn.Server.BackendPID)); err == nil {
			in.CPUs = cpus
		}
	}
	advice := poolsize.Advise(in)
	doc := adviseDocument{
		head: a.head("connections advise", conn), Instances: in.Instances, Limits: seen.Limits, Measures: seen.Measures, Load: in.Load, Bound: advice.ActiveBound,
		Wanted: advice.Wanted, Fits: advice.Fits, Queue: advice.Queue, Pooler: advice.Pooler, Lines: advice.Lines,
		Warnings: append(advice.Warnings, seen.Warnings()...), Unseen: seen.Unseen,
	}
	if conn.Server.Pooler {
		doc.Warnings = append(doc.Warnings, "a pooler is in between already: the sessions that were seen are its own, and host and port of the snippets are the pooler's")
	}
	if in.CPUs > 0 {
		doc.CPUs = &in.CPUs
	}
	for _, w := range doc.Warnings {
		a.log.Warn(w)
	}
	if l := in.Load; l == nil && want.Sample > 0 || l != nil && l.Source == poolsize.Sample && want.Sample < time.Minute {
		a.log.Info("the sessions were looked at for " + want.Sample.String() + " alone: --sample 10m in a busy hour says more, and so does a history (avadb slowlog collect)")
	}
	for _, u := range doc.Unseen {
		a.log.Warn("not seen: " + u.What + ": " + u.Next)
	}
	if !advice.Possible {
		doc.Lines = nil // a number that does not fit is no advice
	}
	if err := a.printAdvice(o, conn, in, advice, doc); err != nil {
		return err
	}
	if !advice.Possible && a.format != formatPgBouncer {
		return fault.New(fault.Found, "%d instances do not fit: there is room for %d connections", in.Instances, max(in.Limits.Room, 0)).
			WithHint("put PgBouncer in between: -o pgbouncer prints its configuration; or raise max_connections")
	}
	if advice.Overload {
		return fault.New(fault.Found, "no pool carries the load").WithHint("make the transactions shorter, or the server larger; --explain shows what it has")
	}
	return nil
}

func (a *app) printAdvice(o adviseOptions, conn *pg.Conn, in poolsize.Input, advice poolsize.Advice, doc adviseDocument) error {
	place := poolsize.Place{Host: conn.Target.Host(), Port: conn.Target.Port(), Database: conn.Server.Database, Major: conn.Server.Major()}
	text := ""
	switch a.format {
	case formatPgBouncer:
		text = poolsize.PgBouncer(place, in, advice)
	case formatEnv, formatHikari, formatAsyncpg, formatPgx:
		if !advice.Possible {
			return nil
		}
		text = adviceText(a.format, place, advice)
	case render.Table, render.Plain:
		if o.explain {
			return a.explainAdvice(doc)
		}
		return a.result(doc, doc.Lines)
	default:
		return a.result(doc, doc.Lines)
	}
	return a.write([]byte(text))
}

func adviceText(format render.Format, place poolsize.Place, advice poolsize.Advice) string {
	switch format {
	case formatHikari:
		return poolsize.Hikari(place, advice)
	case formatAsyncpg:
		return poolsize.Asyncpg(place, advice)
	case formatPgx:
		return poolsize.Pgx(place, advice)
	default:
		return poolsize.Env(advice.Lines)
	}
}

// explainAdvice prints a paragraph for each number, then what was seen.
func (a *app) explainAdvice(doc adviseDocument) error {
	e := explanation{paint: render.NewPainter(a.flags.outFile == "" && a.colorOn(a.out))}
	if a.flags.outFile == "" && a.format == render.Table {
		e.width = width(a.out)
	}
	for _, l := range doc.Lines {
		e.text.WriteString(e.paint.Bold(fmt.Sprintf("%s = %d", l.Name, l.Value)) + "  (" + l.Unit + ")\n")
		e.entry("reason", l.Reason)
		e.entry("formula", l.Formula)
		e.entry("source", l.Source)
		e.text.WriteByte('\n')
	}
	e.text.WriteString(e.paint.Bold("seen") + "\n")
	for _, m := range doc.Measures {
		e.entry(m.Source, m.Sentence())
	}
	if len(doc.Measures) == 0 {
		e.entry("load", "nothing was seen of it")
	}
	if doc.Queue != nil {
		e.entry("queue", doc.Queue.Sentence())
	}
	for _, u := range doc.Unseen {
		e.entry("not seen", u.What+" ("+u.Next+")")
	}
	return a.write([]byte(e.text.String()))
}
