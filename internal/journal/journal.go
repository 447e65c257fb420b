package journal

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"avadb/internal/fault"
	"avadb/internal/pg"
)

// Options of a journal.
type Options struct {
	Folder      Folder
	FolderError error  // why there is no state folder; the journal then lives in the database alone
	Store       string // --store: a database of the same server, or a DSN; empty: `postgres`, else the first connectable one
	Env         func(string) string
	Command     string // such as tune
	CommandLine string // without secrets
	Actor, Host string
	Now         func() time.Time
	Log         *slog.Logger
	// Settle makes the server take what was written (a reload) and checks that it did.
	Settle func(ctx context.Context, written []Record) error
	// ReadConfigFile gives postgresql.auto.conf's bytes where avadb runs on the server's host and may read them; else nil.
	ReadConfigFile func() []byte
}

// Journal is the journal of one server.
type Journal struct {
	o         Options
	conn      *pg.Conn // runs the changes
	side      *pg.Conn // holds the lock; in the store database where that is on the same server
	storeConn *pg.Conn // side, or a connection to another server
	table     *table   // nil where there is no store that can be read
	lock      *lock
	node      Node
	files     bool   // the state folder can be written
	keeps     bool   // the table can be written
	known     []*Set // as Sets gave them last; nil before
	warned    map[string]bool
}

// Open opens the journal of conn's server, for reading. A missing store or folder is a notice in the log.
func Open(ctx context.Context, conn *pg.Conn, o Options) (*Journal, error) {
	s := conn.Server
	j := &Journal{o: o, conn: conn, node: Node{
		SystemIdentifier: s.SystemIdentifier, Port: s.Port, DataDirectory: s.DataDirectory,
		Address: s.Address, Timeline: s.Timeline, InRecovery: s.InRecovery,
	}}
	if s.SystemIdentifier == "" {
		return nil, fault.New(fault.Privilege, "the server's system identifier cannot be read").
			WithHint("GRANT EXECUTE ON FUNCTION pg_catalog.pg_control_system() TO %s", pg.Identifier(s.Role))
	}
	if err := j.connect(ctx); err != nil {
		j.Close()
		return nil, err
	}
	return j, nil
}

func (j *Journal) connect(ctx context.Context) error {
	options := pg.Options{Class: pg.Normal, IdleForever: true, Log: j.o.Log}
	place, err := FindStore(ctx, j.conn, j.o.Store, j.o.Env, j.o.Log)
	if err != nil {
		return err
	}
	home := place.Target
	if place.Foreign {
		home = j.conn.Target.WithDatabase(j.conn.Server.Database)
	}
	if j.side, err = pg.Connect(ctx, home, options); err != nil {
		return err
	}
	j.storeConn = j.side
	if place.Foreign {
		if j.storeConn, err = pg.Connect(ctx, place.Target, options); err != nil {
			return place.Named(err)
		}
	}
	j.table, err = openTable(ctx, j.storeConn)
	return err
}

// Close gives the lock and the journal's connections back; the command's own connection stays open.
func (j *Journal) Close() {
	if j.lock != nil {
		if err := j.lock.releaseFile(); err != nil {
			j.o.Log.Warn("release the lock file: " + err.Error())
		}
		j.lock = nil
	}
	if j.storeConn != nil && j.storeConn != j.side {
		j.storeConn.Close()
	}
	if j.side != nil {
		j.side.Close()
	}
	j.storeConn, j.side = nil, nil
}

// Lock makes the journal ready for a change: it can be written, and no other avadb changes the server.
func (j *Journal) Lock(ctx context.Context) error {
	if j.lock != nil {
		return nil
	}
	fileErr := j.o.FolderError
	if fileErr == nil {
		fileErr = j.o.Folder.Prepare(j.node.SystemIdentifier)
	}
	j.files = fileErr == nil
	var err error
	if j.lock, err = acquire(ctx, j.side, j.conn, j.o.Folder, j.files); err != nil {
		return err
	}
	return j.openStores(ctx, fileErr)
}

