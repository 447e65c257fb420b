//go:build unix

package cmd

import (
	"os"
	"os/exec"
	"syscall"
	"time"
)

// separate gives a command a process group of its own and ends it with an interrupt.
func separate(c *exec.Cmd) {
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	c.Cancel = func() error { return c.Process.Signal(os.Interrupt) }
}

// awaitGroup waits until nothing is left of the group that a command had, but not for ever. Its restart command may
// outlive it; the server itself is in a session of its own.
func awaitGroup(leader int, limit time.Duration) {
	for end := time.Now().Add(limit); syscall.Kill(-leader, 0) == nil && time.Now().Before(end); {
		time.Sleep(20 * time.Millisecond)
	}
}
