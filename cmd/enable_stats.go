package cmd

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"avadb/internal/fault"
	"avadb/internal/journal"
	"avadb/internal/pg"
	"avadb/internal/render"
	"avadb/internal/settings"
	"avadb/internal/statements"
)

type enableOptions struct {
	allDatabases     bool
	forDB            []string
	track, max, save string
	dryRun           bool
	restartCommand   string
}

type enableDocument struct {
	head
	ChangeSet       *string            `json:"change_set"` // null where nothing was written
	DryRun          bool               `json:"dry_run"`    // nothing was written
	Library         libraryDocument    `json:"library"`
	Databases       []enableRow        `json:"databases"`        // the extension in each of them
	Settings        []settings.Setting `json:"settings"`         // parameters the counters need, and those of the flags
	RestartRequired bool               `json:"restart_required"` // something waits for a restart of the server
	OfflineRollback *string            `json:"offline_rollback"` // the command line for the day the server does not start; null where nothing was written
}

// libraryDocument is shared_preload_libraries as the next start will read it.
type libraryDocument struct {
	Before []string `json:"before"` // libraries that the next start would have loaded
	After  []string `json:"after"`  // those it will load
	Loaded bool     `json:"loaded"` // by the server that runs now
}

// enableRow is the extension in one database. Before and After are versions, null where it is absent.
type enableRow struct {
	Name     string  `json:"name" col:""`       // of the database
	Before   *string `json:"before" col:"left"` // version of the extension; null where it was absent
	After    *string `json:"after" col:"left"`  // version that it has once this is done
	Readable bool    `json:"readable" col:""`   // proven by reading the view
}

func newEnableStats(a *app) *cobra.Command {
	var o enableOptions
	c := newCommand(spec{
		use: "enable-stats", short: "Make pg_stat_statements count, and prove it",
		long: `Adds pg_stat_statements to shared_preload_libraries without losing what is there, creates or updates the extension, sets
track_io_timing and compute_query_id where needed, and proves it by reading the view. The library is loaded at the next
start of the server: until then the exit code is 6, also when the command is repeated.`,
		example: `avadb enable-stats --restart-command 'systemctl restart postgresql'
avadb enable-stats --all-databases
avadb enable-stats --for-db shop,billing --max 10000 --track all`,
		privileges: "  superuser: CREATE EXTENSION pg_stat_statements cannot be granted",
		exits: `  4  a privilege is missing, a pooler is in between, or something else manages the server
  6  prepared, but the server must be restarted before statistics flow`,
	}, func(ctx context.Context, _ *cobra.Command, _ []string) error { return runEnable(ctx, a, o) })
	f := c.Flags()
	f.BoolVar(&o.allDatabases, "all-databases", false, "in all databases that take connections and are no templates")
	listVar(f, &o.forDB, "for-db", "in these databases (default: the connected one)")
	f.StringVar(&o.track, "track", "", "pg_stat_statements.track: top, all or none")
	f.StringVar(&o.max, "max", "", "pg_stat_statements.max: how many statements are kept")
	f.StringVar(&o.save, "save", "", "pg_stat_statements.save: keep the counters over a restart, on or off")
	f.BoolVar(&o.dryRun, "dry-run", false, "show what would be done and write nothing")
	f.StringVar(&o.restartCommand, "restart-command", "", "shell command that restarts the server, run when the library waits for it")
	completeDatabases(a, c, "for-db")
	return c
}

// notText refuses a database whose name was cut in the middle of a character: the journal is text, and what it wrote down
// could not name that database again.
func notText(kind fault.Kind, name string) error {
	return fault.New(kind, "the name of database %s is no UTF-8, and the journal could not name it again", render.Safe(name)).
		WithHint("ALTER DATABASE ... RENAME TO gives it another; or name the other databases with --for-db")
}

// enabling is one run of enable-stats.
type enabling struct {
	app       *app
	o         enableOptions
	conn      *pg.Conn
	set       *journal.Set
	doc       *enableDocument
	databases []string
	planned   int  // changes of the last pass
	proven    bool // by the last pass: every view that could be read counts
	deferred  bool // pg_stat_statements.* can only be written once the library is loaded
}

