package cmd

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"avadb/internal/pgtest"
)

// patience bounds every wait of the scripts: long, because only a failure waits so long.
const patience = time.Minute

const serverUsage = `usage: server start [NAME=VALUE...] | restart [-c NAME=VALUE] | stop | crash | standby`

// cmdServer runs the script's PostgreSQL. `start` takes entries of postgresql.conf and makes the server what avadb
// connects to by itself.
func cmdServer(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf(serverUsage)
	}
	s, ctx := of(ts), context.Background()
	switch what, rest := args[0], args[1:]; {
	case what == "start" && s.server == nil:
		s.start(ts, rest)
	case what == "start" && len(rest) == 0:
		ts.Check(s.server.StartAgain(ctx))
	case what == "restart" && len(rest) == 0:
		ts.Check(s.server.Restart(ctx))
	case what == "restart" && len(rest) == 2 && rest[0] == "-c":
		s.restartWith(ts, rest[1])
	case what == "stop":
		ts.Check(s.server.Stop(ctx, "fast"))
	case what == "crash" && len(rest) == 0:
		ts.Check(s.server.Stop(ctx, "immediate"))
	case what == "standby":
		standby, err := s.server.Standby(ctx, "standby")
		ts.Check(err)
		s.standby = standby
		ts.Setenv("STANDBY", standby.DSN("postgres"))
		ts.Setenv("STANDBY_PGDATA", standby.DataDir)
		ts.Setenv("STANDBY_RESTART", standby.RestartCommand())
	default:
		ts.Fatalf(serverUsage)
	}
}

func (s *script) start(ts *testscript.TestScript, entries []string) {
	settings := map[string]string{}
	for _, entry := range entries {
		name, value, found := strings.Cut(entry, "=")
		if !found {
			ts.Fatalf(serverUsage)
		}
		settings[name] = value
	}
	server, err := pgtest.Start(context.Background(), s.install, pgtest.Options{Settings: settings})
	ts.Check(err)
	s.server = server
	ts.Setenv("AVADB_DSN", server.DSN("postgres"))
	ts.Setenv("PORT", strconv.Itoa(server.Port))
	ts.Setenv("SOCKET", server.SocketDir)
	ts.Setenv("PGDATA", server.DataDir)
	ts.Setenv("RESTART", server.RestartCommand())
}

// restartWith restarts with an option on the postgres command line, which then beats every file.
func (s *script) restartWith(ts *testscript.TestScript, option string) {
	command := s.server.Command(context.Background(), filepath.Join(s.server.Bin, "pg_ctl"),
		"restart", "-D", s.server.DataDir, "-l", s.server.LogFile, "-w", "-s", "-m", "fast", "-o", "-c "+option)
	ts.Check(command.Run())
}

// cmdPooler runs a real PgBouncer in transaction mode before the server, with these lines in its configuration; $POOLER is its DSN.
func cmdPooler(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 || args[0] != "start" {
		ts.Fatalf("usage: pooler start [NAME=VALUE...]")
	}
	server, port := of(ts).server, freePort(ts)
	config := filepath.Join(server.Dir, "pgbouncer.ini")
	// Without passwords (auth_type any) PgBouncer has no user of its own for the server.
	text := fmt.Sprintf("[databases]\n* = user=postgres host=127.0.0.1 port=%d\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = %d\n"+
		"unix_socket_dir =\nauth_type = any\npool_mode = transaction\nadmin_users = postgres\nlogfile = %s.log\n%s\n",
		server.Port, port, config, strings.Join(args[1:], "\n"))
	ts.Check(os.WriteFile(config, []byte(text), 0o644))
	command := server.Command(context.Background(), "/usr/sbin/pgbouncer", "-q", config)
	ts.Check(command.Start())
	ts.Defer(func() {
		_ = command.Process.Signal(syscall.SIGTERM) // it may have ended by itself, which the script has seen
		_ = command.Wait()
	})
	address := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	until(ts, "PgBouncer listens", func() bool {
		conn, err := new(net.Dialer).DialContext(context.Background(), "tcp", address)
		return err == nil && conn.Close() == nil
	})
	ts.Setenv("POOLER", fmt.Sprintf("host=127.0.0.1 port=%d user=postgres dbname=postgres", port))
}

func freePort(ts *testscript.TestScript) int {
	listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // closed at once
	ts.Check(err)
	defer func() { _ = listener.Close() }() // nobody has connected
	return listener.Addr().(*net.TCPAddr).Port
}

func until(ts *testscript.TestScript, what string, reached func() bool) {
	for deadline := time.Now().Add(patience); !reached(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			ts.Fatalf("not after %s: %s", patience, what)
		}
	}
}

func (s *script) close() error {
	s.load.stop()
	var err error
	for _, held := range s.held {
		err = errors.Join(err, held.close())
	}
	for _, server := range []*pgtest.Server{s.standby, s.server} {
		if server != nil {
			err = errors.Join(err, server.Close())
		}
	}
	return err
}
