//go:build unix

package settings

import (
	"errors"
	"syscall"
)

// processLives tells whether a process of that number exists; one that we may not signal does.
func processLives(pid int) bool {
	err := syscall.Kill(pid, 0)
	return err == nil || errors.Is(err, syscall.EPERM)
}
