package pgtest

import (
	"io/fs"
	"os/exec"
	"strconv"
	"strings"

	"avadb/internal/fault"
)

// Kill ends the server as a power failure would: the postmaster and all its children, and waits till they are gone.
func (s *Server) Kill() error {
	pid, err := s.PID()
	if err != nil {
		return fault.New(fault.Failed, "killing the throwaway server: %w", err)
	}
	if out, err := exec.Command("taskkill", "/F", "/T", "/PID", strconv.Itoa(pid)).CombinedOutput(); err != nil { //nolint:noctx,gosec // ends at once; a number
		return fault.New(fault.Failed, "killing the throwaway server: %w: %s", err, out)
	}
	return waitGone(pid)
}

// alive says whether a process exists.
func alive(pid int) bool {
	out, err := exec.Command("tasklist", "/NH", "/FI", "PID eq "+strconv.Itoa(pid)).Output() //nolint:noctx,gosec // ends at once; a number
	return err == nil && strings.Contains(string(out), strconv.Itoa(pid))
}

// ownedByCaller is not needed where the caller's own user runs the server.
func ownedByCaller(fs.FileInfo) bool { return true }
