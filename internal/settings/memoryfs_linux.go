package settings

import (
	"path/filepath"
	"strconv"
	"syscall"

	"avadb/internal/pg"
)

// sharedMemoryFS is the size in bytes of /dev/shm as the server sees it, in its own container; 0 where it cannot be seen.
func sharedMemoryFS(s pg.Server) int64 {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(filepath.Join("/proc", strconv.Itoa(int(s.BackendPID)), "root/dev/shm"), &fs); err != nil {
		return 0
	}
	return int64(fs.Blocks) * fs.Bsize //nolint:gosec,unconvert // the type of Bsize differs by architecture
}
