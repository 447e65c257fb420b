package cmd

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"avadb/internal/fault"
	"avadb/internal/fingerprint"
	"avadb/internal/history"
	"avadb/internal/journal"
	"avadb/internal/pg"
	"avadb/internal/slowlog"
	"avadb/internal/statements"
)

// signatureDocument is all about one statement.
type signatureDocument struct {
	head
	Signature    string                 `json:"signature"`    // 16 hexadecimal digits
	Query        string                 `json:"query"`        // its text, whole, with $1 for constants; secrets masked
	FirstSeen    *time.Time             `json:"first_seen"`   // in the history; null where that does not know it
	Window       statements.Window      `json:"window"`       // what was asked for, and what the answer really covers
	Statements   []statements.Statement `json:"statements"`   // its rows, one for each database, role and origin
	History      []history.Point        `json:"history"`      // its course over the window; empty without a history
	Applications []slowlog.Application  `json:"applications"` // who ran it, as far as the slow_query_log table says
	Examples     []slowlog.Example      `json:"examples"`     // its longest executions there
	ChangeSets   []signatureChange      `json:"change_sets"`  // what avadb changed on the server in the window
	Plan         []string               `json:"plan"`         // the lines of EXPLAIN; empty without --explain
}

// signatureChange is a change set as far as it may explain a change.
type signatureChange struct {
	ID        string           `json:"id" col:""`           // avadb history ID shows all of it
	StartedAt time.Time        `json:"started_at" col:""`   // when it began
	State     journal.SetState `json:"state" col:"status"`  // what became of it
	Command   string           `json:"command_line" col:""` // without secrets
}

// signaturePage gathers a document.
type signaturePage struct {
	app  *app
	conn *pg.Conn
	of   fingerprint.Signature
	span history.Span

	doc   signatureDocument
	known []history.Known
}

// signatureWindow is the default of --since for one statement: long enough to see a course.
const signatureWindow = "1d"

func runSlowSignature(ctx context.Context, a *app, o slowOptions, text string) error {
	of, err := fingerprint.Parse(strings.ToLower(text))
	if err != nil {
		return fault.New(fault.Usage, "%s", err.Error()).WithHint("avadb slow -o json gives the signatures")
	}
	if o.sample != "" || o.compare != "" {
		return fault.New(fault.Usage, "--sample and --compare do not go with a signature").WithHint("--since says how far back its course is shown")
	}
	if len(o.files) > 0 {
		return fault.New(fault.Usage, "--file does not go with a signature: one statement alone is looked up on a server").
			WithHint("avadb slow --file FILE -o json | jq '.statements[] | select(.signature == \"%s\")'", of)
	}
	if !a.changed("since") && o.window.around == "" {
		o.window.since = signatureWindow
	}
	w, err := o.check(a)
	if err != nil {
		return err
	}
	return a.withConn(ctx, pg.Options{Class: pg.Normal}, func(conn *pg.Conn) error {
		p := &signaturePage{app: a, conn: conn, of: of}
		if err := p.gather(ctx, o, w); err != nil {
			return err
		}
		a.explainWindow(conn, slowDocument{Slow: statements.Slow{Window: p.doc.Window, Statements: p.doc.Statements}})
		return errors.Join(p.print(), w.judge(&statements.Slow{Window: p.doc.Window, Statements: p.doc.Statements}))
	})
}

func (p *signaturePage) gather(ctx context.Context, o slowOptions, w window) (err error) {
	if p.span, err = history.ReadSpan(ctx, p.conn, w.begin, w.end); err != nil {
		return err
	}
	p.doc = signatureDocument{
		head: p.app.head("slow", p.conn), Signature: p.of.String(), Statements: []statements.Statement{}, History: []history.Point{},
		Applications: []slowlog.Application{}, Examples: []slowlog.Example{}, ChangeSets: []signatureChange{},
	}
	r := windowReader{
		app: p.app, conn: p.conn, source: o.source, schema: o.schema,
		scope: statements.Scope{Database: o.onlyDB, User: o.onlyUser, By: statements.By(o.by)},
	}
	answer, err := r.read(ctx, w)
	if err != nil {
		return err
	}
	p.doc.Window = answer.Window
	for _, s := range answer.Statements {
		if s.Signature != nil && *s.Signature == p.doc.Signature {
			p.doc.Statements = append(p.doc.Statements, s)
		}
	}
	if err := p.addHistory(ctx, o); err != nil {
		return err
	}
	if p.doc.Query == "" && answer.NotVisible > 0 {
		return fault.New(fault.Privilege, "among the statements that this role sees is none of the signature %s, and %d of other roles are not visible", p.doc.Signature, answer.NotVisible).
			WithHint("GRANT pg_read_all_stats TO %s", pg.Identifier(p.conn.Server.Role))
	}
	if p.doc.Query == "" {
		return fault.New(fault.Usage, "no statement of the signature %s is known for the window", p.doc.Signature).
			WithHint("avadb slow -o json gives the signatures; --since 7d looks further back")
	}
	if err := p.addChanges(ctx); err != nil || !o.explain {
		return err
	}
	return p.explain(ctx)
}

