package settings

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"avadb/internal/fault"
)

// serverIsDown refuses while a postmaster lives in the data directory: it would go on with the old values, and an ALTER
// SYSTEM of its own would write over the repair.
func serverIsDown(ctx context.Context, pgdata string) error {
	raw, err := os.ReadFile(filepath.Join(pgdata, "postmaster.pid"))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fault.New(fault.Prerequisite, "see whether the server runs: %w", err).WithHint("run it as root or as the owner of the data directory")
	}
	pid := firstNumber(string(raw))
	if pid <= 0 || !processLives(pid) || livesElsewhere(pid, pgdata) {
		return nobodyAnswers(ctx, pgdata, string(raw))
	}
	return fault.New(fault.Prerequisite, "the server in %s runs (pid %d)", pgdata, pid).
		WithHint("use avadb rollback without --offline, or stop the server first")
}

// nobodyAnswers tells a file that a crash left behind from that of a server in a container, whose processes have other
// numbers here: where something listens at the place that the file names, the server may live.
func nobodyAnswers(ctx context.Context, pgdata, pidFile string) error {
	dialer := net.Dialer{Timeout: time.Second}
	for _, place := range listensAt(pidFile) {
		conn, err := dialer.DialContext(ctx, place.Network(), place.String())
		if err != nil {
			continue
		}
		_ = conn.Close()
		return fault.New(fault.Prerequisite, "the server in %s may run, in a container: something answers at %s, which its postmaster.pid names", pgdata, place).
			WithHint("stop the server first; if another server answers there, remove %s", filepath.Join(pgdata, "postmaster.pid"))
	}
	return nil
}

// listensAt reads the port, the folder of the socket and the first address from lines 4 to 6 of a postmaster.pid; the
// last two are empty where the server does not listen there.
func listensAt(pidFile string) []net.Addr {
	lines := strings.Split(strings.ReplaceAll(pidFile, "\r", ""), "\n")
	if len(lines) < 6 {
		return nil
	}
	port, folder, address := strings.TrimSpace(lines[3]), strings.TrimSpace(lines[4]), strings.TrimSpace(lines[5])
	var places []net.Addr
	if folder != "" {
		places = append(places, &net.UnixAddr{Net: "unix", Name: filepath.Join(folder, ".s.PGSQL."+port)})
	}
	if address == "*" {
		address = "127.0.0.1"
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if ip := net.ParseIP(address); ip != nil && err == nil { // 0.0.0.0 and :: lead to this host
		places = append(places, &net.TCPAddr{IP: ip, Port: int(number)})
	}
	return places
}

// firstNumber is the postmaster's pid on the first line; 0 where it is none.
func firstNumber(text string) int {
	first, _, _ := strings.Cut(text, "\n")
	pid, err := strconv.Atoi(strings.TrimSpace(first))
	if err != nil {
		return 0
	}
	return pid
}

// livesElsewhere tells that the process is another one that was given the number of a dead postmaster: a postmaster's
// working directory is its data directory. False where that cannot be seen.
func livesElsewhere(pid int, pgdata string) bool {
	cwd, err := os.Readlink(filepath.Join("/proc", strconv.Itoa(pid), "cwd"))
	return err == nil && !samePath(cwd, pgdata)
}
