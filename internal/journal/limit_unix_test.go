//go:build unix

package journal_test

import "syscall"

// limitFileSize makes every file of this process end at so many bytes, as a full disk would; 0 sets no limit.
func limitFileSize(size uint64) error {
	if size == 0 {
		return nil
	}
	return syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: size, Max: size})
}
