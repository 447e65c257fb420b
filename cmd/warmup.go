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
	"avadb/internal/pg"
	"avadb/internal/render"
	"avadb/internal/units"
	"avadb/internal/warmup"
)

type warmupOptions struct {
	budget, memory string
	query          string
	measureOnly    bool
	noMeasure      bool
	dryRun         bool
	autoprewarm    bool
	restartCommand string
}

// warmupRequest is what the flags say, read.
type warmupRequest struct {
	budget time.Duration // 0: none
	memory int64         // bytes; 0: the default
}

type warmupDocument struct {
	head
	DryRun        bool                 `json:"dry_run"`        // nothing was loaded or written
	StartedAt     *time.Time           `json:"started_at"`     // of the server; null with --autoprewarm
	CountersSince *time.Time           `json:"counters_since"` // what the ranking looks at; null: not known
	CountersLost  bool                 `json:"counters_lost"`  // they began less than an hour ago, with or after the server's start: it is new, or had crashed
	RankedBySize  bool                 `json:"ranked_by_size"` // what nobody has asked for is ranked by size
	Buffers       *warmup.Buffers      `json:"buffers"`        // shared_buffers; null with --autoprewarm
	MemoryBytes   *int64               `json:"memory_bytes"`   // that may be loaded; null where nothing was planned
	MemoryReason  string               `json:"memory_reason"`  // where that is from
	BudgetMS      *int64               `json:"budget_ms"`      // the time for it; null: none
	Query         *string              `json:"query"`          // that was measured; null: nothing was
	Latency       []warmup.Latency     `json:"latency"`        // before and after
	PlannedBytes  int64                `json:"planned_bytes"`  // to load
	LoadedBytes   int64                `json:"loaded_bytes"`   // that were
	ElapsedMS     float64              `json:"elapsed_ms"`     // it took
	Complete      bool                 `json:"complete"`       // all that was planned was loaded
	Relations     []warmup.Row         `json:"relations"`      // in the order of their benefit
	Unseen        []warmup.Unseen      `json:"unseen"`         // what this role could not see
	Autoprewarm   *autoprewarmDocument `json:"autoprewarm"`    // null without --autoprewarm
}

func newWarmup(a *app) *cobra.Command {
	var o warmupOptions
	c := newCommand(spec{
		use: "warmup", short: "Load what is needed most into the buffers, and measure the first query before and after",
		long: `Measures what a new connection and its first query cost, loads the tables and indexes of the connected database that are asked
for most into shared_buffers with pg_prewarm, and measures again. What is there already is skipped (pg_buffercache); the
largest benefit comes first: how often each block of a relation was asked for since the counters began. A crash loses these
counters; then the history of pg_stat_statements decides, where there is one, and else the small ones come first.

--autoprewarm makes the server do it by itself at each start: it adds pg_prewarm to shared_preload_libraries without losing
what is there and creates the extension, through the journal; avadb rollback undoes it.`,
		example: `avadb warmup -d shop
avadb warmup --dry-run -d shop
avadb warmup --budget 20s --memory 4GB -d shop
avadb warmup --measure-only --query 'SELECT * FROM orders WHERE id = 4711' -d shop
avadb warmup --autoprewarm --restart-command 'systemctl restart postgresql' -d shop`,
		privileges: `  SELECT on the tables, and EXECUTE on pg_prewarm, which everybody has; pg_monitor for what is in the buffers (pg_buffercache).
  --autoprewarm: superuser, because CREATE EXTENSION pg_prewarm cannot be granted`,
		exits: `  2  a value is not valid
  4  the extension or a privilege is missing; with --autoprewarm also: a pooler is in between, or something else manages the server`,
	}, func(ctx context.Context, _ *cobra.Command, _ []string) error { return runWarmup(ctx, a, o) })
	f := c.Flags()
	f.StringVar(&o.budget, "budget", "60s", "time for loading")
	f.StringVar(&o.memory, "memory", "", "how much to load at most: 4GB (default: the free part of shared_buffers, or 75 % where that is not known)")
	f.StringVar(&o.query, "query", "", "first query to measure (default: a row of each of the tables asked for most)")
	f.BoolVar(&o.measureOnly, "measure-only", false, "measure and load nothing")
	f.BoolVar(&o.noMeasure, "no-measure", false, "load and measure nothing")
	f.BoolVar(&o.dryRun, "dry-run", false, "show the plan and load nothing")
	f.BoolVar(&o.autoprewarm, "autoprewarm", false, "make the server load its buffers by itself at each start")
	f.StringVar(&o.restartCommand, "restart-command", "", "with --autoprewarm: shell command that restarts the server, run when the library waits for it")
	return c
}

