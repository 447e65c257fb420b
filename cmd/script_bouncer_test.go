package cmd

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"syscall"

	"github.com/rogpeppe/go-internal/testscript"
)

// cmdBouncer runs a real PgBouncer with a configuration that avadb wrote: `bouncer FILE`; $BOUNCER is its DSN without a database.
// What a test cannot have is put below the file's own lines: another port, users without passwords, no socket.
func cmdBouncer(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: bouncer FILE")
	}
	server, port := of(ts).server, freePort(ts)
	config, users := filepath.Join(server.Dir, "advised.ini"), filepath.Join(server.Dir, "users.txt")
	ts.Check(os.WriteFile(users, []byte("\"postgres\" \"\"\n"), 0o644))
	text := ts.ReadFile(args[0]) + fmt.Sprintf("listen_port = %d\nauth_type = trust\nauth_file = %s\nunix_socket_dir =\nlogfile = %s.log\nadmin_users = postgres\n", port, users, config)
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
	ts.Setenv("BOUNCER", fmt.Sprintf("host=127.0.0.1 port=%d user=postgres", port))
}
