package settings

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"avadb/internal/fault"
)

// serverIsDown refuses while a postmaster lives in the data directory: it would go on with the old values, and an ALTER
// SYSTEM of its own would write over the repair.
func serverIsDown(pgdata string) error {
	raw, err := os.ReadFile(filepath.Join(pgdata, "postmaster.pid"))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fault.New(fault.Prerequisite, "see whether the server runs: %w", err).WithHint("run it as root or as the owner of the data directory")
	}
	pid := firstNumber(string(raw))
	if pid <= 0 || !processLives(pid) || livesElsewhere(pid, pgdata) {
		return nil // a crash left the file behind
	}
	return fault.New(fault.Prerequisite, "the server in %s runs (pid %d)", pgdata, pid).
		WithHint("use avadb rollback without --offline, or stop the server first")
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
