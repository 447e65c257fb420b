package cmd

import (
	"context"
	"fmt"
	"os"
	"os/user"
	"regexp"
	"strings"
	"sync"

	"avadb/internal/fault"
	"avadb/internal/journal"
	"avadb/internal/pg"
	"avadb/internal/settings"
	"avadb/internal/statements"
)

// change is a server under avadb's lock, with its journal: what every command that changes something works on.
type change struct {
	conn      *pg.Conn
	journal   *journal.Journal
	databases *statements.Databases
}

// openJournal opens the journal of the connection's server, for reading.
func (a *app) openJournal(ctx context.Context, conn *pg.Conn) (*journal.Journal, error) {
	root, folderErr := journal.StateHome(a.env)
	return journal.Open(ctx, conn, journal.Options{
		Folder: journal.Folder{Root: root}, FolderError: folderErr, Store: a.store(conn.Target), Env: a.env,
		Command: a.command.Name(), CommandLine: commandLine(os.Args), Actor: actor(), Host: hostname(), Now: a.now, Log: a.log,
		Settle: settings.Settle(conn), ReadConfigFile: settings.LocalAutoConf(conn.Server),
	})
}

// withJournal runs work with the journal open for reading.
func (a *app) withJournal(ctx context.Context, o pg.Options, work func(*pg.Conn, *journal.Journal) error) error {
	return a.withConn(ctx, o, func(conn *pg.Conn) error {
		j, err := a.openJournal(ctx, conn)
		if err != nil {
			return err
		}
		defer j.Close()
		return work(conn, j)
	})
}

// withChange runs work under the lock; a dry run takes none, since it writes nothing. What a crash left open is said first.
func (a *app) withChange(ctx context.Context, conn *pg.Conn, dryRun bool, work func(*change) error) error {
	if err := settings.ReadAccess(ctx, conn); err != nil {
		return err
	}
	j, err := a.openJournal(ctx, conn)
	if err != nil {
		return err
	}
	defer j.Close()
	o := pg.Options{Class: pg.Normal, Changes: true, Log: a.log}
	if dryRun {
		databases := statements.NewDatabases(conn, o, nil)
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
		a.log.Warn(fmt.Sprintf("change set %s (%s, %s) was interrupted and may be half applied; avadb rollback %s undoes it",
			open.ID, open.Command, open.StartedAt.Format("2006-01-02 15:04 MST"), open.ID))
	}
	databases := statements.NewDatabases(conn, o, j.MarkWriter)
	defer databases.Close()
	return work(&change{conn: conn, journal: j, databases: databases})
}

// item makes the item that a record of the journal speaks of.
func (c *change) item(r journal.Record) (journal.Item, error) {
	switch r.Kind {
	case journal.SystemSetting:
		return settings.NewSystemSetting(c.conn, r.Name), nil
	case journal.PreloadEntry:
		return settings.NewPreload(c.conn, r.Name), nil
	case journal.ExtensionKind:
		return statements.NewExtensionItem(c.databases, r.Database), nil
	}
	return nil, fault.New(fault.Failed, "the journal holds an item of kind %q, which this avadb (%s) does not know", r.Kind, version).
		WithHint("use the avadb that made it")
}

// secretInArgument finds what must not reach the journal: a password in a DSN of either form, or in a --set or a command.
var secretInArgument = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)(://[^:/@\s]*:)[^@\s]*@|((?:password|passwd|pwd|pgpassword|secret|token)\s*=\s*)('[^']*'|"[^"]*"|\S+)`)
})

// commandLine is the command line without secrets.
func commandLine(args []string) string {
	words := make([]string, 0, len(args))
	for i, arg := range args {
		if i == 0 {
			arg = "avadb"
		}
		words = append(words, shellQuote(secretInArgument().ReplaceAllStringFunc(arg, maskSecret)))
	}
	return strings.Join(words, " ")
}

func maskSecret(found string) string {
	if head, ok := strings.CutSuffix(found, "@"); ok {
		return head[:strings.LastIndex(head, "://")+3+strings.Index(head[strings.LastIndex(head, "://")+3:], ":")+1] + "***@"
	}
	return found[:strings.Index(found, "=")+1] + "***"
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

// offlineLine is the complete command that undoes a set when the server does not start any more.
func (a *app) offlineLine(conn *pg.Conn, set *journal.Set) string {
	pgdata := conn.Server.DataDirectory
	if pgdata == "" {
		pgdata = "DATA_DIRECTORY"
	}
	line := "avadb rollback --offline --pgdata " + shellQuote(pgdata)
	root, err := journal.StateHome(a.env)
	if err == nil {
		line += " --journal " + shellQuote(journal.Folder{Root: root}.Path(set.Node.SystemIdentifier, set.ID))
	}
	return line + " " + set.ID
}
