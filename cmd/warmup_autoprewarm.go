package cmd

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"avadb/internal/fault"
	"avadb/internal/journal"
	"avadb/internal/pg"
	"avadb/internal/settings"
	"avadb/internal/warmup"
)

// autoprewarmDocument is what --autoprewarm does.
type autoprewarmDocument struct {
	ChangeSet       *string            `json:"change_set"` // null where nothing was written
	Library         libraryDocument    `json:"library"`
	Extension       enableRow          `json:"extension"`        // pg_prewarm in the connected database; readable: it is there
	Settings        []settings.Setting `json:"settings"`         // pg_prewarm.autoprewarm, where it has to be turned on
	Active          bool               `json:"active"`           // the library is loaded, and its process is on
	SavedAt         *time.Time         `json:"saved_at"`         // when it last wrote down what is in the buffers; null: never, or not known
	RestartRequired bool               `json:"restart_required"` // the library waits for a restart of the server
	OfflineRollback *string            `json:"offline_rollback"` // the command line for the day the server does not start, also of an earlier run whose library waits for a restart; null where there is nothing to undo
}

// autoprewarmRow is what a table shows of it.
type autoprewarmRow struct {
	Database        string  `json:"database" col:""`
	Extension       *string `json:"extension" col:"left"` // version
	Library         string  `json:"shared_preload_libraries" col:""`
	Loaded          bool    `json:"loaded" col:""`
	Active          bool    `json:"active" col:""`
	RestartRequired bool    `json:"restart_required" col:""`
}

// autoprewarm is one run of warmup --autoprewarm.
type autoprewarm struct {
	app     *app
	o       warmupOptions
	conn    *pg.Conn
	set     *journal.Set
	doc     *warmupDocument
	auto    *autoprewarmDocument
	planned int
}

// parameterAutoprewarm turns the process on; it is on by default.
const parameterAutoprewarm = "pg_prewarm.autoprewarm"

func runAutoprewarm(ctx context.Context, a *app, o warmupOptions) error {
	return a.withConn(ctx, pg.Options{Class: pg.Normal, Changes: true}, func(conn *pg.Conn) error {
		if name := conn.Server.Database; !utf8.ValidString(name) {
			return notText(fault.Usage, name)
		}
		w := &autoprewarm{app: a, o: o, conn: conn, auto: &autoprewarmDocument{Settings: []settings.Setting{}}}
		w.doc = &warmupDocument{
			head: a.head("warmup", conn), DryRun: o.dryRun, Latency: []warmup.Latency{}, Relations: []warmup.Row{}, Unseen: []warmup.Unseen{}, Autoprewarm: w.auto,
		}
		if err := w.prepare(ctx); err != nil {
			if w.auto.ChangeSet == nil {
				return err
			}
			return errors.Join(err, w.print())
		}
		if o.restartCommand != "" && w.auto.RestartRequired && !o.dryRun {
			if err := w.restart(ctx); err != nil {
				return errors.Join(err, w.print()) // what was written is said also where the restart failed
			}
		}
		return w.print()
	})
}

// prepare writes all that can be written now.
func (w *autoprewarm) prepare(ctx context.Context) error {
	return w.app.withChange(ctx, w.conn, w.o.dryRun, func(c *change) error {
		changes, err := w.plan(ctx, c)
		if err != nil {
			return err
		}
		w.planned = len(changes)
		if !w.o.dryRun {
			if err := w.confirm(ctx, changes); err != nil {
				return err
			}
			if err := w.write(ctx, c, changes); err != nil {
				return err
			}
			if err := w.earlier(ctx, c); err != nil {
				return err
			}
		}
		return w.look(ctx)
	})
}

func (w *autoprewarm) write(ctx context.Context, c *change, changes []journal.Change) error {
	set, err := c.journal.Extend(ctx, w.set, changes)
	if err != nil || set == nil {
		return err
	}
	w.set, w.auto.ChangeSet = set, &set.ID
	if line := w.app.offlineLine(w.conn, set); line != "" {
		w.auto.OfflineRollback = &line
	}
	return nil
}