func runEnable(ctx context.Context, a *app, o enableOptions) error {
	if o.allDatabases && len(o.forDB) > 0 {
		return fault.New(fault.Usage, "--all-databases and --for-db exclude each other")
	}
	for i, name := range o.forDB {
		if name == "" || slices.Contains(o.forDB[:i], name) { // a list that a script made of an unset variable
			return fault.New(fault.Usage, "--for-db has an empty or repeated name: %q", strings.Join(o.forDB, ",")).WithHint("name each database once")
		}
		if !utf8.ValidString(name) {
			return notText(fault.Usage, name)
		}
	}
	if err := statements.CheckOwnSettings(o.track, o.max, o.save); err != nil {
		return err
	}
	return a.withConn(ctx, pg.Options{Class: pg.Normal, Changes: true}, func(conn *pg.Conn) error {
		e := &enabling{app: a, o: o, conn: conn}
		e.doc = &enableDocument{head: a.head("enable-stats", conn), DryRun: o.dryRun}
		if err := e.mayCreate(ctx); err != nil {
			return err
		}
		if err := e.prepare(ctx); err != nil {
			if e.doc.ChangeSet == nil {
				return err
			}
			return errors.Join(err, e.print()) // the proof failed: what was changed is said all the same
		}
		if o.restartCommand != "" && e.doc.RestartRequired && !o.dryRun {
			if err := e.restart(ctx); err != nil {
				return errors.Join(err, e.print()) // what was written is said also where the restart failed
			}
		}
		return e.report()
	})
}

// mayCreate looks first at what no GRANT can give.
func (e *enabling) mayCreate(ctx context.Context) error {
	if e.o.dryRun || e.o.allDatabases || len(e.o.forDB) > 0 {
		return nil // seen database by database
	}
	found, err := statements.Find(ctx, e.conn)
	if err != nil {
		return err
	}
	return statements.CreateAccess(e.conn, found)
}

// prepare writes all that can be written now, and proves the view where the library is loaded.
func (e *enabling) prepare(ctx context.Context) error {
	return e.app.withChange(ctx, e.conn, e.o.dryRun, func(c *change) error {
		changes, err := e.plan(ctx, c)
		if err != nil {
			return err
		}
		e.planned = len(changes)
		if e.o.dryRun {
			return e.prove(ctx, c) // it only reads
		}
		if err := e.confirm(ctx, changes); err != nil {
			return err
		}
		set, err := c.journal.Extend(ctx, e.set, changes)
		if err != nil {
			return err
		}
		if set != nil {
			e.set, e.doc.ChangeSet = set, &set.ID
			if line := e.app.offlineLine(e.conn, set); line != "" {
				e.doc.OfflineRollback = &line
			}
		}
		return e.prove(ctx, c)
	})
}

// confirm asks once, before the first change.
func (e *enabling) confirm(ctx context.Context, changes []journal.Change) error {
	if e.set != nil || len(changes) == 0 || !e.app.asks() {
		return nil
	}
	rows := make([]plannedRow, 0, len(changes))
	for _, c := range changes {
		rows = append(rows, plannedRow{Kind: c.Item.Kind(), Name: c.Item.Name(), Database: c.Item.Database(), Value: c.Ours})
	}
	return e.app.confirm(ctx, rows, fmt.Sprintf("Make these changes on %s?", e.conn.Server.Where()))
}

// plannedRow is a change that a person is asked about.
type plannedRow struct {
	Kind     journal.Kind  `json:"kind" col:""`
	Name     string        `json:"name" col:""`
	Database string        `json:"database" col:""`
	Value    journal.State `json:"value" col:"left"`
}

// restart loads the library, then writes what had to wait for it. pg_stat_statements.max then takes a second start.
func (e *enabling) restart(ctx context.Context) error {
	for range 2 {
		if err := e.app.restart(ctx, e.conn, e.o.restartCommand, e.undoHint()); err != nil {
			return err
		}
		if err := e.prepare(ctx); err != nil {
			return err
		}
		if !e.doc.RestartRequired {
			return nil
		}
	}
	return nil
}

func (e *enabling) undoHint() string {
	if e.doc.OfflineRollback != nil {
		return *e.doc.OfflineRollback
	}
	return "look at the server's log"
}

