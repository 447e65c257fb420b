package cmd

import (
	"context"
	"fmt"
	"os"
	"os/user"
	"slices"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"avadb/internal/fault"
	"avadb/internal/journal"
	"avadb/internal/pg"
	"avadb/internal/settings"
	"avadb/internal/slowlog"
	"avadb/internal/statements"
	"avadb/internal/warmup"
)

// change is a server under avadb's lock, with its journal: what every command that changes something works on.
type change struct {
	conn      *pg.Conn
	journal   *journal.Journal
	databases *pg.Databases
}

// openJournal opens the journal of the connection's server, for reading.
func (a *app) openJournal(ctx context.Context, conn *pg.Conn) (*journal.Journal, error) {
	root, folderErr := journal.StateHome(a.env)
	return journal.Open(ctx, conn, journal.Options{
		Folder: journal.Folder{Root: root}, FolderError: folderErr, Store: a.store(conn.Target), Env: a.env,
		Command: commandName(a.command), CommandLine: commandLine(a.args), Actor: actor(), Host: hostname(), Now: a.now, Log: a.log,
		Settle: settings.Settle(conn), ReadConfigFile: settings.LocalAutoConf(conn.Server),
	})
}

// commandName is the command's path without avadb, such as slowlog init.
func commandName(c *cobra.Command) string {
	return strings.TrimPrefix(c.CommandPath(), c.Root().Name()+" ")
}

// mentionOffline tells the one who cannot reach the server that its journal on disk is enough. A server that has answered is
// up, unless it says that it is starting: that can last, if it never gets further.
func mentionOffline(err error) error {
	if f := fault.As(err); f != nil && f.Kind == fault.Connect && (f.SQLState == "" || f.SQLState == "57P03") {
		f.Hint = strings.TrimPrefix(f.Hint+"\nif the server does not start any more, on its host: avadb rollback --offline --pgdata DATA_DIRECTORY", "\n")
	}
	return err
}

// withJournal runs work with the journal open for reading.
func (a *app) withJournal(ctx context.Context, o pg.Options, work func(*pg.Conn, *journal.Journal) error) error {
	return mentionOffline(a.withConn(ctx, o, func(conn *pg.Conn) error {
		j, err := a.openJournal(ctx, conn)
		if err != nil {
			return err
		}
		defer j.Close()
		return work(conn, j)
	}))
}

// withChange runs work under the lock; a dry run takes none, since it writes nothing. What a crash left open is said first.
func (a *app) withChange(ctx context.Context, conn *pg.Conn, dryRun bool, work func(*change) error) error {
	j, err := a.openJournal(ctx, conn)
	if err != nil {
		return err
	}
	defer j.Close()
	o := pg.Options{Class: pg.Normal, Changes: true, Log: a.log}
	if dryRun {
		databases := pg.NewDatabases(conn, o, nil)
		defer databases.Close()
		return work(&change{conn: conn, journal: j, databases: databases})
	}
	if err := j.Lock(ctx); err != nil {
		return err
	}
	sets, err := j.Sets(ctx)
	if err != nil {
		return err
	}
	for _, open := range j.OpenSets(sets) {
		next := "avadb rollback " + open.ID + " undoes it"
		switch {
		case open.Command == "slowlog init" && slices.ContainsFunc(open.Items, func(r journal.Record) bool { return r.Irreversible }):
			next = "avadb slowlog init finishes it"
		case open.IsRollback():
			next = journal.Again(open.Undoes) + " finishes it"
		}
		a.log.Warn(fmt.Sprintf("change set %s (%s, %s) was interrupted and may be half applied; %s",
			open.ID, open.Command, open.StartedAt.Format("2006-01-02 15:04 MST"), next))
	}
	if err := a.mentionProbation(ctx, j, sets); err != nil {
		return err
	}
	databases := pg.NewDatabases(conn, o, j.MarkWriter)
	defer databases.Close()
	return work(&change{conn: conn, journal: j, databases: databases})
}

// mentionProbation names what waits for a verdict that nobody will give, or that this change may blur.
func (a *app) mentionProbation(ctx context.Context, j *journal.Journal, sets []*journal.Set) error {
	waiting, watched, err := j.OnProbation(ctx, sets)
	for _, s := range waiting {
		switch {
		case s.ID == a.watching:
		case !watched:
			a.log.Warn(s.UnjudgedSentence())
		default:
			a.log.Warn(fmt.Sprintf("change set %s is on probation until %s, and what is changed now blurs its judgement", s.ID, clock(s.Probation.Until)))
		}
	}
	return err
}

