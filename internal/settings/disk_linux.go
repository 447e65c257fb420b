package settings

import "syscall"

// diskFree gives the bytes that an ordinary user may still write to the disk of a folder.
func diskFree(folder string) (int64, bool) {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(folder, &fs); err != nil {
		return 0, false
	}
	return int64(fs.Bavail) * int64(fs.Bsize), true //nolint:gosec // no disk holds 2^63 bytes
}
