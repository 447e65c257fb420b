//go:build unix

package cmd

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"avadb/internal/pgtest"
)

// killing is a server with a table, and a log to be ingested by a process of its own.
type killing struct {
	server *pgtest.Server
	admin  *pgx.Conn
	log    string
	state  string
}

const killedRows = 40_000

func newKilling(t *testing.T) *killing {
	t.Helper()
	install, err := pgtest.FindWanted()
	if err != nil {
		t.Fatal(err)
	}
	k := &killing{state: t.TempDir(), log: filepath.Join(t.TempDir(), "a.log")}
	if k.server, err = pgtest.Start(t.Context(), install, pgtest.Options{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = k.server.Close() })
	k.dial(t)
	if out, err := k.avadb("slowlog", "init").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	var log bytes.Buffer
	for n := range killedRows {
		fmt.Fprintf(&log, "2026-11-24 03:20:%02d.%03d UTC [%d] app@shop LOG:  duration: %d.500 ms  statement: SELECT name FROM users WHERE id = %d\n", n/1000%60, n%1000, 100+n%7, 200+n, n)
	}
	if err := os.WriteFile(k.log, log.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return k
}

func (k *killing) dial(t *testing.T) {
	t.Helper()
	admin, err := pgx.Connect(t.Context(), k.server.DSN("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = admin.Close(t.Context()) })
	k.admin = admin
}

// avadb is a process of its own: the test binary under another name, as TestMain lets it.
func (k *killing) avadb(args ...string) *exec.Cmd {
	c := exec.Command(os.Args[0], args...) //nolint:noctx // it is killed by the test
	c.Args[0] = "avadb"
	c.Env = append(os.Environ(), "AVADB_DSN="+k.server.DSN("postgres"), "XDG_STATE_HOME="+k.state, "XDG_CONFIG_HOME="+k.state)
	return c
}

func (k *killing) ingest() *exec.Cmd { return k.avadb("slowlog", "ingest", k.log, "-q", "-o", "json") }

// rows gives how many there are, and how many different.
func (k *killing) rows(t *testing.T) (all, keys int) {
	t.Helper()
	if err := k.admin.QueryRow(t.Context(), "SELECT count(*), count(DISTINCT dedupe_key) FROM slow_query_log").Scan(&all, &keys); err != nil {
		t.Fatal(err)
	}
	return all, keys
}

func (k *killing) anew(t *testing.T) {
	t.Helper()
	if _, err := k.admin.Exec(t.Context(), "DELETE FROM slow_query_log"); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Join(k.state, "avadb", "ingest")); err != nil {
		t.Fatal(err)
	}
}

// awaitMoment waits until more than so many rows are there, or no more come because it has ended.
func (k *killing) awaitMoment(t *testing.T, rows int, ended <-chan struct{}) {
	t.Helper()
	for rows > 0 {
		if n, _ := k.rows(t); n > rows {
			return
		}
		select {
		case <-ended:
			return
		case <-time.After(4 * time.Millisecond):
		}
	}
}

// SIGKILL at many moments, and now and then of those that go on, too: the last one adds what is missing, and nothing twice, while the server
// may not have noticed yet that the one before is gone.
func TestIngestKilled(t *testing.T) {
	k := newKilling(t)
	moments := 12
	if testing.Short() {
		moments = 4
	}
	partial := 0
	for i := range moments {
		k.anew(t)
		for range 1 + i%3 {
			c := k.ingest()
			if err := c.Start(); err != nil {
				t.Fatal(err)
			}
			ended := make(chan struct{})
			go func() { defer close(ended); _ = c.Wait() }()
			k.awaitMoment(t, killedRows*i/moments, ended)
			time.Sleep(time.Duration(i*7%20) * time.Millisecond)
			_ = c.Process.Kill() // it may have ended
			<-ended
		}
		if n, _ := k.rows(t); n > 0 && n < killedRows {
			partial++
		}
		if out, err := k.ingest().CombinedOutput(); err != nil {
			t.Fatalf("moment %d: %v: %s", i, err, out)
		}
		if all, keys := k.rows(t); all != killedRows || keys != killedRows {
			t.Fatalf("moment %d: %d rows, %d of them different, and not %d", i, all, keys, killedRows)
		}
	}
	if partial == 0 {
		t.Error("none was killed in the middle")
	}
}

// The server is killed, as by a power failure, while rows are written: avadb says so, and goes on once it is back.
func TestIngestWhileTheServerIsKilled(t *testing.T) {
	k := newKilling(t)
	for i := range 3 {
		k.anew(t)
		c := k.ingest()
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		for n := 0; n == 0; n, _ = k.rows(t) { // the first transaction
			time.Sleep(time.Millisecond)
		}
		time.Sleep(time.Duration(i) * 40 * time.Millisecond)
		if err := k.server.Kill(); err != nil {
			t.Fatal(err)
		}
		var exit *exec.ExitError
		if err := c.Wait(); err != nil && (!errors.As(err, &exit) || exit.ExitCode() != 1 && exit.ExitCode() != 3) {
			t.Errorf("it ended with %v", err)
		}
		if err := k.server.StartAgain(t.Context()); err != nil {
			t.Fatal(err)
		}
		k.dial(t)
		if out, err := k.ingest().CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		if all, keys := k.rows(t); all != killedRows || keys != killedRows {
			t.Fatalf("%d rows, %d of them different, and not %d", all, keys, killedRows)
		}
	}
}