// check reads the flags.
func (o warmupOptions) check(a *app) (want warmupRequest, err error) {
	exclude := func(one, other string) error {
		return fault.New(fault.Usage, "--%s and --%s exclude each other", one, other)
	}
	for _, pair := range [][2]string{
		{"measure-only", "no-measure"},
		{"measure-only", "budget"},
		{"measure-only", "memory"},
		{"measure-only", "dry-run"},
		{"no-measure", "query"},
		{"autoprewarm", "query"},
		{"autoprewarm", "measure-only"},
		{"autoprewarm", "no-measure"},
		{"autoprewarm", "budget"},
		{"autoprewarm", "memory"},
	} {
		if a.changed(pair[0]) && a.changed(pair[1]) {
			return want, exclude(pair[0], pair[1])
		}
	}
	if o.restartCommand != "" && !o.autoprewarm {
		return want, fault.New(fault.Usage, "--restart-command goes with --autoprewarm")
	}
	if want.budget, err = units.ParseDuration(o.budget); err != nil {
		return want, err
	}
	if want.budget <= 0 {
		return want, fault.New(fault.Usage, "--budget %s leaves no time", o.budget).WithHint("give a duration such as 60s or 5m")
	}
	if o.memory == "" {
		return want, nil
	}
	if want.memory, err = units.ParseSize(o.memory); err == nil && want.memory < 8192 {
		err = fault.New(fault.Usage, "--memory %s is not even a block", o.memory)
	}
	return want, err
}

func runWarmup(ctx context.Context, a *app, o warmupOptions) error {
	want, err := o.check(a)
	if err != nil {
		return err
	}
	if o.autoprewarm {
		return runAutoprewarm(ctx, a, o)
	}
	return a.withConn(ctx, pg.Options{Class: pg.Background}, func(conn *pg.Conn) error {
		w := &warming{app: a, o: o, want: want, conn: conn}
		w.doc = &warmupDocument{head: a.head("warmup", conn), DryRun: o.dryRun, Latency: []warmup.Latency{}, Relations: []warmup.Row{}}
		return w.run(ctx)
	})
}

// warming is one run of warmup.
type warming struct {
	app   *app
	o     warmupOptions
	want  warmupRequest
	conn  *pg.Conn
	state *warmup.State
	plan  *warmup.Plan
	doc   *warmupDocument
	query string
}

func (w *warming) run(ctx context.Context) error {
	var found warmup.Installed
	if !w.o.measureOnly {
		var err error
		if found, err = warmup.Find(ctx, w.conn, warmup.Library); err != nil {
			return err
		}
		if err := warmup.Needed(w.conn, found); err != nil && !w.o.dryRun {
			return err
		}
	}
	if w.o.query != "" && !w.o.dryRun { // before anything else is read, which would warm the catalogue
		w.query = w.o.query
		if err := w.measure(ctx, "before"); err != nil {
			return err
		}
	}
	if err := w.prepare(ctx); err != nil {
		return err
	}
	if !w.o.dryRun && !w.o.noMeasure && w.query == "" {
		var err error
		if w.query, err = warmup.Probe(ctx, w.conn, w.plan); err != nil {
			return err
		}
		if err := w.measureProbe(ctx); err != nil {
			return err
		}
	}
	if w.o.dryRun || w.o.measureOnly {
		return w.print(nil)
	}
	if err := w.load(ctx, found); err != nil {
		return errors.Join(err, w.print(err)) // how far it came is said all the same
	}
	if !w.o.noMeasure && len(w.doc.Latency) > 0 { // without the figure before, that after says nothing
		if err := w.measure(ctx, "after"); err != nil {
			return errors.Join(err, w.print(err))
		}
	}
	return w.print(nil)
}

