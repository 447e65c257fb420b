// Package pgtest runs a throwaway PostgreSQL of a wanted major: for `avadb demo` and for the tests. The servers are
// real and fast, not durable: fsync is off and everyone on this machine may connect as the superuser postgres. As root
// it drops to an unprivileged user, since PostgreSQL refuses to run as root.
package pgtest

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"avadb/internal/fault"
)

// Options say how a server is made. The zero value is a server in a temporary folder on a free port.
type Options struct {
	Dir      string            // everything of the server; must be empty or absent; "" is a temporary folder
	Port     int               // TCP on 127.0.0.1; 0 is a free one
	Settings map[string]string // go to postgresql.conf, unquoted: {"work_mem": "8MB"}
	Name     string            // cluster_name, seen in ps and in SHOW
	Fresh    bool              // runs initdb instead of copying the cached template: 1 s slower, with an own system identifier
}

// Server is one running or stopped throwaway server. It is not safe for concurrent use.
type Server struct {
	Install
	Dir       string // holds everything below; Close removes it
	DataDir   string // PGDATA
	SocketDir string // unix_socket_directories; empty on Windows
	LogFile   string // what the server writes to stderr
	Port      int

	owner  owner
	closed bool
}

// portTries is how often another free port is tried when somebody else took the one just found.
const portTries = 5

// Start makes a server and waits until it accepts connections. An interrupt in the terminal does not reach the server,
// so the caller cleans up in its own order; it must call Close. When Start fails nothing is left behind.
func Start(ctx context.Context, in Install, o Options) (*Server, error) {
	s, err := newServer(in, o)
	if err != nil {
		return nil, err
	}
	if err := s.fill(ctx, o); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	if err := s.firstStart(ctx, o.Port, func() error { return s.configure(o) }); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// newServer makes the folders of a server.
func newServer(in Install, o Options) (*Server, error) {
	who, err := currentOwner()
	if err != nil {
		return nil, err
	}
	if in, err = readableInstall(in, who); err != nil {
		return nil, err
	}
	dir, err := makeFolder(o, who)
	if err != nil {
		return nil, err
	}
	s := &Server{Install: in, Dir: dir, DataDir: filepath.Join(dir, "data"), LogFile: filepath.Join(dir, "server.log"), owner: who}
	if s.SocketDir, err = makeSocketFolder(dir, who); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// firstStart picks the port, writes the configuration and starts, again with another port when somebody was faster.
func (s *Server) firstStart(ctx context.Context, port int, configure func() error) error {
	pristine, err := os.ReadFile(s.confFile())
	if err != nil {
		return fault.New(fault.Failed, "reading the new server's configuration: %w", err)
	}
	for try := 1; ; try++ {
		if s.Port = port; port == 0 {
			if s.Port, err = freePort(ctx); err != nil {
				return err
			}
		}
		if err := s.owner.writeFile(s.confFile(), pristine); err != nil {
			return err
		}
		if err := configure(); err != nil {
			return err
		}
		err := s.StartAgain(ctx)
		if err == nil || port != 0 || try == portTries || !s.portTaken() {
			return err
		}
		if err := os.Remove(s.LogFile); err != nil {
			return fault.New(fault.Failed, "removing the log of a failed start: %w", err)
		}
	}
}

// portTaken tells from the log whether the last start failed because the port was in use.
func (s *Server) portTaken() bool {
	log, err := os.ReadFile(s.LogFile)
	return err == nil && strings.Contains(string(log), "could not bind")
}

// Stop stops the server with pg_ctl's mode: "smart", "fast" or "immediate". One that is not running stays so.
func (s *Server) Stop(ctx context.Context, mode string) error {
	pid, err := s.PID()
	if errors.Is(err, fs.ErrNotExist) || err == nil && !alive(pid) {
		return nil
	}
	if err != nil {
		return fault.New(fault.Failed, "stopping the throwaway server: %w", err)
	}
	if err := s.control(ctx, "stop", "-m", mode); err != nil {
		return err
	}
	return waitGone(pid) // pg_ctl waits for the lock file to go, which it does a moment before the process
}

// StartAgain starts a stopped, killed or crashed server and waits until it accepts connections. It finishes what it
// began when ctx ends, so that no half-started server escapes Close.
func (s *Server) StartAgain(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return fault.New(fault.Interrupted, "starting PostgreSQL: %w", err)
	}
	if err := s.dropStaleLocks(); err != nil {
		return err
	}
	return s.control(context.WithoutCancel(ctx), "start")
}

// Restart stops the server fast and starts it again.
func (s *Server) Restart(ctx context.Context) error {
	if err := s.Stop(ctx, "fast"); err != nil {
		return err
	}
	return s.StartAgain(ctx)
}

// Close stops the server at once and removes its folder. A second call does nothing.
//
//nolint:contextcheck // it takes none: cleaning up must work after the caller's context has ended
func (s *Server) Close() error {
	if s.closed {
		return nil
	}
	err := s.Stop(context.Background(), "immediate")
	if err != nil && s.Running() {
		err = s.Kill()
	}
	s.closed = true
	if !strings.HasPrefix(s.SocketDir, s.Dir) {
		err = errors.Join(err, os.RemoveAll(s.SocketDir))
	}
	if err = errors.Join(err, os.RemoveAll(s.Dir)); err != nil {
		return fault.New(fault.Failed, "removing the throwaway server in %s: %w", s.Dir, err)
	}
	return nil
}

// Running says whether the postmaster is there.
func (s *Server) Running() bool {
	pid, err := s.PID()
	return err == nil && alive(pid)
}

// PID is the postmaster's process id as its lock file has it; an fs.ErrNotExist where there is none. After a crash it
// is the id of the dead one.
func (s *Server) PID() (int, error) {
	text, err := os.ReadFile(filepath.Join(s.DataDir, "postmaster.pid"))
	if err != nil {
		return 0, err
	}
	first, _, _ := strings.Cut(string(text), "\n")
	return strconv.Atoi(strings.TrimSpace(first))
}

// dropStaleLocks removes the lock files of a dead postmaster. PostgreSQL does so itself, but not while the dead one is a
// zombie, which it stays in a container whose first process reaps nobody.
func (s *Server) dropStaleLocks() error {
	if pid, err := s.PID(); errors.Is(err, fs.ErrNotExist) || alive(pid) {
		return nil
	}
	locks := []string{filepath.Join(s.DataDir, "postmaster.pid")}
	if s.SocketDir != "" {
		locks = append(locks, filepath.Join(s.SocketDir, ".s.PGSQL."+strconv.Itoa(s.Port)+".lock"))
	}
	for _, lock := range locks {
		if err := os.Remove(lock); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fault.New(fault.Failed, "removing the lock file of a dead server: %w", err)
		}
	}
	return nil
}

func (s *Server) confFile() string { return filepath.Join(s.DataDir, "postgresql.conf") }