// MarkWriter says that a further connection changes the server under this journal's lock.
func (j *Journal) MarkWriter(ctx context.Context, conn *pg.Conn) error { return j.lock.Mark(ctx, conn) }

func (j *Journal) openStores(ctx context.Context, fileErr error) error {
	tableErr := j.table.writable()
	switch {
	case fileErr != nil && tableErr != nil:
		return fault.New(fault.Prerequisite, "nothing was changed, because the journal can be written nowhere: %s; %w", fileErr, tableErr).
			WithHint("%s", hintOf(tableErr, "make $XDG_STATE_HOME writable"))
	case tableErr != nil:
		j.o.Log.Info(fmt.Sprintf("the journal is kept in files alone: %s%s", tableErr, hintOf(tableErr, "")))
	case fileErr != nil:
		j.o.Log.Warn(fmt.Sprintf("the journal is kept in the database alone, offline rollback will not work: %s", fileErr))
	}
	j.keeps = tableErr == nil
	return j.refresh(ctx)
}

// refresh brings file and database to the newest revision of each set: an offline rollback is known to the file alone, a
// change from another host to the database alone.
func (j *Journal) refresh(ctx context.Context) error {
	if !j.files {
		return nil
	}
	inFiles, _, err := j.o.Folder.Sets(j.node.SystemIdentifier)
	if err != nil {
		return fault.New(fault.Failed, "read the journal: %w", err)
	}
	inTable, _, err := j.table.sets(ctx, j.node.SystemIdentifier)
	if err != nil && (j.keeps || fault.KindOf(err) != fault.Privilege) {
		return err
	}
	for _, s := range newerThan(inFiles, inTable) {
		if !j.keeps {
			break
		}
		// Another node of the cluster with the same store can have brought it up at this very moment: that is as good.
		if _, err := j.table.put(ctx, s); err != nil {
			return err
		}
	}
	for _, s := range newerThan(inTable, inFiles) {
		if err := j.o.Folder.Write(s); err != nil {
			return fault.New(fault.Failed, "write the journal file: %w", err)
		}
	}
	return nil
}

// newerThan gives the sets that the others lack or have in an older revision.
func newerThan(sets, others []*Set) []*Set {
	rev := map[string]int{}
	for _, o := range others {
		rev[o.ID] = o.Rev
	}
	var newer []*Set
	for _, s := range sets {
		if s.Rev > rev[s.ID] {
			newer = append(newer, s)
		}
	}
	return newer
}

func hintOf(err error, otherwise string) string {
	if f := fault.As(err); f != nil && f.Hint != "" {
		return " (" + f.Hint + ")"
	}
	return otherwise
}

// Find gives the one set that a prefix names.
func Find(sets []*Set, prefix string) (*Set, error) {
	var found []*Set
	for _, s := range sets {
		if prefix != "" && strings.HasPrefix(s.ID, strings.ToLower(prefix)) {
			found = append(found, s)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return nil, fault.New(fault.NotFound, "no change set begins with %q", prefix).WithHint("avadb history lists them")
	}
	return nil, fault.New(fault.Usage, "%d change sets begin with %q", len(found), prefix).
		WithHint("give more characters: %s or %s", found[0].ID, found[1].ID)
}

// ShortIDs gives for each set the shortest prefix of at least eight characters that names it alone.
func ShortIDs(sets []*Set) map[string]string {
	short := make(map[string]string, len(sets))
	for i, s := range sets {
		length := 8
		for k, o := range sets {
			if k != i {
				length = max(length, min(commonPrefix(s.ID, o.ID)+1, len(s.ID)))
			}
		}
		short[s.ID] = strings.TrimSuffix(s.ID[:length], "-")
	}
	return short
}

func commonPrefix(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}