// earlier names the newest change that stands, where this run has written nothing and the library waits for a restart all the same:
// that one can keep the server from starting just as well.
func (w *autoprewarm) earlier(ctx context.Context, c *change) error {
	if w.auto.OfflineRollback != nil || !w.auto.RestartRequired {
		return nil
	}
	sets, err := c.journal.Sets(ctx)
	if err != nil {
		return err
	}
	for _, set := range slices.Backward(sets) {
		if set.IsRollback() || set.State == journal.SetUndone || !slices.ContainsFunc(set.Items, func(r journal.Record) bool {
			return r.Kind == journal.PreloadEntry && r.Name == warmup.Library
		}) {
			continue
		}
		if line := w.app.offlineLine(w.conn, set); line != "" {
			w.auto.OfflineRollback = &line
		}
		return nil
	}
	return nil
}

// look sees what stands now.
func (w *autoprewarm) look(ctx context.Context) (err error) {
	found, err := warmup.Find(ctx, w.conn, warmup.Library)
	if err != nil {
		return err
	}
	w.auto.Extension.Readable = found.Version != ""
	is, err := warmup.ReadAutoprewarm(ctx, w.conn)
	if f := fault.As(err); f != nil && f.Kind == fault.Privilege { // all else was allowed
		w.doc.Unseen = append(w.doc.Unseen, warmup.Unseen{
			What: "when autoprewarm last wrote the buffers down",
			Next: "GRANT EXECUTE ON FUNCTION pg_catalog.pg_stat_file(text, boolean) TO " + pg.Identifier(w.conn.Server.Role),
		})
		return nil
	}
	w.auto.Active, w.auto.SavedAt = is.Enabled && w.auto.Library.Loaded, is.SavedAt
	return err
}

// plan reads the server and gives the changes that are missing.
func (w *autoprewarm) plan(ctx context.Context, c *change) ([]journal.Change, error) {
	found, err := warmup.Find(ctx, w.conn, warmup.Library)
	if err != nil {
		return nil, err
	}
	if err := warmup.CreateAccess(w.conn, found); err != nil && !w.o.dryRun { // first what no GRANT can give
		return nil, err
	}
	if err := settings.ReadAccess(ctx, w.conn); err != nil {
		return nil, err
	}
	snapshot, err := settings.Read(ctx, w.conn)
	if err != nil {
		return nil, err
	}
	if err := snapshot.CheckNames(); err != nil {
		return nil, err
	}
	library, err := snapshot.Library(warmup.Library)
	if err != nil {
		return nil, err
	}
	if w.auto.Library.After == nil { // once
		if err := warnOfLibraries(ctx, w.app, w.conn, snapshot, library.Next); err != nil {
			return nil, err
		}
	}
	w.describe(library, found)
	var changes []journal.Change
	if !library.Listed {
		changes = append(changes, journal.Change{
			Item: settings.NewPreload(w.conn, warmup.Library), Ours: journal.Present(settings.FormatList(w.auto.Library.After)),
		})
	}
	changes = append(changes, w.turnOn(snapshot, library.Loaded)...)
	if err := w.mayWrite(ctx, changes); err != nil {
		return nil, err
	}
	if found.Version == "" {
		changes = append(changes, journal.Change{Item: warmup.NewExtensionItem(c.databases, w.conn.Server.Database), Ours: journal.Present(found.Available)})
	}
	return changes, nil
}

func (w *autoprewarm) describe(library settings.LibraryState, found warmup.Installed) {
	if w.auto.Library.After == nil { // the first time: a later pass must not forget what stood before
		w.auto.Library.Before = library.Next
		w.auto.Extension = enableRow{Name: w.conn.Server.Database, After: &found.Available}
		if found.Version != "" {
			w.auto.Extension.Before, w.auto.Extension.After = &found.Version, &found.Version
		}
	}
	w.auto.Library.After = settings.WithLibrary(library.Next, warmup.Library)
	w.auto.Library.Loaded = library.Loaded
	w.auto.RestartRequired = !library.Loaded
}

