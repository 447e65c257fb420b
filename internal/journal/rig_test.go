package journal_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"avadb/internal/fault"
	"avadb/internal/journal"
	"avadb/internal/pg"
	"avadb/internal/settings"
	"avadb/internal/statements"
)

// rig is where an avadb works: a server, a state folder and a store database.
type rig struct {
	DSN   string // of the command's own connection
	State string // root of the journal's files
	Store string // --store

	command string // the command line that the journal keeps
}

// autoConf is a postgresql.auto.conf as a hand leaves it: duplicates in different case, quotes, a list.
const autoConf = `# kept by hand
WORK_MEM = '1MB'
application_name = 'it''s \\ here'
work_mem = '5MB'		# the last one counts
search_path = '"$user", public, "Odd ""Name"""'
shared_preload_libraries = 'auto_explain'
`

// newRig makes a store database and a state folder, and puts autoConf in place until the end of the test.
func newRig(t *testing.T) rig {
	t.Helper()
	store := "store_" + strings.ToLower(strings.NewReplacer("/", "_", "-", "_").Replace(t.Name()))
	sql(t, "CREATE DATABASE "+store)
	setAutoConf(t, autoConf)
	t.Cleanup(func() { setAutoConf(t, "") })
	return rig{DSN: server.DSN(store), State: t.TempDir(), Store: store, command: "avadb test"}
}

// run is one avadb command: its connection, its journal and what it said.
type run struct {
	conn      *pg.Conn
	journal   *journal.Journal
	databases *pg.Databases
	said      *bytes.Buffer
}

// open connects and opens the journal. dress may change the journal's options.
func (r rig) open(ctx context.Context, dress func(*journal.Options)) (*run, error) {
	target, err := pg.Resolve(pg.Sources{DSN: r.DSN})
	if err != nil {
		return nil, err
	}
	said := &bytes.Buffer{}
	log := slog.New(slog.NewTextHandler(said, nil))
	conn, err := pg.Connect(ctx, target, pg.Options{Changes: true, Log: log})
	if err != nil {
		return nil, err
	}
	o := journal.Options{
		Folder: journal.Folder{Root: r.State}, Store: r.Store, Env: func(string) string { return "" },
		Command: "test", CommandLine: r.command, Actor: "tester", Host: "here", Now: time.Now, Log: log,
		Settle: settings.Settle(conn), ReadConfigFile: settings.LocalAutoConf(conn.Server),
	}
	if dress != nil {
		dress(&o)
	}
	j, err := journal.Open(ctx, conn, o)
	if err != nil {
		conn.Close()
		return nil, err
	}
	return &run{conn: conn, journal: j, databases: pg.NewDatabases(conn, pg.Options{Changes: true}, j.MarkWriter), said: said}, nil
}

func (r *run) close() {
	r.databases.Close()
	r.journal.Close()
	r.conn.Close()
}

// locked opens the journal and takes the lock; both are given back at the end of the test.
func (r rig) locked(t *testing.T) *run {
	t.Helper()
	opened, err := r.open(t.Context(), nil)
	if err == nil {
		t.Cleanup(opened.close)
		err = opened.journal.Lock(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	return opened
}

func (r *run) item(record journal.Record) (journal.Item, error) {
	switch record.Kind {
	case journal.SystemSetting:
		return settings.NewSystemSetting(r.conn, record.Name), nil
	case journal.PreloadEntry:
		return settings.NewPreload(r.conn, record.Name), nil
	case journal.ExtensionKind:
		return statements.NewExtensionItem(r.databases, record.Database), nil
	case journal.RoleSetting, journal.TableKind, journal.GrantKind, journal.EventKind:
	}
	return nil, fmt.Errorf("no item of kind %q", record.Kind)
}

// set is a change of a parameter.
func (r *run) set(name, value string) journal.Change {
	return journal.Change{Item: settings.NewSystemSetting(r.conn, name), Ours: journal.Present(value)}
}

// rollback undoes the newest set that stands and gives what was done.
func (r *run) rollback(ctx context.Context) (*journal.Rollback, error) {
	plan, err := r.journal.Plan(ctx, journal.Selection{}, r.item)
	if err != nil {
		return nil, err
	}
	return plan, r.journal.Run(ctx, plan)
}

func (r *run) mustSets(t *testing.T) []*journal.Set {
	t.Helper()
	sets, err := r.journal.Sets(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return sets
}

// sql runs statements as the superuser in database postgres.
func sql(t *testing.T, statements ...string) {
	t.Helper()
	sqlIn(t, "postgres", statements...)
}

func sqlIn(t *testing.T, database string, statements ...string) {
	t.Helper()
	conn := dial(t, database)
	defer func() { _ = conn.Close(context.WithoutCancel(t.Context())) }()
	for _, statement := range statements {
		if _, err := conn.Exec(context.WithoutCancel(t.Context()), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

// dial opens a plain connection; the caller closes it. It also works in a test's cleanup.
func dial(t *testing.T, database string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(context.WithoutCancel(t.Context()), server.DSN(database))
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

func autoConfPath() string { return filepath.Join(server.DataDir, settings.AutoConfName) }

// setAutoConf writes the file in place, so that it keeps its owner, and reloads.
func setAutoConf(t *testing.T, text string) {
	t.Helper()
	if err := os.WriteFile(autoConfPath(), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	sql(t, "SELECT pg_reload_conf()")
}

func readAutoConf(t *testing.T) string {
	t.Helper()
	raw, err := os.ReadFile(autoConfPath())
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// winners are the entries of postgresql.auto.conf that count, and the extensions of a database.
func winners(t *testing.T, database string) map[string]string {
	t.Helper()
	conn := dial(t, database)
	defer func() { _ = conn.Close(t.Context()) }()
	rows, err := conn.Query(t.Context(), `SELECT lower(name), setting FROM pg_file_settings
		WHERE sourcefile ~ 'postgresql.auto.conf$' ORDER BY seqno`)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	var name, value string
	if _, err := pgx.ForEachRow(rows, []any{&name, &value}, func() error { found[name] = value; return nil }); err != nil {
		t.Fatal(err)
	}
	rows, err = conn.Query(t.Context(), "SELECT extname, extversion FROM pg_extension")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := pgx.ForEachRow(rows, []any{&name, &value}, func() error { found["extension "+name] = value; return nil }); err != nil {
		t.Fatal(err)
	}
	return found
}

func wantWinners(t *testing.T, database string, want map[string]string) {
	t.Helper()
	if got := winners(t, database); !maps.Equal(got, want) {
		t.Errorf("what stands is not what stood before\n got %v\nwant %v", got, want)
	}
}

// wantFault checks the kind of an error and that its message and hint hold the words.
func wantFault(t *testing.T, err error, kind fault.Kind, words ...string) {
	t.Helper()
	var f *fault.Error
	if !errors.As(err, &f) {
		t.Fatalf("error is %v, want a fault of kind %s", err, kind)
	}
	if f.Kind != kind {
		t.Errorf("kind %s, want %s: %v", f.Kind, kind, err)
	}
	for _, word := range words {
		if !strings.Contains(err.Error()+" "+f.Hint, word) {
			t.Errorf("%q (%s) does not say %q", err, f.Hint, word)
		}
	}
}
