package journal

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
)

// syncFolder does nothing: Windows has no fsync of a folder, and its rename is journaled by the file system.
func syncFolder(string) error { return nil }

// tryFlock takes an exclusive lock on an open file without waiting; false where another process has it. The locked
// byte lies far behind the content, which others must be able to read.
func tryFlock(f *os.File) (bool, error) {
	flags := uint32(windows.LOCKFILE_EXCLUSIVE_LOCK | windows.LOCKFILE_FAIL_IMMEDIATELY)
	err := windows.LockFileEx(windows.Handle(f.Fd()), flags, 0, 1, 0, &windows.Overlapped{Offset: 1 << 30})
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) {
		return false, nil
	}
	return err == nil, err
}