// plan reads the server and gives the changes that are missing.
func (e *enabling) plan(ctx context.Context, c *change) ([]journal.Change, error) {
	if err := settings.ReadAccess(ctx, e.conn); err != nil {
		return nil, err
	}
	snapshot, err := settings.Read(ctx, e.conn)
	if err != nil {
		return nil, err
	}
	if err := snapshot.CheckNames(); err != nil {
		return nil, err
	}
	library, err := snapshot.Library(statements.Library)
	if err != nil {
		return nil, err
	}
	if e.doc.Library.After == nil { // once
		if err := warnOfLibraries(ctx, e.app, e.conn, snapshot, library.Next); err != nil {
			return nil, err
		}
	}
	e.describeLibrary(library)
	var changes []journal.Change
	if !library.Listed {
		changes = append(changes, journal.Change{
			Item: settings.NewPreload(e.conn, statements.Library), Ours: journal.Present(settings.FormatList(e.doc.Library.After)),
		})
	}
	changes = append(changes, e.planSettings(snapshot, library.Loaded)...)
	if err := e.mayWrite(ctx, changes); err != nil {
		return nil, err
	}
	more, err := e.planExtensions(ctx, c)
	return append(changes, more...), err
}

func (e *enabling) describeLibrary(library settings.LibraryState) {
	if e.doc.Library.After == nil { // the first time: a later pass must not forget what stood before
		e.doc.Library.Before = library.Next
	}
	e.doc.Library.After = settings.WithLibrary(library.Next, statements.Library)
	e.doc.Library.Loaded = library.Loaded
	e.doc.RestartRequired = !library.Loaded
}

// mayWrite checks the privileges for all settings before anything is written.
func (e *enabling) mayWrite(ctx context.Context, changes []journal.Change) error {
	if e.o.dryRun {
		return nil
	}
	return mayWriteLibrary(ctx, e.conn, changes, e.doc.Library.After, e.doc.Settings)
}

// planSettings wants what the counters need, and what the flags say.
func (e *enabling) planSettings(snapshot *settings.Snapshot, loaded bool) []journal.Change {
	wanted := statements.NeededSettings(snapshot.Running)
	own := statements.OwnSettings(e.o.track, e.o.max, e.o.save)
	e.deferred = false
	if len(own) > 0 && !loaded && e.conn.Server.Major() < 17 {
		e.deferred = true // refused before the library is loaded
		own = nil
	}
	plan := snapshot.Plan(append(wanted, own...))
	e.mergeSettings(plan)
	var changes []journal.Change
	for _, line := range plan {
		if line.PendingRestart {
			e.doc.RestartRequired = true
		}
		if line.Action == settings.Set {
			changes = append(changes, journal.Change{Item: settings.NewSystemSetting(e.conn, line.Name), Ours: journal.Present(*line.Value)})
		}
	}
	return changes
}

// mergeSettings keeps the line of the pass that wrote a value, with what is pending now.
func (e *enabling) mergeSettings(plan []settings.Setting) {
	for _, line := range plan {
		at := slices.IndexFunc(e.doc.Settings, func(known settings.Setting) bool { return known.Name == line.Name })
		if at < 0 {
			e.doc.Settings = append(e.doc.Settings, line)
			continue
		}
		e.doc.Settings[at].PendingRestart = line.PendingRestart
	}
}

func (e *enabling) planExtensions(ctx context.Context, c *change) ([]journal.Change, error) {
	if err := e.chooseDatabases(ctx); err != nil {
		return nil, err
	}
	var changes []journal.Change
	for _, name := range e.databases {
		conn, err := c.databases.On(ctx, name)
		if err != nil {
			return nil, err
		}
		found, err := statements.Find(ctx, conn)
		if err != nil {
			return nil, err
		}
		if err := statements.CreateAccess(conn, found); err != nil && !e.o.dryRun {
			return nil, err
		}
		e.noteDatabase(name, found)
		if found.Version != found.Available {
			changes = append(changes, journal.Change{
				Item: statements.NewExtensionItem(c.databases, name), Ours: journal.Present(found.Available), Irreversible: found.Version != "",
			})
		}
	}
	return changes, nil
}

