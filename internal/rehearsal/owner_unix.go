//go:build unix

package rehearsal

import (
	"context"
	"os"
	"os/exec"
	"os/user"
	"strconv"
	"syscall"

	"avadb/internal/fault"
)

// owner is the operating system user that owns the data directory.
type owner struct {
	uid, gid uint32
	groups   []uint32 // it belongs to as well: on Debian that of the certificates' keys
	drops    bool     // avadb runs as root and gives its rights up for this user
}

// ownerOf is the owner of a folder, as whom this process can run programs: root as anybody, everybody as himself.
func ownerOf(folder string) (owner, error) {
	info, err := os.Stat(folder)
	if err != nil {
		return owner{}, fault.New(fault.Prerequisite, "look at the data directory: %w", err)
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return owner{}, fault.New(fault.Prerequisite, "the owner of %s cannot be seen", folder)
	}
	who := owner{uid: stat.Uid, gid: stat.Gid}
	switch me := os.Geteuid(); {
	case me == int(stat.Uid) && me != 0:
		return who, nil
	case me != 0:
		return owner{}, fault.New(fault.Prerequisite, "avadb runs as another user than the owner of the data directory").
			WithHint("run it as root or as the owner of %s", folder)
	case stat.Uid == 0:
		return owner{}, fault.New(fault.Prerequisite, "the data directory belongs to root, and PostgreSQL does not run as root")
	}
	who.drops = true
	account, err := user.LookupId(strconv.FormatUint(uint64(stat.Uid), 10))
	if err != nil {
		return who, nil //nolint:nilerr // a number without a name has no further groups
	}
	if gid, err := strconv.ParseUint(account.Gid, 10, 32); err == nil {
		who.gid = uint32(gid)
	}
	names, err := account.GroupIds()
	if err != nil {
		return who, nil //nolint:nilerr // as above
	}
	for _, name := range names {
		if gid, err := strconv.ParseUint(name, 10, 32); err == nil {
			who.groups = append(who.groups, uint32(gid))
		}
	}
	return who, nil
}

// apply makes a command run as the owner, in a process group of its own, so that ^C in the terminal ends avadb first, which
// then ends the command; and not longer than avadb where the system can see to that.
func (o owner) apply(c *exec.Cmd) {
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	endWithParent(c.SysProcAttr)
	if o.drops {
		c.SysProcAttr.Credential = &syscall.Credential{Uid: o.uid, Gid: o.gid, Groups: o.groups}
	}
}

// take gives a file or folder to the owner.
func (o owner) take(path string) error {
	if !o.drops {
		return nil
	}
	return os.Lchown(path, int(o.uid), int(o.gid))
}

// reaches tells whether the owner can enter a folder, by trying: modes alone do not tell.
func (o owner) reaches(ctx context.Context, folder string) bool {
	if !o.drops {
		return true
	}
	c := exec.CommandContext(ctx, "/bin/sh", "-c", `cd "$1"`, "sh", folder) //nolint:gosec // the folder is an argument
	c.Dir = "/"
	o.apply(c)
	return c.Run() == nil
}

// stopAtOnce is how a postmaster is told to stop without a checkpoint.
func stopAtOnce(c *exec.Cmd) error { return c.Process.Signal(syscall.SIGQUIT) }
