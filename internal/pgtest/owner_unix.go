//go:build unix

package pgtest

import (
	"errors"
	"os"
	"os/exec"
	"os/user"
	"strconv"
	"syscall"

	"avadb/internal/fault"
)

// owner is the operating system user the server runs as. The zero value is the caller.
type owner struct {
	name     string
	uid, gid uint32
	drops    bool // root gives up its rights for this user
}

// currentOwner is the caller, or the user root drops to: postgres where there is one, else nobody.
func currentOwner() (owner, error) {
	if os.Geteuid() != 0 {
		return owner{}, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		account, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, uidErr := strconv.ParseUint(account.Uid, 10, 32)
		gid, gidErr := strconv.ParseUint(account.Gid, 10, 32)
		if err := errors.Join(uidErr, gidErr); err != nil {
			return owner{}, fault.New(fault.Failed, "reading the ids of the user %s: %w", name, err)
		}
		return owner{name: name, uid: uint32(uid), gid: uint32(gid), drops: true}, nil
	}
	return owner{}, fault.New(fault.Prerequisite, "starting PostgreSQL as root: there is neither a user postgres nor nobody to run it").
		WithHint("run `useradd --system postgres`, or run this as an ordinary user")
}

// apply makes a command run as the owner, in an own process group so that ^C in the terminal does not reach it.
func (o owner) apply(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if o.drops {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: o.uid, Gid: o.gid}
	}
}

// keepDescriptors stops what this process inherited (a pipe of the shell's, of a fuzzing run's) from being inherited by
// the server: as long as that runs, nobody at the other end would see the pipe close. Go's own files never are.
func keepDescriptors() {
	entries, err := os.ReadDir("/dev/fd")
	if err != nil {
		return
	}
	for _, entry := range entries {
		if fd, err := strconv.Atoi(entry.Name()); err == nil && fd > 2 {
			syscall.CloseOnExec(fd)
		}
	}
}

// take gives a file or folder to the owner.
func (o owner) take(path string) error {
	if !o.drops {
		return nil
	}
	if err := os.Lchown(path, int(o.uid), int(o.gid)); err != nil {
		return fault.New(fault.Failed, "giving %s to the user %s: %w", path, o.name, err)
	}
	return nil
}

// reaches says whether the owner can enter a folder, by trying: modes alone do not tell, there are ACLs.
func (o owner) reaches(folder string) bool {
	if !o.drops {
		return true
	}
	cmd := exec.Command("/bin/sh", "-c", `cd "$1"`, "sh", folder) //nolint:noctx,gosec // ends at once; the folder is an argument
	cmd.Dir = "/"
	o.apply(cmd)
	return cmd.Run() == nil
}

// prefix is the start of a shell command line that runs the rest as the owner.
func (o owner) prefix() []string {
	if !o.drops {
		return nil
	}
	for _, words := range [][]string{
		{"runuser", "-u", o.name, "--"},
		{"setpriv", "--reuid=" + o.name, "--regid=" + strconv.Itoa(int(o.gid)), "--clear-groups"},
		{"sudo", "-n", "-u", o.name},
	} {
		if path, err := exec.LookPath(words[0]); err == nil {
			return append([]string{path}, words[1:]...)
		}
	}
	return []string{"su", "-s", "/bin/sh", o.name, "-c", `exec "$0" "$@"`, "--"}
}