// addHistory adds what the history and the slow_query_log table know, and takes the text from where there is one.
func (p *signaturePage) addHistory(ctx context.Context, o slowOptions) error {
	store, server, err := p.app.quiet().readHistory(ctx, p.conn)
	if err != nil && !isBarred(err) { // that was told already
		return err
	}
	if store != nil {
		defer store.Close()
		if p.known, err = store.Signature(ctx, server, p.of); err != nil {
			return err
		}
		if p.doc.History, err = store.Points(ctx, server, p.of, p.span); err != nil {
			return err
		}
	}
	for _, k := range p.known {
		if seen := k.FirstSeen.UTC(); p.doc.FirstSeen == nil || seen.Before(*p.doc.FirstSeen) {
			p.doc.FirstSeen = &seen
		}
		p.doc.Query = k.Query
	}
	for _, s := range p.doc.Statements {
		if p.doc.Query == "" {
			p.doc.Query = s.Query
		}
		if s.Origin == sourceStats && p.doc.FirstSeen == nil {
			p.known = append(p.known, history.Known{Database: s.Database, User: s.User, Query: s.Query})
		}
	}
	return p.addTable(ctx, o, store, server)
}

// addTable adds what the connected database's table knows, else the store's.
func (p *signaturePage) addTable(ctx context.Context, o slowOptions, store *history.Store, server *history.Server) error {
	if o.source == sourceStats {
		return nil
	}
	conn := p.conn
	table, err := slowlog.Find(ctx, conn, o.schema)
	switch {
	case err != nil && fault.KindOf(err) != fault.Usage:
		return err
	case err == nil && table.Layout() != slowlog.None && table.Layout() != slowlog.Foreign && table.MayRead:
	case store != nil:
		conn, table = store.Conn, slowlog.OfStore(server.ID)
	default:
		return nil
	}
	var snapshots []time.Time
	if store != nil {
		if snapshots, err = store.SnapshotTimes(ctx, server, p.span); err != nil {
			return err
		}
	}
	apps, examples, err := table.Signature(ctx, conn, p.of, p.span.From, p.span.To, snapshots)
	if err != nil && !isBarred(err) {
		return err
	}
	p.doc.Applications, p.doc.Examples = append(p.doc.Applications, apps...), append(p.doc.Examples, examples...)
	return nil
}

// isBarred is of what is missing or may not be read, and of which the rest need not know.
func isBarred(err error) bool {
	kind := fault.KindOf(err)
	return kind == fault.Privilege || kind == fault.Prerequisite || kind == fault.Connect
}

// addChanges adds what avadb changed in the window. Where the journal cannot be read, that is told.
func (p *signaturePage) addChanges(ctx context.Context) error {
	sets, err := p.app.readJournal(ctx, p.conn)
	if f := fault.As(err); f != nil && ctx.Err() == nil {
		p.app.log.Warn("without the change sets: " + f.Message)
		return nil
	}
	for _, s := range sets {
		if at := s.StartedAt.UTC(); !at.Before(p.span.From) && at.Before(p.span.To) {
			p.doc.ChangeSets = append(p.doc.ChangeSets, signatureChange{ID: s.ID, StartedAt: at, State: s.State, Command: s.CommandLine})
		}
	}
	return err
}

// explain plans the statement as the role that has run it: the planner calls functions, and they get no other role's rights.
func (p *signaturePage) explain(ctx context.Context) (err error) {
	database, role := p.conn.Server.Database, p.conn.Server.Role
	mine := slices.IndexFunc(p.known, func(k history.Known) bool {
		return k.Database != nil && k.User != nil && *k.Database == database && *k.User == role
	})
	if mine >= 0 {
		p.doc.Plan, err = statements.Explain(ctx, p.conn, p.known[mine].Query)
		if f := fault.As(err); f != nil && f.Kind == fault.Failed { // such as a table that is gone: the rest of the page is worth a look
			p.app.log.Warn("there is no plan: " + f.Message)
			return nil
		}
		return err
	}
	ran := p.ranBy(database)
	if ran == nil {
		return fault.New(fault.Prerequisite, "nobody knows in which database and by whom the statement was run").WithHint("leave --explain out")
	}
	return fault.New(fault.Prerequisite, "the statement was not run by %s in %s, and it is planned with the rights and the search_path of a role that ran it",
		pg.Identifier(role), pg.Identifier(database)).WithHint("avadb slow %s --explain %s", p.of, p.conn.Target.WithDatabase(*ran.Database).CommandFlagsAs(*ran.User))
}

// ranBy is who has run the statement, in this database where somebody has; else in another; nil where that is not known.
func (p *signaturePage) ranBy(database string) (found *history.Known) {
	for i := range p.known {
		k := &p.known[i]
		switch {
		case k.Database == nil || k.User == nil:
		case *k.Database == database:
			return k
		case found == nil:
			found = k
		}
	}
	return found
}
