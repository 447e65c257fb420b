package cmd

import (
	"os/exec"
	"syscall"
	"time"
)

// separate keeps ^C in the console away from a command, which is killed when the demo ends: there are no signals.
func separate(c *exec.Cmd) {
	c.SysProcAttr = &syscall.SysProcAttr{CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP}
}

func awaitGroup(int, time.Duration) {}
