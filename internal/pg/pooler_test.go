package pg

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"avadb/internal/fault"
)

// startPooler runs a real PgBouncer in transaction mode before the shared server, with one connection to it, so
// that what one client leaves behind meets the next. It gives a DSN.
func startPooler(t *testing.T) string {
	t.Helper()
	program, err := findPooler()
	if err != nil {
		t.Fatal(err)
	}
	port := freePort(t)
	folder := filepath.Join(server.Dir, t.Name())
	config := filepath.Join(server.Dir, t.Name()+".ini")
	text := fmt.Sprintf("[databases]\n* = user=postgres host=127.0.0.1 port=%d\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = %d\nunix_socket_dir =\nauth_type = any\n"+
		"pool_mode = transaction\ndefault_pool_size = 1\nadmin_users = postgres\nlogfile = %s.log\n[users]\n", server.Port, port, folder)
	if err := os.WriteFile(config, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	var output bytes.Buffer
	command := server.Command(context.WithoutCancel(t.Context()), program, config) // ended by Cleanup, gently
	command.Stdout, command.Stderr = &output, &output
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = command.Process.Signal(syscall.SIGTERM)
		_ = command.Wait()
		if t.Failed() {
			t.Log(output.String())
		}
	})
	dsn := fmt.Sprintf("host=127.0.0.1 port=%d user=postgres dbname=postgres", port)
	waitFor(t, func() bool {
		c, err := new(net.Dialer).DialContext(t.Context(), "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err == nil {
			_ = c.Close()
		}
		return err == nil
	})
	return dsn
}

// findPooler looks where Debian puts it, which is not on every user's PATH.
func findPooler() (string, error) {
	const debian = "/usr/sbin/pgbouncer"
	if _, err := os.Stat(debian); err == nil {
		return debian, nil
	}
	return "", fmt.Errorf("no pgbouncer at %s: install the package pgbouncer", debian)
}

func freePort(t *testing.T) int {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // closed at once
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().(*net.TCPAddr).Port
}

func TestPooler(t *testing.T) {
	dsn := startPooler(t)
	c := mustConnect(t, dsn, Options{Class: High})
	if !c.Server.Pooler || c.Server.Port != server.Port {
		t.Fatalf("not taken for a pooler: %+v", c.Server)
	}
	for name, want := range map[string]string{"statement_timeout": "10s", "lock_timeout": "5s", "idle_in_transaction_session_timeout": "1min", "application_name": "avadb", "search_path": searchPath} {
		if got := show(t, c, "SHOW "+name); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
	if got := show(t, c, "SELECT $1::text || current_setting('statement_timeout')", "x"); got != "x10s" {
		t.Errorf("with an argument: %s", got)
	}
	if _, err := c.Exec(t.Context(), "SELECT /*avadb*/ 1/0"); fault.As(err) == nil || fault.As(err).SQLState != "22012" {
		t.Errorf("a failing statement: %v", err)
	}
	rows, err := c.Query(t.Context(), "SELECT 1/(g - 3) FROM generate_series(1, 5) g")
	for err == nil && rows.Next() {
	}
	if err == nil {
		err = rows.Err()
	}
	wantFault(t, err, fault.Failed, "22012")
	tx, err := c.BeginReadWrite(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := tx.Rollback(t.Context()); err != nil {
		t.Error(err)
	}
	if err := c.Alive(t.Context()); err != nil {
		t.Error(err)
	}
	mustConnect(t, dsn+" target_session_attrs=primary", Options{}).Close()
	next := mustConnect(t, dsn+" application_name=next", Options{})
	for name, want := range map[string]string{"statement_timeout": "0", "lock_timeout": "0", "idle_in_transaction_session_timeout": "0", "search_path": `"$user", public`} {
		row, err := oneRow(t.Context(), next.Raw().PgConn(), "SHOW "+name)
		if err != nil || row[0] != want {
			t.Errorf("the next client meets %s = %v (%v)", name, row, err)
		}
	}
}

func TestPoolerRefusesChanges(t *testing.T) {
	dsn := startPooler(t)
	_, err := Connect(t.Context(), mustResolve(t, Sources{DSN: dsn}), Options{Changes: true})
	if e := wantFault(t, err, fault.Prerequisite, ""); !strings.Contains(e.Message, "pooler") || e.Hint == "" {
		t.Errorf("message %q, hint %q", e.Message, e.Hint)
	}
	_, err = Connect(t.Context(), mustResolve(t, Sources{DSN: dsn, Env: environment("PGOPTIONS=-c work_mem=1MB")}), Options{})
	if e := wantFault(t, err, fault.Connect, "08P01"); !strings.Contains(e.Hint, "PGOPTIONS") {
		t.Errorf("message %q, hint %q", e.Message, e.Hint)
	}
	_, err = Connect(t.Context(), mustResolve(t, Sources{DSN: dsn, Database: "pgbouncer"}), Options{})
	if e := wantFault(t, err, fault.Connect, ""); !strings.Contains(e.Message, "PgBouncer") {
		t.Errorf("message %q", e.Message)
	}
}

// TestPoolerCancel: the query ends on the server, and PgBouncer lives on.
func TestPoolerCancel(t *testing.T) {
	dsn := startPooler(t)
	for range 5 {
		c := mustConnect(t, dsn, Options{})
		statement := sleeper(t, c, "pooler")
		ctx, stop := context.WithTimeout(t.Context(), 500*time.Millisecond)
		_, err := c.Exec(ctx, statement, 60)
		stop()
		wantFault(t, err, fault.Timeout, "57014")
		if n := running(t, "long/pooler"); n != "0" {
			t.Errorf("%s queries are still running", n)
		}
		c.Close()
	}
	if err := mustConnect(t, dsn, Options{}).Alive(t.Context()); err != nil {
		t.Error(err)
	}
}
