package pgtest

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"

	"avadb/internal/fault"
)

// writeFile writes a file that belongs to the owner.
func (o owner) writeFile(path string, content []byte) error {
	if err := errors.Join(os.WriteFile(path, content, 0o600), o.take(path)); err != nil { //nolint:gosec // within the server's own folder
		return fault.New(fault.Failed, "writing %s: %w", path, err)
	}
	return nil
}

// readableInstall gives an installation that the server's user can run: the very one, or a copy below /var/tmp where
// the user cannot enter its folder, as with a cache in the home of root. PostgreSQL finds its libraries and its share
// folder from where the program lies, so a copy works.
func readableInstall(in Install, who owner) (Install, error) {
	if who.reaches(in.Bin) {
		return in, nil
	}
	shelf := filepath.Join("/var/tmp", "avadb-pg-"+strconv.Itoa(os.Geteuid()))
	place := filepath.Join(shelf, filepath.Base(templateFolder(in)))
	moved := Install{Bin: filepath.Join(place, filepath.Base(in.Bin)), Major: in.Major, Version: in.Version}
	if err := ownShelf(shelf); err != nil {
		return Install{}, unreadable(in, who, err)
	}
	if _, err := os.Stat(place); err != nil {
		if err := copyInstall(filepath.Dir(in.Bin), place); err != nil {
			return Install{}, unreadable(in, who, err)
		}
	}
	if !who.reaches(moved.Bin) {
		return Install{}, unreadable(in, who, errors.New("nor "+moved.Bin))
	}
	return moved, nil
}

func unreadable(in Install, who owner, err error) error {
	return fault.New(fault.Prerequisite, "starting PostgreSQL: the user %s cannot enter %s: %w", who.name, in.Bin, err).
		WithHint("set AVADB_PG_CACHE to a folder that every user can enter")
}

// ownShelf makes the folder for copies. One that somebody else made in the shared folder is refused: programs are run
// from it.
func ownShelf(shelf string) error {
	if err := os.Mkdir(shelf, 0o755); err != nil && !errors.Is(err, os.ErrExist) { //nolint:gosec // the server's user must enter
		return err
	}
	info, err := os.Lstat(shelf)
	if err != nil {
		return err
	}
	if !info.IsDir() || !ownedByCaller(info) || info.Mode().Perm()&0o022 != 0 {
		return errors.New(shelf + " belongs to somebody else")
	}
	return nil
}

// copyInstall copies an installation; a rename makes it appear complete or not at all.
func copyInstall(from, to string) error {
	part, err := os.MkdirTemp(filepath.Dir(to), ".part-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(part) }() // already gone where the rename worked
	if err := copyTree(from, part, owner{}, nil); err != nil {
		return err
	}
	if err := os.Chmod(part, 0o755); err != nil { //nolint:gosec // the server's user must enter
		return err
	}
	err = os.Rename(part, to)
	if _, statErr := os.Stat(to); statErr == nil {
		return nil // another process was first
	}
	return err
}