func (e *enabling) chooseDatabases(ctx context.Context) error {
	var err error
	switch {
	case e.o.allDatabases:
		e.databases, err = statements.Names(ctx, e.conn)
	case len(e.o.forDB) > 0:
		e.databases = e.o.forDB
	default:
		e.databases = []string{e.conn.Server.Database}
	}
	for _, name := range e.databases {
		if !utf8.ValidString(name) {
			return notText(fault.Prerequisite, name)
		}
	}
	return err
}

func (e *enabling) noteDatabase(name string, found statements.Installed) {
	if slices.ContainsFunc(e.doc.Databases, func(r enableRow) bool { return r.Name == name }) {
		return
	}
	row := enableRow{Name: name, After: &found.Available}
	if found.Version != "" {
		row.Before = &found.Version
	}
	e.doc.Databases = append(e.doc.Databases, row)
}

// prove reads the view in each database, and sees to it that it counts.
func (e *enabling) prove(ctx context.Context, c *change) error {
	e.proven = false
	for i := range e.doc.Databases {
		row := &e.doc.Databases[i]
		conn, err := c.databases.On(ctx, row.Name)
		if err != nil {
			return err
		}
		proof, err := statements.Prove(ctx, conn)
		if err != nil {
			return err
		}
		row.Readable = proof.Loaded
		if proof.Loaded && !proof.Counting && e.o.track != "none" {
			return fault.New(fault.Prerequisite, "the view in database %s can be read, but it does not count", row.Name).
				WithHint("see which value stops it, and its source: SELECT name, setting, source FROM pg_settings WHERE name IN ('pg_stat_statements.track', 'compute_query_id'); avadb enable-stats --track top sets the first")
		}
	}
	e.proven = true
	return nil
}

func (e *enabling) print() error {
	err := e.app.result(e.doc, e.doc.Databases)
	e.say() // also where stdout is full: what was changed must be known
	return err
}

func (e *enabling) report() error {
	if err := e.print(); err != nil {
		return err
	}
	if e.o.dryRun || e.flowing() {
		return nil
	}
	hint := "restart the server (systemctl restart postgresql), then run avadb enable-stats again"
	if e.deferred {
		hint += " with the same flags: " + e.deferredNames() + " can only be set once the library is loaded"
	}
	return fault.New(fault.RestartNeeded, "prepared, but the server must be restarted before statistics flow").WithHint("%s", hint)
}

// flowing tells that the view was read in every database.
func (e *enabling) flowing() bool {
	return !slices.ContainsFunc(e.doc.Databases, func(r enableRow) bool { return !r.Readable })
}

func (e *enabling) deferredNames() string {
	var names []string
	for _, w := range statements.OwnSettings(e.o.track, e.o.max, e.o.save) {
		names = append(names, w.Name)
	}
	return strings.Join(names, ", ")
}

func (e *enabling) say() {
	log := e.app.log
	switch set := settings.Named(e.doc.Settings, settings.IsSet); {
	case e.o.dryRun && e.planned == 0:
		log.Info("dry run: no change is needed")
	case e.o.dryRun:
		log.Info(fmt.Sprintf("dry run: %d changes, nothing was written; shared_preload_libraries would be %s", e.planned, settings.FormatList(e.doc.Library.After)))
	case e.doc.ChangeSet == nil:
		log.Info("no change was needed")
	default:
		log.Info(fmt.Sprintf("change set %s; shared_preload_libraries = %s; undo with avadb rollback", *e.doc.ChangeSet, settings.FormatList(e.doc.Library.After)))
		if len(set) > 0 {
			log.Info("set: " + strings.Join(set, ", "))
		}
	}
	if e.proven && e.flowing() && e.o.track != "none" && !e.o.dryRun {
		log.Info("statistics flow in " + strings.Join(e.databases, ", "))
	}
	pending := settings.Named(e.doc.Settings, settings.IsPending)
	if !e.doc.Library.Loaded {
		pending = append([]string{settings.PreloadParameter}, pending...)
	}
	if len(pending) > 0 {
		log.Info("waiting for a restart of the server: " + strings.Join(pending, ", "))
	}
	if e.doc.OfflineRollback != nil && e.doc.RestartRequired {
		e.app.sayOffline(e.conn, *e.doc.OfflineRollback)
	}
}
