//go:build unix

package journal

import (
	"os"
	"syscall"
)

// KeepOwner gives a file the owner of another, as root must: a journal or a configuration file that only root can read
// is lost to the one who needs it. Anybody else owns the new file anyway.
func KeepOwner(like string) func(*os.File) error {
	return func(tmp *os.File) error {
		info, err := os.Stat(like)
		if err != nil || os.Geteuid() != 0 {
			return err
		}
		stat, ok := info.Sys().(*syscall.Stat_t)
		if !ok {
			return nil
		}
		return tmp.Chown(int(stat.Uid), int(stat.Gid))
	}
}
