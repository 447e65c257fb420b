package rehearsal

import (
	"context"
	"os/exec"

	"avadb/internal/fault"
)

// owner is never found on Windows, where the owner of a folder is no user that programs can be run as.
type owner struct{}

func ownerOf(string) (owner, error) {
	return owner{}, fault.New(fault.Prerequisite, "a rehearsal is not possible on Windows")
}

func (owner) apply(*exec.Cmd) {}

func (owner) take(string) error { return nil }

func (owner) reaches(context.Context, string) bool { return false }

func stopAtOnce(c *exec.Cmd) error { return c.Process.Kill() }
