package pgtest

import (
	"os/exec"
	"syscall"
)

// owner is the operating system user the server runs as: on Windows always the caller, since pg_ctl itself gives up an
// administrator's rights.
type owner struct{ name string }

func currentOwner() (owner, error) { return owner{}, nil }

// apply keeps ^C in the console away from the command.
func (o owner) apply(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP}
}

// keepDescriptors has nothing to do: Windows' handles are inherited by name only.
func keepDescriptors() {}

func (o owner) take(string) error { return nil }

func (o owner) reaches(string) bool { return true }

func (o owner) prefix() []string { return nil }
