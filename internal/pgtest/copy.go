package pgtest

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// copyTree copies a folder to dst for the owner, modes included. skip, where given, says which slash-separated paths to
// leave out. Files that vanish meanwhile are no error: the source may be a running server's.
func copyTree(src, dst string, who owner, skip func(path string) bool) error {
	return filepath.WalkDir(src, func(path string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(src, path)
		if err != nil {
			return err
		}
		if skip != nil && skip(filepath.ToSlash(rel)) {
			if entry.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		return copyEntry(path, filepath.Join(dst, rel), entry, who)
	})
}

func copyEntry(src, dst string, entry fs.DirEntry, who owner) error {
	info, err := entry.Info()
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	switch {
	case entry.IsDir():
		err = os.MkdirAll(dst, info.Mode().Perm())
	case entry.Type() == fs.ModeSymlink:
		return copyLink(src, dst)
	case entry.Type().IsRegular():
		err = copyFile(src, dst, info.Mode().Perm())
	default:
		return nil // a socket or the like
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return errors.Join(err, who.take(dst))
}

func copyLink(src, dst string) error {
	target, err := os.Readlink(src)
	if err != nil {
		return err
	}
	return os.Symlink(target, dst)
}

// copyFile copies contents and mode; an fs.ErrNotExist where the source is gone.
func copyFile(src, dst string, mode fs.FileMode) error {
	from, err := os.Open(src)
	if err != nil {
		return err
	}
	defer func() { _ = from.Close() }() // only read
	to, err := os.OpenFile(dst, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, mode)
	if err != nil {
		return err
	}
	if _, err := io.Copy(to, from); err != nil {
		return errors.Join(err, to.Close())
	}
	return to.Close()
}
