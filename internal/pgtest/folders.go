package pgtest

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"

	"avadb/internal/fault"
)

// socketPathLimit is what a Unix socket's path may have at most, with some air: 107 bytes on Linux, 103 on macOS.
const socketPathLimit = 100

// makeFolder makes the folder of a server, owned by its user.
func makeFolder(o Options, who owner) (string, error) {
	if o.Dir == "" {
		return tempFolder("avadb-", who)
	}
	dir, err := filepath.Abs(o.Dir)
	if err != nil {
		return "", fault.New(fault.Failed, "finding the folder of the throwaway server: %w", err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fault.New(fault.Failed, "making the folder of the throwaway server: %w", err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return "", fault.New(fault.Failed, "looking into the folder of the throwaway server: %w", err)
	}
	if len(entries) > 0 {
		return "", fault.New(fault.Usage, "making a throwaway server in %s: the folder is not empty", dir).WithHint("name an empty or a new folder")
	}
	if err := who.take(dir); err != nil {
		return "", err
	}
	if !who.reaches(dir) {
		_ = os.Remove(dir) // empty still; the message below matters more
		return "", fault.New(fault.Prerequisite, "making a throwaway server in %s: the user %s cannot reach that folder", dir, who.name).
			WithHint("name a folder that every user can enter, such as one below /tmp")
	}
	return dir, nil
}

// tempFolder makes a temporary folder the server's user can reach: root's own TMPDIR may be closed to others.
func tempFolder(prefix string, who owner) (string, error) {
	parents := []string{os.TempDir()}
	if runtime.GOOS != "windows" {
		parents = append(parents, "/tmp", "/var/tmp")
	}
	var failed error
	for _, parent := range parents {
		dir, err := os.MkdirTemp(parent, prefix+"*")
		if err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		if err := who.take(dir); err == nil && who.reaches(dir) {
			return dir, nil
		}
		failed = errors.Join(failed, errors.New("the user "+who.name+" cannot reach "+dir), os.Remove(dir))
	}
	return "", fault.New(fault.Prerequisite, "making a temporary folder for the throwaway server: %w", failed).
		WithHint("set TMPDIR to a folder that every user can enter")
}

// makeSocketFolder makes the folder of the Unix socket: within the server's where that path is short enough.
func makeSocketFolder(dir string, who owner) (string, error) {
	if runtime.GOOS == "windows" {
		return "", nil
	}
	if inside := filepath.Join(dir, "s"); len(inside)+len("/.s.PGSQL.65535.lock") <= socketPathLimit {
		if err := os.Mkdir(inside, 0o700); err != nil {
			return "", fault.New(fault.Failed, "making the socket's folder: %w", err)
		}
		return inside, who.take(inside)
	}
	outside, err := os.MkdirTemp("/tmp", "avadb-s-*")
	if err != nil {
		return "", fault.New(fault.Failed, "making the socket's folder: %w", err)
	}
	return outside, who.take(outside)
}
