package settings

import (
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"avadb/internal/fault"
	"avadb/internal/journal"
	"avadb/internal/pgtest"
)

// broken is a server that does not start, the change set that broke it, and what stood before.
type broken struct {
	server *pgtest.Server
	folder journal.Folder
	before []byte
	set    *journal.Set
}

const handMade = "# by hand, to be kept\nwork_mem = '5MB'\nWORK_MEM = '6MB' # twice\nlog_line_prefix = 'it''s %m '\n"

// breakServer writes, through the journal, a value that keeps the server from starting, and stops it.
func breakServer(t *testing.T) broken {
	t.Helper()
	server := ownServer(t)
	file := filepath.Join(server.DataDir, AutoConfName)
	if err := os.WriteFile(file, []byte(handMade), 0o600); err != nil {
		t.Fatal(err)
	}
	b := broken{server: server, folder: journal.Folder{Root: t.TempDir()}, before: []byte(handMade)}
	b.set = b.change(t, map[string]string{"work_mem": "64MB", "shared_preload_libraries": "no_such_library"})
	if err := server.Stop(t.Context(), "fast"); err != nil {
		t.Fatal(err)
	}
	if err := server.StartAgain(t.Context()); err == nil {
		t.Fatal("the server starts in spite of the missing library")
	}
	return b
}

