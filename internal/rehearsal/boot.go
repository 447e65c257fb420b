package rehearsal

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"avadb/internal/fault"
	"avadb/internal/pg"
	"avadb/internal/settings"
	"avadb/internal/units"
)

// logLines is how much of a log is shown: the last lines say why a start failed.
const logLines = 15

// Boot starts a scratch cluster with the server's configuration and the plan's values, sees whether it comes up and how
// much shared memory it takes, and removes it. Where it does not come up without the plan's values either, that is no
// verdict on them: not done. The error is that of the context's end alone.
func (s *Site) Boot(ctx context.Context, plan []settings.Setting) (*Result, error) {
	r, err := s.boot(ctx, plan)
	if err != nil || !r.Refuses() {
		return r, err
	}
	before, err := s.boot(ctx, nil)
	if err != nil || !before.Refuses() {
		return r, err
	}
	return notDone(errors.New("a scratch cluster does not start with the configuration as it stands: " + before.Why)), nil
}

func (s *Site) boot(ctx context.Context, plan []settings.Setting) (*Result, error) {
	sh, err := s.makeShadow(ctx)
	if err != nil {
		return notDone(err), nil
	}
	defer sh.remove()
	err = sh.initialise(ctx)
	if err == nil {
		err = sh.configure(plan)
	}
	var c *scratch
	if err == nil {
		c, err = sh.start(ctx)
	}
	if ctx.Err() != nil {
		if c != nil {
			c.stop()
		}
		return nil, pg.Describe(ctx, ctx.Err())
	}
	if err != nil {
		return notDone(err), nil
	}
	defer c.stop()
	r := &Result{Done: true, How: Boot, Log: []string{}}
	switch err := c.ready(ctx); {
	case ctx.Err() != nil:
		return nil, pg.Describe(ctx, ctx.Err())
	case err != nil && !c.gone:
		return notDone(err), nil // it may only be slow
	case err != nil:
		words := c.words()
		r.Passed, r.Why, r.Log = failed(), sh.spoken(words, err), lastLines(words)
	default:
		r.Passed, r.SharedMemoryBytes = passed(), sharedMemory(c.command.Process.Pid)
	}
	return r, nil
}

// initialise runs initdb: a cluster with the server's size of a WAL segment, in which fsync would be for nothing.
func (sh *shadow) initialise(ctx context.Context) error {
	bounded, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	arguments := []string{"-D", sh.data, "-U", "postgres", "-A", "trust", "-N", "--locale=C"}
	if segment, ok := sh.site.now("wal_segment_size"); ok {
		if bytes, err := strconv.ParseInt(segment, 10, 64); err == nil && bytes >= units.MB {
			arguments = append(arguments, "--wal-segsize="+strconv.FormatInt(bytes/units.MB, 10))
		}
	}
	if out, err := sh.command(bounded, "initdb", arguments...).CombinedOutput(); err != nil {
		return fault.New(fault.Prerequisite, "make a scratch cluster: %s", sh.spoken(string(out), err))
	}
	return nil
}

// scratch is a cluster that runs for a moment.
type scratch struct {
	sh      *shadow
	command *exec.Cmd
	log     *os.File
	ended   chan struct{} // closed at the postmaster's end
	err     error         // how it ended
	gone    bool
}

// start starts the postmaster. Nobody but its owner and root can reach its socket, it listens on no address, archives
// nothing and runs no command of the server's configuration.
func (sh *shadow) start(ctx context.Context) (*scratch, error) {
	sockets := filepath.Join(sh.dir, "s")
	if err := errors.Join(os.Mkdir(sockets, 0o700), sh.site.owner.take(sockets)); err != nil {
		return nil, err
	}
	log, err := os.Create(filepath.Join(sh.dir, "log"))
	if err != nil {
		return nil, err
	}
	// Port 1 only names the socket: a worker of a library that connects to localhost must not find the real server.
	arguments := sh.arguments(map[string]string{
		"listen_addresses": "", "unix_socket_directories": sockets, "unix_socket_group": "", "port": "1", "bonjour": "off",
		"archive_command": "", "archive_library": "", "restore_command": "", "archive_cleanup_command": "", "recovery_end_command": "",
		"primary_conninfo": "", "cluster_name": "avadb rehearsal", "stats_temp_directory": "pg_stat_tmp", "fsync": "off",
	})
	c := &scratch{sh: sh, log: log, ended: make(chan struct{})}
	c.command = sh.command(context.WithoutCancel(ctx), "postgres", arguments...) // stop ends it, in good order
	c.command.Stdout, c.command.Stderr = log, log
	if err := c.command.Start(); err != nil {
		return nil, errors.Join(err, log.Close())
	}
	go func() {
		c.err = c.command.Wait()
		close(c.ended)
	}()
	return c, nil
}

// ready waits until the postmaster says in its lock file that it accepts connections. An error says that it ended instead.
func (c *scratch) ready(ctx context.Context) error {
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	for {
		text, err := os.ReadFile(filepath.Join(c.sh.data, "postmaster.pid"))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if lines := strings.Split(string(text), "\n"); len(lines) > 7 && strings.TrimSpace(lines[7]) == "ready" {
			return nil
		}
		select {
		case <-c.ended:
			c.gone = true
			if c.err == nil {
				return errors.New("the server ended by itself")
			}
			return c.err
		case <-ctx.Done():
			return ctx.Err()
		case <-deadline.C:
			return fault.New(fault.Failed, "the scratch cluster was not ready within %s", patience)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// stop ends the postmaster and with it its processes, at once.
func (c *scratch) stop() {
	defer c.log.Close() //nolint:errcheck // it is removed
	if c.gone {
		return
	}
	c.gone = true
	_ = stopAtOnce(c.command) // it may have ended by itself
	select {
	case <-c.ended:
	case <-time.After(10 * time.Second):
		_ = c.command.Process.Kill() // its processes end with it
		<-c.ended
	}
}

func (c *scratch) words() string {
	text, err := os.ReadFile(c.log.Name())
	if err != nil {
		return ""
	}
	return string(text)
}

func lastLines(text string) []string {
	all := strings.Split(strings.TrimSpace(text), "\n")
	return all[max(0, len(all)-logLines):]
}

// sharedMemory adds up what a postmaster has mapped for all its processes: anonymous memory or huge pages, or a segment of
// System V. nil where it cannot be seen.
func sharedMemory(pid int) *int64 {
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "maps"))
	if err != nil {
		return nil
	}
	return mappedShared(string(text))
}

// mappedShared reads lines such as `7f12-7f34 rw-s 00000000 00:01 1234 /dev/zero (deleted)`. The smallest are of no
// account: System V's lock on the data directory is one page.
func mappedShared(maps string) *int64 {
	sum := int64(0)
	for line := range strings.Lines(maps) {
		fields := strings.Fields(line)
		if len(fields) < 6 || fields[1] != "rw-s" {
			continue
		}
		path := fields[5]
		if path != "/dev/zero" && path != "/anon_hugepage" && !strings.HasPrefix(path, "/SYSV") {
			continue
		}
		from, to, _ := strings.Cut(fields[0], "-")
		low, errLow := strconv.ParseInt(from, 16, 64)
		high, errHigh := strconv.ParseInt(to, 16, 64)
		if errLow != nil || errHigh != nil {
			continue
		}
		sum += high - low
	}
	if sum == 0 {
		return nil
	}
	return &sum
}