// prepare reads the server and makes the plan.
func (w *warming) prepare(ctx context.Context) (err error) {
	if w.state, err = warmup.Read(ctx, w.conn); err != nil {
		return err
	}
	if w.state.Blind() {
		if err := w.addHistory(ctx); err != nil {
			return err
		}
	}
	w.plan = warmup.NewPlan(w.state, w.want.memory)
	d, started := w.doc, w.state.StartedAt.UTC()
	d.StartedAt, d.CountersLost, d.RankedBySize = &started, w.state.Lost(), w.plan.BySize
	if w.state.CountersSince != nil {
		since := w.state.CountersSince.UTC()
		d.CountersSince = &since
	}
	d.Buffers, d.Unseen = &w.state.Buffers, w.state.Unseen
	if w.state.NotMine > 0 {
		d.Unseen = append(d.Unseen, warmup.Unseen{
			What: fmt.Sprintf("%d relations that the role may not read, and so not load", w.state.NotMine),
			Next: "GRANT pg_read_all_data TO " + pg.Identifier(w.conn.Server.Role),
		})
	}
	if w.o.measureOnly {
		return nil
	}
	budget := w.want.budget.Milliseconds()
	d.MemoryBytes, d.MemoryReason, d.BudgetMS = &w.plan.Memory, w.plan.MemoryWhy, &budget
	d.Relations, d.PlannedBytes = append(d.Relations, w.plan.Rows...), w.plan.PlannedBytes()
	return nil
}

// historyDays is how far back the history is asked, where the counters do not tell.
const historyDays = 7

// addHistory leaves it out where there is none, or the role may not read it.
func (w *warming) addHistory(ctx context.Context) error {
	store, server, err := w.app.quiet().readHistory(ctx, w.conn)
	if f := fault.As(err); f != nil && (f.Kind == fault.Privilege || f.Kind == fault.Prerequisite || f.Kind == fault.Connect) {
		w.state.Unseen = append(w.state.Unseen, warmup.Unseen{What: "the history: " + f.Message, Next: f.Hint})
		return nil
	}
	if err != nil || server == nil {
		return err
	}
	defer store.Close()
	return w.state.AddHistory(ctx, store, server, w.conn.Server.Database, w.app.now().AddDate(0, 0, -historyDays))
}

// measureProbe measures with the tables that are asked for most. Where somebody has locked one of them, loading is worth it all the same.
func (w *warming) measureProbe(ctx context.Context) error {
	err := w.measure(ctx, "before")
	if f := fault.As(err); f == nil || f.SQLState != lockTimeout || w.o.measureOnly {
		return err
	}
	w.doc.Unseen = append(w.doc.Unseen, warmup.Unseen{
		What: "what a first query costs, because somebody holds a lock on a table that it asks",
		Next: w.app.commandLine(w.conn, "connections --only blocking"),
	})
	return nil
}

func (w *warming) measure(ctx context.Context, phase string) error {
	l, err := warmup.Measure(ctx, w.conn.Target, phase, w.query)
	if err != nil {
		return readOnlyByDesign(err)
	}
	w.doc.Latency, w.doc.Query = append(w.doc.Latency, *l), &w.query
	return nil
}

// readOnlyByDesign takes care that nobody looks for another server: a measured query runs in a transaction that can write nothing.
func readOnlyByDesign(err error) error {
	const readOnlyTransaction = "25006"
	f := fault.As(err)
	if f == nil || f.SQLState != readOnlyTransaction {
		return err
	}
	again := *f
	again.Hint = "a query is measured in a read-only transaction, on any server: give --query a statement that only reads"
	return &again
}

