//go:build unix

package pgtest

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"

	"avadb/internal/fault"
)

// Kill ends the server as a power failure would: SIGKILL to the postmaster and to all its children, and waits till they
// are gone. The lock file stays, as after a crash.
func (s *Server) Kill() error {
	pid, err := s.PID()
	if err != nil {
		return fault.New(fault.Failed, "killing the throwaway server: %w", err)
	}
	// Stopped first: a postmaster that runs could have one more child than the list shows.
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		return fault.New(fault.Failed, "killing the throwaway server: %w", err)
	}
	family, err := childrenOf(pid)
	if err != nil {
		return fault.New(fault.Failed, "listing the processes of the throwaway server: %w", err)
	}
	family = append([]int{pid}, family...)
	for _, member := range family {
		if err := syscall.Kill(member, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
			return fault.New(fault.Failed, "killing the throwaway server: %w", err)
		}
	}
	return waitGone(family...)
}

type process struct {
	pid, parent int
	state       string // "Z" is a zombie: dead, but nobody has asked for its exit code
}

func childrenOf(pid int) ([]int, error) {
	all, err := processes()
	if err != nil {
		return nil, err
	}
	var children []int
	for _, p := range all {
		if p.parent == pid {
			children = append(children, p.pid)
		}
	}
	return children, nil
}

// alive says whether a process exists and is no zombie.
func alive(pid int) bool {
	if err := syscall.Kill(pid, 0); errors.Is(err, syscall.ESRCH) {
		return false
	}
	p, err := readProc(pid)
	if err == nil {
		return p.state != "Z"
	}
	if _, err := os.Stat("/proc/self/stat"); err == nil {
		return false // it ended between the two looks
	}
	out, err := exec.Command("ps", "-o", "state=", "-p", strconv.Itoa(pid)).Output() //nolint:noctx,gosec // ends at once; a number
	return err == nil && !strings.HasPrefix(strings.TrimSpace(string(out)), "Z")
}

// processes lists all processes: from /proc where there is one, since a slim container has no ps, else from ps.
func processes() ([]process, error) {
	if _, err := os.Stat("/proc/self/stat"); err == nil {
		return procProcesses()
	}
	out, err := exec.Command("ps", "-axo", "pid=,ppid=,state=").Output() //nolint:noctx // ends at once
	if err != nil {
		return nil, err
	}
	var all []process
	for line := range strings.Lines(string(out)) {
		var p process
		if _, err := fmt.Sscan(line, &p.pid, &p.parent, &p.state); err == nil {
			all = append(all, p)
		}
	}
	return all, nil
}

func procProcesses() ([]process, error) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, err
	}
	var all []process
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		if p, err := readProc(pid); err == nil {
			all = append(all, p)
		}
	}
	return all, nil
}

// readProc reads /proc/PID/stat: "123 (name) S 1 ...", where the name may hold blanks and parentheses.
func readProc(pid int) (process, error) {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return process{}, err
	}
	p := process{pid: pid}
	_, err = fmt.Sscan(string(text[strings.LastIndexByte(string(text), ')')+1:]), &p.state, &p.parent)
	return p, err
}

// ownedByCaller says whether a file belongs to the user of this process.
func ownedByCaller(info fs.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(stat.Uid) == os.Geteuid()
}