func (b broken) change(t *testing.T, values map[string]string) *journal.Set {
	t.Helper()
	conn := connect(t, b.server)
	j, err := journal.Open(t.Context(), conn, journal.Options{
		Folder: b.folder, Env: os.Getenv, Command: "test", Now: time.Now, Log: slog.New(slog.DiscardHandler),
		Settle: Settle(conn), ReadConfigFile: LocalAutoConf(conn.Server),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	if err := j.Lock(t.Context()); err != nil {
		t.Fatal(err)
	}
	var changes []journal.Change
	for name, value := range values {
		changes = append(changes, journal.Change{Item: NewSystemSetting(conn, name), Ours: journal.Present(value)})
	}
	set, err := j.Do(t.Context(), changes)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func (b broken) offline() Offline {
	return Offline{PGData: b.server.DataDir, Folder: b.folder, Now: time.Now, Log: slog.New(slog.DiscardHandler)}
}

func (b broken) file(t *testing.T) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(b.server.DataDir, AutoConfName))
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func TestOfflineBringsTheBytesBack(t *testing.T) {
	b := breakServer(t)
	// A newer set that cannot keep a server from starting is not what is meant.
	later := &journal.Set{
		ID: "ffffffff-0000-7000-8000-000000000000", Rev: 1, Command: "slowlog init", Node: b.set.Node, State: journal.SetApplied,
		Items: []journal.Record{{Kind: journal.TableKind, Name: "public.slow_query_log", Database: "shop", Ours: journal.Present("layout 1"), State: journal.Written}},
	}
	if err := b.folder.Write(later); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(filepath.Join(b.server.DataDir, AutoConfName))
	if err != nil {
		t.Fatal(err)
	}
	plan, err := b.offline().Plan(t.Context(), journal.Selection{})
	if err != nil {
		t.Fatal(err)
	}
	if err := plan.Run(); err != nil {
		t.Fatal(err)
	}
	if got := b.file(t); got != handMade || !plan.Exact {
		t.Errorf("file = %q (exact: %v), want %q", got, plan.Exact, handMade)
	}
	if after, err := os.Stat(filepath.Join(b.server.DataDir, AutoConfName)); err != nil || after.Mode() != info.Mode() {
		t.Errorf("mode = %v, want %v (%v)", after.Mode(), info.Mode(), err)
	}
	if err := b.server.StartAgain(t.Context()); err != nil {
		t.Fatalf("the repaired server does not start: %v", err)
	}
	again, err := journal.ReadSet(b.folder.Path(b.set.Node.SystemIdentifier, b.set.ID))
	if err != nil || again.State != journal.SetUndone || again.UndoneBy == nil || *again.UndoneBy != plan.Set.ID {
		t.Errorf("the set is not marked undone: %+v, %v", again, err)
	}
}

func TestOfflineValueByValueWhereTheFileWasTouched(t *testing.T) {
	b := breakServer(t)
	touched := b.file(t) + "maintenance_work_mem = '99MB'\n"
	if err := os.WriteFile(filepath.Join(b.server.DataDir, AutoConfName), []byte(touched), 0o600); err != nil {
		t.Fatal(err)
	}
	plan, err := b.offline().Plan(t.Context(), journal.Selection{All: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := plan.Run(); err != nil {
		t.Fatal(err)
	}
	conf := parseAutoConf([]byte(b.file(t)))
	for name, want := range map[string]string{"work_mem": "6MB", "log_line_prefix": "it's %m ", "maintenance_work_mem": "99MB"} {
		if got := conf.get(name); got.Text() != want {
			t.Errorf("%s = %q, want %q", name, got.Text(), want)
		}
	}
	if got := conf.get(PreloadParameter); got.Present || plan.Exact {
		t.Errorf("%s = %q, exact %v; want it absent, and the saved bytes not used", PreloadParameter, got.Text(), plan.Exact)
	}
	if err := b.server.StartAgain(t.Context()); err != nil {
		t.Fatalf("the repaired server does not start: %v", err)
	}
}

func TestOfflineKeepsWhatSomebodyChanged(t *testing.T) {
	b := breakServer(t)
	conf := parseAutoConf([]byte(b.file(t)))
	conf.set("work_mem", journal.Present("7MB"))
	if err := os.WriteFile(filepath.Join(b.server.DataDir, AutoConfName), conf.bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	plan, err := b.offline().Plan(t.Context(), journal.Selection{})
	if err != nil {
		t.Fatal(err)
	}
	for _, item := range plan.Items {
		want := journal.Restored
		if item.Name == "work_mem" {
			want = journal.Kept
		}
		if item.Action != want {
			t.Errorf("%s: %s, want %s", item.Name, item.Action, want)
		}
	}
}

func TestOfflineFromTheNamedFile(t *testing.T) {
	b := breakServer(t)
	o := b.offline()
	o.Folder = journal.Folder{Root: t.TempDir()} // another user's empty journal
	if _, err := o.Plan(t.Context(), journal.Selection{}); fault.KindOf(err) != fault.NotFound {
		t.Errorf("an empty journal: %v, want kind %s", err, fault.NotFound)
	}
	copied := filepath.Join(t.TempDir(), "copied.json")
	raw, err := os.ReadFile(b.folder.Path(b.set.Node.SystemIdentifier, b.set.ID))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(copied, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	o.JournalFile = copied
	plan, err := o.Plan(t.Context(), journal.Selection{})
	if err != nil {
		t.Fatal(err)
	}
	if err := plan.Run(); err != nil {
		t.Fatal(err)
	}
	if err := b.server.StartAgain(t.Context()); err != nil {
		t.Fatalf("the repaired server does not start: %v", err)
	}
}

func TestOfflineRefusals(t *testing.T) {
	b := breakServer(t)
	other := ownServer(t)
	for name, c := range map[string]struct {
		edit func(*Offline)
		want fault.Kind
	}{
		"no data directory":    {func(o *Offline) { o.PGData = t.TempDir() }, fault.Prerequisite},
		"the server runs":      {func(o *Offline) { o.PGData = other.DataDir }, fault.Prerequisite},
		"no such journal file": {func(o *Offline) { o.JournalFile = filepath.Join(t.TempDir(), "x.json") }, fault.Usage},
	} {
		o := b.offline()
		c.edit(&o)
		if _, err := o.Plan(t.Context(), journal.Selection{}); fault.KindOf(err) != c.want {
			t.Errorf("%s: %v, want kind %s", name, err, c.want)
		}
	}
	moved := b.server.DataDir + ".moved"
	if err := os.Rename(b.server.DataDir, moved); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = os.Rename(moved, b.server.DataDir) }() // so that the server's folder is removed as a whole
	o := b.offline()
	o.PGData = moved
	if _, err := o.Plan(t.Context(), journal.Selection{}); fault.KindOf(err) != fault.Prerequisite {
		t.Errorf("another data directory: %v, want kind %s", err, fault.Prerequisite)
	}
	if _, err := o.Plan(t.Context(), journal.Selection{Force: true}); err != nil {
		t.Errorf("another data directory, forced: %v", err)
	}
}

func TestStalePostmasterFile(t *testing.T) {
	dir := t.TempDir()
	pidFile := filepath.Join(dir, "postmaster.pid")
	for name, c := range map[string]struct {
		text string
		down bool
	}{
		"a dead process":                {"4194303\n" + dir + "\n", true},
		"a process somewhere else":      {strconv.Itoa(os.Getpid()) + "\n" + dir + "\n", true},
		"garbage left by a broken disk": {"x\n", true},
	} {
		if err := os.WriteFile(pidFile, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := serverIsDown(t.Context(), dir); (err == nil) != c.down {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestServerInAContainer: its postmaster is process 1, which is another one here, but it listens where its file says.
func TestServerInAContainer(t *testing.T) {
	dir := t.TempDir()
	listen := func(network, address string) net.Listener {
		var config net.ListenConfig
		l, err := config.Listen(t.Context(), network, address)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = l.Close() })
		return l
	}
	sockets := t.TempDir()
	listen("unix", filepath.Join(sockets, ".s.PGSQL.5999"))
	_, port, err := net.SplitHostPort(listen("tcp", "127.0.0.1:0").Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		port, folder, address string
		down                  bool
	}{
		"its socket":          {"5999", sockets, "", false},
		"its port":            {port, "", "127.0.0.1", false},
		"any address":         {port, "/nosuch", "*", false},
		"nobody listens":      {"1", sockets, "127.0.0.1", true},
		"it does not listen":  {port, "", "", true},
		"garbage for a port":  {"x", "", "127.0.0.1", true},
		"garbage for address": {port, "", "x", true},
	} {
		text := "4194303\n/var/lib/postgresql/data\n1700000000\n" + c.port + "\n" + c.folder + "\n" + c.address + "\n  1 2\nready   \n"
		if err := os.WriteFile(filepath.Join(dir, "postmaster.pid"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		err := serverIsDown(t.Context(), dir)
		if (err == nil) != c.down {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil {
			wantFault(t, err, fault.Prerequisite, "may run, in a container", "stop the server first", "postmaster.pid")
		}
	}
}