func (w *warming) load(ctx context.Context, found warmup.Installed) error {
	began := time.Now()
	bar := &progress{app: w.app, began: began, total: w.plan.PlannedBytes()}
	loader := warmup.Loader{Conn: w.conn, Extension: found, Budget: w.want.budget, TimeoutMS: w.state.TimeoutMS, Progress: bar.at}
	_, err := loader.Run(ctx, w.plan)
	bar.clear()
	d := w.doc
	d.ElapsedMS = float64(time.Since(began).Microseconds()) / 1000
	d.Relations, d.LoadedBytes = append(d.Relations[:0], w.plan.Rows...), w.plan.LoadedBytes()
	d.Complete = err == nil && d.LoadedBytes >= d.PlannedBytes
	return err
}

// print prints the plan or what became of it, and below it the latencies.
func (w *warming) print(failed error) error {
	rows := w.doc.Relations
	if w.app.format == render.Table || w.app.format == render.Plain {
		rows = warmup.Folded(rows)
	}
	lists := []any{rows}
	if w.o.measureOnly {
		lists = nil
	}
	if len(w.doc.Latency) > 0 {
		lists = append(lists, w.doc.Latency)
	}
	err := w.app.results(w.doc, lists...)
	w.say(failed)
	return err
}

func (w *warming) say(failed error) {
	log, d := w.app.log, w.doc
	for _, u := range d.Unseen {
		log.Warn("not seen: " + u.What + ": " + u.Next)
	}
	if w.conn.Server.Pooler && len(d.Latency) > 0 {
		log.Warn("a pooler is in between: what a new connection costs is the pooler's answer")
	}
	if w.o.measureOnly || w.state == nil {
		return
	}
	if d.CountersLost {
		log.Warn(fmt.Sprintf("the counters count since %s alone, after the server's start: it is new, it had crashed, or they were reset; what was not asked for since is ranked by %s",
			d.CountersSince.Format(time.RFC3339), w.instead()))
	} else if d.RankedBySize && w.state.OthersAsked {
		log.Warn("what was asked for in this database this role may not read: the rest is ranked by " + w.instead())
	} else if d.RankedBySize {
		log.Warn("the counters of this database are empty: the relations are ranked by " + w.instead())
	}
	if w.plan.Memory > w.state.Buffers.Bytes {
		log.Warn("--memory is more than shared_buffers: what is loaded first may be thrown out by what follows")
	}
	skipped := 0
	for _, r := range d.Relations {
		if r.Action == warmup.Skipped {
			skipped++
		}
	}
	switch {
	case skipped == 1:
		log.Warn("1 relation was skipped: see its reason")
	case skipped > 1:
		log.Warn(fmt.Sprintf("%d relations were skipped: see their reason", skipped))
	}
	log.Info(w.sentence(failed))
}

// instead is what ranks the relations where the counters do not.
func (w *warming) instead() string {
	if slices.ContainsFunc(w.doc.Relations, func(r warmup.Row) bool { return r.RankedBy == "history" }) {
		return "what the history tells, and the rest by size"
	}
	return "size (avadb slowlog collect keeps a history that would tell more)"
}

func (w *warming) sentence(failed error) string {
	d := w.doc
	room := fmt.Sprintf("%s may be loaded (%s)", units.HumanSize(*d.MemoryBytes), d.MemoryReason)
	switch {
	case d.DryRun:
		return fmt.Sprintf("dry run: %s in %d relations, nothing was loaded; %s", units.HumanSize(d.PlannedBytes), w.planned(), room)
	case d.PlannedBytes == 0 && d.MemoryBytes != nil && *d.MemoryBytes < w.plan.BlockSize:
		return "nothing to load: shared_buffers are full; --memory loads all the same, and throws out what is there"
	case d.PlannedBytes == 0:
		return "nothing to load; " + room
	}
	text := fmt.Sprintf("loaded %s of %s in %.1f s", units.HumanSize(d.LoadedBytes), units.HumanSize(d.PlannedBytes), d.ElapsedMS/1000)
	switch {
	case failed != nil:
		text += "; it ended before it was done, and running it again goes on"
	case !d.Complete:
		text += "; the rest was out of time or was skipped"
	}
	return text + "; " + strings.TrimSpace(room)
}

func (w *warming) planned() int {
	n := 0
	for _, r := range w.doc.Relations {
		if r.PlannedBytes > 0 {
			n++
		}
	}
	return n
}