// turnOn wants the process where somebody has turned it off. Before the library is loaded some majors refuse its parameters, and
// it is said alone.
func (w *autoprewarm) turnOn(snapshot *settings.Snapshot, loaded bool) []journal.Change {
	p, known := snapshot.Parameters[parameterAutoprewarm]
	if !known || snapshot.Next(parameterAutoprewarm) != "off" {
		return nil
	}
	if !loaded {
		w.app.log.Warn(parameterAutoprewarm + " is off: once the library is loaded, avadb warmup --autoprewarm turns it on")
		return nil
	}
	plan := snapshot.Plan([]settings.Wanted{{
		Name: p.Name, Value: "on", Reason: "without it the library loads nothing by itself", Source: "PostgreSQL docs, F.31 pg_prewarm",
	}})
	w.auto.Settings = plan
	var changes []journal.Change
	for _, line := range plan {
		w.auto.RestartRequired = w.auto.RestartRequired || line.PendingRestart
		if line.Action == settings.Set {
			w.auto.RestartRequired = true
			changes = append(changes, journal.Change{Item: settings.NewSystemSetting(w.conn, line.Name), Ours: journal.Present(*line.Value)})
		}
	}
	return changes
}

// mayWrite checks the privileges for all settings before anything is written.
func (w *autoprewarm) mayWrite(ctx context.Context, changes []journal.Change) error {
	if w.o.dryRun {
		return nil
	}
	return mayWriteLibrary(ctx, w.conn, changes, w.auto.Library.After, w.auto.Settings)
}

// confirm asks once, before the first change.
func (w *autoprewarm) confirm(ctx context.Context, changes []journal.Change) error {
	if w.set != nil || len(changes) == 0 || !w.app.asks() {
		return nil
	}
	rows := make([]plannedRow, 0, len(changes))
	for _, c := range changes {
		rows = append(rows, plannedRow{Kind: c.Item.Kind(), Name: c.Item.Name(), Database: c.Item.Database(), Value: c.Ours})
	}
	return w.app.confirm(ctx, rows, fmt.Sprintf("Make these changes on %s?", w.conn.Server.Where()))
}

// restart loads the library, then writes what had to wait for it, which may take a second start.
func (w *autoprewarm) restart(ctx context.Context) error {
	after := "look at the server's log"
	if w.auto.OfflineRollback != nil {
		after = *w.auto.OfflineRollback
	}
	for range 2 {
		if err := w.app.restart(ctx, w.conn, w.o.restartCommand, after); err != nil {
			return err
		}
		if err := w.prepare(ctx); err != nil || !w.auto.RestartRequired {
			return err
		}
	}
	return nil
}

func (w *autoprewarm) print() error {
	row := autoprewarmRow{
		Database: w.conn.Server.Database, Extension: w.auto.Extension.After, Library: settings.FormatList(w.auto.Library.After),
		Loaded: w.auto.Library.Loaded, Active: w.auto.Active, RestartRequired: w.auto.RestartRequired,
	}
	err := w.app.result(w.doc, []autoprewarmRow{row})
	w.say() // also where stdout is full: what was changed must be known
	return err
}

func (w *autoprewarm) say() {
	log := w.app.log
	switch list := settings.FormatList(w.auto.Library.After); {
	case w.o.dryRun && w.planned == 0:
		log.Info("dry run: no change is needed")
	case w.o.dryRun:
		log.Info(fmt.Sprintf("dry run: %d changes, nothing was written; shared_preload_libraries would be %s", w.planned, list))
	case w.auto.ChangeSet == nil:
		log.Info("no change was needed")
	default:
		log.Info(fmt.Sprintf("change set %s; shared_preload_libraries = %s; undo with avadb rollback", *w.auto.ChangeSet, list))
	}
	switch {
	case w.auto.Active:
		log.Info("autoprewarm is on: the buffers are written down every pg_prewarm.autoprewarm_interval and at the stop, and loaded at the start")
	case w.o.dryRun:
	case w.auto.RestartRequired:
		log.Info("waiting for a restart of the server: " + settings.PreloadParameter)
	default:
		log.Warn("the library is loaded, but " + parameterAutoprewarm + " was not seen to be on")
	}
	if w.auto.OfflineRollback != nil && w.auto.RestartRequired {
		w.app.sayOffline(w.conn, *w.auto.OfflineRollback)
	}
}