// items makes the items that records of the journal speak of. The first one of the configuration files asks for the right
// to see them.
func (c *change) items(ctx context.Context) journal.Factory {
	mayRead := sync.OnceValue(func() error { return settings.ReadAccess(ctx, c.conn) })
	return func(r journal.Record) (journal.Item, error) {
		if r.Kind == journal.SystemSetting || r.Kind == journal.PreloadEntry {
			if err := mayRead(); err != nil {
				return nil, err
			}
		}
		return c.item(r)
	}
}

func (c *change) item(r journal.Record) (journal.Item, error) {
	switch r.Kind {
	case journal.SystemSetting:
		return settings.NewSystemSetting(c.conn, r.Name), nil
	case journal.PreloadEntry:
		return settings.NewPreload(c.conn, r.Name), nil
	case journal.ExtensionKind:
		if r.Name == warmup.Library {
			return warmup.NewExtensionItem(c.databases, r.Database), nil
		}
		return statements.NewExtensionItem(c.databases, r.Database), nil
	case journal.RoleSetting:
		return settings.ParseRoleSetting(c.conn, r.Name)
	case journal.TableKind:
		return slowlog.NewTableItem(c.databases, r.Database, slowlog.SchemaOfItem(r.Name), "", nil), nil
	case journal.GrantKind:
		return slowlog.ParseGrantItem(c.databases, r.Database, r.Name)
	case journal.EventKind: // never undone, and so nobody asks
	}
	return nil, fault.New(fault.Failed, "the journal holds an item of kind %q, which this avadb (%s) does not know", r.Kind, version).
		WithHint("use the avadb that made it")
}

// commandLine is the command line without secrets. Connection strings are written anew from what was parsed.
func commandLine(args []string) string {
	words := []string{"avadb"}
	for i, arg := range args {
		name, value, assigned := strings.Cut(arg, "=")
		switch {
		case assigned && isConnectionString(name):
			arg = name + "=" + pg.PublicDSN(value)
		case i > 0 && isConnectionString(args[i-1]):
			arg = pg.PublicDSN(arg)
		default:
			arg = pg.MaskSecrets(arg)
		}
		words = append(words, shellQuote(arg))
	}
	return strings.Join(words, " ")
}

func isConnectionString(flag string) bool {
	return flag == "--dsn" || flag == "--store" || flag == "--pgbouncer"
}

const plainCharacters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_@%+=:,./-"

func shellQuote(word string) string {
	if word != "" && strings.Trim(word, plainCharacters) == "" {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

func actor() string {
	u, err := user.Current()
	if err != nil {
		return "unknown"
	}
	return u.Username
}

func hostname() string {
	name, err := os.Hostname()
	if err != nil {
		return "unknown"
	}
	return name
}

// offlineLine is the complete command that undoes a set when the server does not start any more; empty where the set is in
// no file, without which it cannot work.
func (a *app) offlineLine(conn *pg.Conn, set *journal.Set) string {
	root, err := journal.StateHome(a.env)
	if err != nil {
		return ""
	}
	file := journal.Folder{Root: root}.Path(set.Node.SystemIdentifier, set.ID)
	if _, err := os.Stat(file); err != nil {
		return ""
	}
	pgdata := conn.Server.DataDirectory
	if pgdata == "" {
		pgdata = "DATA_DIRECTORY"
	}
	return "avadb rollback --offline --pgdata " + shellQuote(pgdata) + " --journal " + shellQuote(file) + " " + set.ID
}

// sayOffline prints that command.
func (a *app) sayOffline(conn *pg.Conn, line string) {
	switch {
	case line == "":
	case settings.OnHost(conn.Server):
		a.log.Info("should the server not start any more, on its host:\n" + line)
	default:
		a.log.Info("should the server not start any more, on its host, with this journal file copied there:\n" + line)
	}
}

// mayWriteLibrary checks the privileges for changes of settings and of the list of preloaded libraries before anything is written.
func mayWriteLibrary(ctx context.Context, conn *pg.Conn, changes []journal.Change, libraries []string, others []settings.Setting) error {
	var names []string
	for _, c := range changes {
		name := c.Item.Name()
		if c.Item.Kind() == journal.PreloadEntry {
			name = settings.PreloadParameter
		}
		names = append(names, name)
	}
	if len(names) == 0 {
		return nil
	}
	list := settings.FormatList(libraries)
	preload := settings.Setting{Name: settings.PreloadParameter, Value: &list, Context: "restart"}
	return settings.WriteAccess(ctx, conn, names, append(slices.Clone(others), preload))
}
