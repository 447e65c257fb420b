package settings

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"avadb/internal/journal"
	"avadb/internal/pg"
	"avadb/internal/pgtest"
)

// shared is the PostgreSQL that the tests of this package share; none of them restarts it.
var shared *pgtest.Server

func TestMain(m *testing.M) {
	install, err := pgtest.FindWanted()
	if err == nil {
		shared, err = pgtest.Start(context.Background(), install, pgtest.Options{})
	}
	if err != nil {
		panic(err)
	}
	defer func() { _ = shared.Close() }()
	m.Run()
}

// withFiles puts text into postgresql.auto.conf and behind postgresql.conf until the end of the test, and reloads.
func withFiles(t *testing.T, auto, conf string) {
	t.Helper()
	confPath := filepath.Join(shared.DataDir, "postgresql.conf")
	pristine, err := os.ReadFile(confPath)
	if err != nil {
		t.Fatal(err)
	}
	put := func(auto, conf string) {
		for path, text := range map[string]string{autoConfPath(): auto, confPath: conf} {
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		adminSQL(t, "SELECT pg_reload_conf()")
	}
	put(auto, string(pristine)+"\n"+conf)
	t.Cleanup(func() { put("", string(pristine)) })
}

func autoConfPath() string { return filepath.Join(shared.DataDir, AutoConfName) }

func autoConfText(t *testing.T) string {
	t.Helper()
	raw, err := os.ReadFile(autoConfPath())
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// adminSQL runs statements as the superuser, also in a test's cleanup.
func adminSQL(t *testing.T, statements ...string) {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	conn, err := pgx.Connect(ctx, shared.DSN("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(ctx) }()
	for _, statement := range statements {
		if _, err := conn.Exec(ctx, statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

func entry(t *testing.T, conn *pg.Conn, name string) journal.State {
	t.Helper()
	files, err := ReadFiles(t.Context(), conn)
	if err != nil {
		t.Fatal(err)
	}
	return files.AutoConf(name)
}

// snapshotWhen reads until the reload that the test asked for has come.
func snapshotWhen(t *testing.T, conn *pg.Conn, ready func(*Snapshot) bool) *Snapshot {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		s, err := Read(t.Context(), conn)
		if err != nil {
			t.Fatal(err)
		}
		if ready(s) {
			return s
		}
		if time.Now().After(deadline) {
			t.Fatal("the reload did not come")
		}
	}
}
