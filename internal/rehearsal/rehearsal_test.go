package rehearsal_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"avadb/internal/pg"
	"avadb/internal/pgtest"
	"avadb/internal/rehearsal"
	"avadb/internal/settings"
)

// ownServer starts a server for one test, with logical decoding, so that a slot can be made.
func ownServer(t *testing.T) *pgtest.Server {
	t.Helper()
	install, err := pgtest.FindWanted()
	if err != nil {
		t.Fatal(err)
	}
	server, err := pgtest.Start(t.Context(), install, pgtest.Options{Settings: map[string]string{"wal_level": "logical", "max_prepared_transactions": "5"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	return server
}

func connect(t *testing.T, server *pgtest.Server) *pg.Conn {
	t.Helper()
	target, err := pg.Resolve(pg.Sources{DSN: server.DSN("postgres")})
	if err != nil {
		t.Fatal(err)
	}
	conn, err := pg.Connect(t.Context(), target, pg.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	return conn
}

func site(t *testing.T, conn *pg.Conn) *rehearsal.Site {
	t.Helper()
	snapshot, err := settings.Read(t.Context(), conn)
	if err != nil {
		t.Fatal(err)
	}
	s, err := rehearsal.Find(conn.Server, snapshot)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// plan gives the lines of a plan that set these.
func plan(assignments ...string) []settings.Setting {
	var lines []settings.Setting
	for _, a := range assignments {
		name, value, _ := strings.Cut(a, "=")
		lines = append(lines, settings.Setting{Name: name, Value: &value, Action: settings.Set})
	}
	return lines
}

// Each of these is taken by ALTER SYSTEM, or by the file, and is fatal at the next start: the rules of internal/tuning refuse
// them, a rehearsal finds them, and a real server proves both right.
func TestServersThatDoNotStart(t *testing.T) {
	server := ownServer(t)
	conn := connect(t, server)
	for _, statement := range []string{
		"SELECT pg_catalog.pg_create_physical_replication_slot('one')", "SELECT pg_catalog.pg_create_logical_replication_slot('two', 'pgoutput')",
		"BEGIN", "CREATE TABLE public.held (id int)", "PREPARE TRANSACTION 'held'",
	} {
		if _, err := conn.Exec(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	computed := conn.Server.Major() >= 15 // -C loads libraries and judges values together
	s := site(t, conn)
	for _, c := range []struct {
		set         []string
		words       string // of the server
		notRead     bool   // -C cannot tell
		notRehearse bool   // nor can a scratch cluster, which has neither the slots nor the transactions
	}{
		{set: []string{"shared_preload_libraries=nosuch"}, words: `could not access file "nosuch"`, notRead: !computed},
		{set: []string{"shared_preload_libraries=\"\""}, words: `could not access file`, notRead: !computed},
		{set: []string{"ssl=on"}, words: "server.crt", notRead: !computed},
		{set: []string{"wal_level=minimal"}, words: "wal_level", notRead: !computed},
		{set: []string{"superuser_reserved_connections=100"}, words: "superuser_reserved_connections", notRead: !computed},
		{set: []string{"min_wal_size=16MB"}, words: "min_wal_size", notRead: !computed},
		{set: []string{"shared_buffers=100TB"}, words: "shared_buffers"},
		{set: []string{"huge_pages=on"}, words: "could not map anonymous shared memory", notRead: true},
		{set: []string{"wal_level=replica"}, words: "logical replication slot", notRead: true, notRehearse: true},
		{set: []string{"max_replication_slots=1"}, words: "too many replication slots", notRead: true, notRehearse: true},
		{set: []string{"max_prepared_transactions=0"}, words: "maximum number of prepared transactions", notRead: true, notRehearse: true},
	} {
		t.Run(c.set[0], func(t *testing.T) {
			read, err := s.Read(t.Context(), plan(c.set...))
			if err != nil {
				t.Fatal(err)
			}
			check(t, "read", read, c.words, !c.notRead)
			if c.notRead && !c.notRehearse {
				booted, err := s.Boot(t.Context(), plan(c.set...))
				if err != nil {
					t.Fatal(err)
				}
				check(t, "boot", booted, c.words, true)
			}
			doesNotStart(t, server, c.words, c.set...)
		})
	}
}

func check(t *testing.T, what string, r *rehearsal.Result, words string, refuses bool) {
	t.Helper()
	switch {
	case !r.Done || r.Passed == nil:
		t.Errorf("%s: not done: %s", what, r.Why)
	case *r.Passed == refuses:
		t.Errorf("%s: passed %t, want %t: %s", what, *r.Passed, !refuses, r.Why)
	case refuses && !strings.Contains(r.Why, words):
		t.Errorf("%s: %q lacks %q", what, r.Why, words)
	}
}

// doesNotStart proves it: the server stops, does not start with the entries, and starts again without.
func doesNotStart(t *testing.T, server *pgtest.Server, words string, entries ...string) {
	t.Helper()
	path := filepath.Join(server.DataDir, settings.AutoConfName)
	pristine, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	text := string(pristine)
	for _, entry := range entries {
		name, value, _ := strings.Cut(entry, "=")
		text += settings.ConfLine(name, value) + "\n"
	}
	put := func(text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put(text)
	if err := server.Stop(t.Context(), "fast"); err != nil {
		t.Fatal(err)
	}
	err = server.StartAgain(t.Context())
	if err == nil {
		t.Error("the server starts")
	} else if !strings.Contains(err.Error(), words) {
		t.Errorf("%v lacks %q", err, words)
	}
	put(string(pristine))
	if err := server.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestServerThatStarts(t *testing.T) {
	ownTemp(t)
	conn := connect(t, ownServer(t))
	s := site(t, conn)
	values := plan("shared_buffers=64MB", "max_connections=50", "shared_preload_libraries=pg_stat_statements")
	read, err := s.Read(t.Context(), values)
	if err != nil {
		t.Fatal(err)
	}
	check(t, "read", read, "", false)
	if computed := conn.Server.Major() >= 15; computed != (read.SharedMemoryBytes != nil && *read.SharedMemoryBytes > 64<<20) {
		t.Errorf("shared memory %v", read.SharedMemoryBytes)
	}
	booted, err := s.Boot(t.Context(), values)
	if err != nil {
		t.Fatal(err)
	}
	check(t, "boot", booted, "", false)
	if booted.SharedMemoryBytes == nil || *booted.SharedMemoryBytes < 64<<20 {
		t.Errorf("shared memory %v", booted.SharedMemoryBytes)
	}
	leftNothing(t)
}

// An interrupt ends the scratch cluster and removes it.
func TestInterruptedBoot(t *testing.T) {
	ownTemp(t)
	s := site(t, connect(t, ownServer(t)))
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	for ctx.Err() == nil {
		if _, err := s.Boot(ctx, nil); err != nil && ctx.Err() == nil {
			t.Fatal(err)
		}
	}
	leftNothing(t)
}

// A configuration that the server itself would refuse is no verdict on the new values.
func TestConfigurationThatIsBrokenAlready(t *testing.T) {
	server := ownServer(t)
	s := site(t, connect(t, server))
	conf := filepath.Join(server.DataDir, "postgresql.conf")
	text, err := os.ReadFile(conf)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(conf, append(text, "shared_buffers = lots\n"...), 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := s.Read(t.Context(), plan("work_mem=8MB"))
	if err != nil {
		t.Fatal(err)
	}
	if r.Done || r.Passed != nil || !strings.Contains(r.Why, "as it stands") || !strings.Contains(r.Why, "lots") {
		t.Errorf("%+v", r)
	}
}

// ownTemp gives the test a folder for temporary files that the server's user can enter.
func ownTemp(t *testing.T) {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "avadb-test-*") //nolint:usetesting // the one of the test is closed to the server's user
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	t.Setenv("TMPDIR", dir)
}

func leftNothing(t *testing.T) {
	t.Helper()
	left, err := filepath.Glob(filepath.Join(os.TempDir(), "avadb-rehearsal-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}

// What the kernel does not give to a second server is no verdict on the new values either: here huge pages, of which there
// are none, stand in the configuration already.
func TestScratchClusterThatCannotStart(t *testing.T) {
	server := ownServer(t)
	s := site(t, connect(t, server))
	conf := filepath.Join(server.DataDir, "postgresql.conf")
	text, err := os.ReadFile(conf)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(conf, append(text, "huge_pages = on\n"...), 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := s.Boot(t.Context(), plan("work_mem=8MB"))
	if err != nil {
		t.Fatal(err)
	}
	if r.Done || r.Passed != nil || !strings.Contains(r.Why, "does not start with the configuration as it stands: could not map anonymous shared memory") {
		t.Errorf("%+v", r)
	}
}
