package pgtest

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// start gives a running server of the wanted major that ends with the test.
func start(t *testing.T, o Options) *Server {
	t.Helper()
	in, err := FindWanted()
	if err != nil {
		t.Fatal(err)
	}
	s, err := Start(t.Context(), in, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// openFolder gives a temporary folder that the server's user can enter: t.TempDir's is the test's alone.
func openFolder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "avadb-test-*") //nolint:usetesting // see above
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// ask runs a query that gives one text on a connection of its own.
func ask(t *testing.T, dsn, sql string) string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }() //nolint:usetesting // also after the test's context has ended
	var answer string
	if err := conn.QueryRow(t.Context(), sql).Scan(&answer); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return answer
}

func TestStartAppliesSettings(t *testing.T) {
	t.Parallel()
	s := start(t, Options{Name: "it's", Settings: map[string]string{"work_mem": "8MB", "log_line_prefix": `a'b\c`}})
	for name, want := range map[string]string{
		"work_mem": "8MB", "log_line_prefix": `a'b\c`, "fsync": "off", "cluster_name": "it's", "data_directory": s.DataDir,
		"listen_addresses": "127.0.0.1", "server_encoding": "UTF8",
	} {
		if got := ask(t, s.DSN("postgres"), "SHOW "+name); got != want {
			t.Errorf("%s = %q, want %q", name, got, want)
		}
	}
	if got := ask(t, s.SocketDSN("postgres"), "SELECT coalesce(inet_client_addr()::text, 'socket')"); got != "socket" {
		t.Errorf("SocketDSN came from %s", got)
	}
	source := ask(t, s.DSN("postgres"), "SELECT source FROM pg_settings WHERE name = 'port'")
	if source != "configuration file" {
		t.Errorf("port comes from %q: nothing may come from the command line", source)
	}
}

func TestCloseLeavesNothing(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	pid, err := s.PID()
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if alive(pid) {
		t.Error("the postmaster is still there")
	}
	if _, err := os.Stat(s.Dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the folder is still there: %v", err)
	}
}

func TestRestartCommand(t *testing.T) {
	t.Parallel()
	s := start(t, Options{Dir: filepath.Join(openFolder(t), "it's a folder")})
	for _, situation := range []func() error{
		func() error { return nil },
		func() error { return s.Stop(t.Context(), "fast") },
	} {
		if err := situation(); err != nil {
			t.Fatal(err)
		}
		before, _ := s.PID() // none when stopped
		if out, err := exec.CommandContext(t.Context(), "sh", "-c", s.RestartCommand()).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", s.RestartCommand(), err, out)
		}
		after, err := s.PID()
		if err != nil || after == before {
			t.Errorf("postmaster %d became %d, %v", before, after, err)
		}
		ask(t, s.DSN("postgres"), "SELECT 'there'")
	}
	if out, err := exec.CommandContext(t.Context(), "sh", "-c", s.StopCommand()).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", s.StopCommand(), err, out)
	}
	if s.Running() {
		t.Error("runs after its StopCommand")
	}
}

func TestKillAndStartAgain(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	ask(t, s.DSN("postgres"), "SELECT set_config('x.y', 'z', false)")
	if err := s.Kill(); err != nil {
		t.Fatal(err)
	}
	if s.Running() {
		t.Error("runs after Kill")
	}
	if err := s.StartAgain(t.Context()); err != nil {
		t.Fatal(err)
	}
	log, err := os.ReadFile(s.LogFile)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(log), "was not properly shut down") {
		t.Errorf("Kill was no crash:\n%s", log)
	}
	if err := s.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	ask(t, s.DSN("postgres"), "SELECT 'there'")
}

func TestStandbyFollows(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	standby, err := s.Standby(t.Context(), "second")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := standby.Close(); err != nil {
			t.Error(err)
		}
	})
	lsn := ask(t, s.DSN("postgres"), "WITH made AS (SELECT pg_logical_emit_message(false, 'x', 'y') AS lsn) SELECT lsn::text FROM made")
	deadline := time.Now().Add(30 * time.Second)
	for ask(t, standby.DSN("postgres"), "SELECT (pg_last_wal_receive_lsn() >= '"+lsn+"')::text") != "true" {
		if time.Now().After(deadline) {
			t.Fatal("the standby does not follow")
		}
		time.Sleep(20 * time.Millisecond)
	}
	if got := ask(t, standby.DSN("postgres"), "SELECT pg_is_in_recovery()::text"); got != "true" {
		t.Errorf("pg_is_in_recovery = %s", got)
	}
	if got := ask(t, s.DSN("postgres"), "SELECT string_agg(application_name, ',') FROM pg_stat_replication"); got != "second" {
		t.Errorf("pg_stat_replication shows %q", got)
	}
}

func TestFreshHasAnIdentifierOfItsOwn(t *testing.T) {
	t.Parallel()
	const identifier = "SELECT system_identifier::text FROM pg_control_system()"
	first, second := start(t, Options{}), start(t, Options{Fresh: true})
	if ask(t, first.DSN("postgres"), identifier) == ask(t, second.DSN("postgres"), identifier) {
		t.Error("both servers are the same to a client")
	}
}

func TestStartFailureExplainsAndCleansUp(t *testing.T) {
	t.Parallel()
	in, err := FindWanted()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(openFolder(t), "server")
	_, err = Start(t.Context(), in, Options{Dir: dir, Settings: map[string]string{"shared_buffers": "nonsense"}})
	if err == nil || !strings.Contains(err.Error(), `invalid value for parameter "shared_buffers"`) {
		t.Errorf("Start = %v, want the reason from the log", err)
	}
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the folder is still there: %v", err)
	}
}

func TestStartOnATakenPort(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	_, err := Start(t.Context(), s.Install, Options{Port: s.Port})
	if err == nil || !strings.Contains(err.Error(), "could not bind") {
		t.Errorf("Start = %v", err)
	}
}

func TestStartRefusesAFolderInUse(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "precious"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	in, err := FindWanted()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Start(t.Context(), in, Options{Dir: dir}); err == nil || !strings.Contains(err.Error(), "not empty") {
		t.Errorf("Start = %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "precious")); err != nil {
		t.Error(err)
	}
}
