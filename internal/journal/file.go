package journal

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/google/uuid"
)

// Folder is the journal on disk: one folder for each system identifier, one file for each set.
type Folder struct{ Root string }

// StateHome is where avadb keeps its state: $XDG_STATE_HOME/avadb, or what the platform has for it.
func StateHome(env func(string) string) (string, error) {
	if dir := env("XDG_STATE_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "avadb"), nil
	}
	if dir := env("LOCALAPPDATA"); dir != "" {
		return filepath.Join(dir, "avadb"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("no home folder and no XDG_STATE_HOME: %w", err)
	}
	return filepath.Join(home, ".local", "state", "avadb"), nil
}

// Path is the file of a set.
func (f Folder) Path(systemIdentifier, id string) string {
	return filepath.Join(f.dir(systemIdentifier), id+".json")
}

func (f Folder) dir(systemIdentifier string) string {
	return filepath.Join(f.Root, "journal", systemIdentifier)
}

// Prepare makes the folder, 0700, and proves that it can be written.
func (f Folder) Prepare(systemIdentifier string) error {
	dir := f.dir(systemIdentifier)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	probe, err := os.CreateTemp(dir, ".probe-*")
	if err != nil {
		return err
	}
	return errors.Join(probe.Close(), os.Remove(probe.Name()))
}

// Write stores a set so that a crash leaves either the old file or the new one.
func (f Folder) Write(s *Set) error {
	raw, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	return f.writeFile(s.Node.SystemIdentifier, s.ID+".json", append(raw, '\n'))
}

// Remove takes a set's file away, and the copy beside it.
func (f Folder) Remove(s *Set) error {
	paths := []string{f.Path(s.Node.SystemIdentifier, s.ID)}
	if s.ConfigFile != nil {
		paths = append(paths, filepath.Join(f.dir(s.Node.SystemIdentifier), filepath.Base(s.ConfigFile.Backup)))
	}
	var failed error
	for _, path := range paths {
		if err := os.Remove(path); !errors.Is(err, os.ErrNotExist) {
			failed = errors.Join(failed, err)
		}
	}
	return failed
}

// Keep stores bytes beside a set's file, such as a copy of postgresql.auto.conf.
func (f Folder) Keep(systemIdentifier, name string, raw []byte) error {
	return f.writeFile(systemIdentifier, name, raw)
}

// Kept reads what Keep stored.
func (f Folder) Kept(systemIdentifier, name string) ([]byte, error) {
	return os.ReadFile(filepath.Join(f.dir(systemIdentifier), filepath.Base(name)))
}

func (f Folder) writeFile(systemIdentifier, name string, raw []byte) error {
	dir := f.dir(systemIdentifier)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	return ReplaceFile(filepath.Join(dir, name), raw, 0o600, KeepOwner(dir))
}

// ReplaceFile puts new content in a file's place: a temporary file beside it, fsync, rename, fsync of the folder.
// dress, where given, is called with the temporary file before the rename, to keep an owner for example.
func ReplaceFile(path string, raw []byte, mode os.FileMode, dress func(tmp *os.File) error) (err error) {
	dir := filepath.Dir(path)
	tmp, err := os.CreateTemp(dir, ".avadb-*.tmp")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(tmp.Name()))
		}
	}()
	if err := fill(tmp, raw, mode, dress); err != nil {
		return errors.Join(err, tmp.Close())
	}
	if err := tmp.Close(); err != nil {
		return err
	}
	if err := os.Rename(tmp.Name(), path); err != nil {
		return err
	}
	return syncFolder(dir)
}

func fill(tmp *os.File, raw []byte, mode os.FileMode, dress func(*os.File) error) error {
	if _, err := tmp.Write(raw); err != nil {
		return err
	}
	if err := tmp.Chmod(mode); err != nil {
		return err
	}
	if dress != nil {
		if err := dress(tmp); err != nil {
			return err
		}
	}
	return tmp.Sync()
}

// ReadSet reads one set's file.
func ReadSet(path string) (*Set, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	set, err := parseSet(raw)
	if err != nil {
		return nil, fmt.Errorf("journal file %s is damaged: %w", path, err)
	}
	return set, nil
}

func parseSet(raw []byte) (*Set, error) {
	var s Set
	if err := json.Unmarshal(raw, &s); err != nil {
		return nil, err
	}
	// Both become parts of a path.
	if id, err := uuid.Parse(s.ID); err != nil || id.String() != s.ID {
		return nil, fmt.Errorf("it is no change set: its id is %.80q", s.ID)
	}
	if _, err := strconv.ParseUint(s.Node.SystemIdentifier, 10, 64); err != nil {
		return nil, fmt.Errorf("it is no change set: its system identifier is %.80q", s.Node.SystemIdentifier)
	}
	return &s, nil
}

// Sets reads all sets of a server. A damaged file is reported in the second result and hides no other.
func (f Folder) Sets(systemIdentifier string) (sets []*Set, damaged []error, err error) {
	entries, err := os.ReadDir(f.dir(systemIdentifier))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	for _, entry := range entries {
		if !strings.HasSuffix(entry.Name(), ".json") {
			continue
		}
		set, err := ReadSet(filepath.Join(f.dir(systemIdentifier), entry.Name()))
		if err != nil {
			damaged = append(damaged, err)
			continue
		}
		sets = append(sets, set)
	}
	return sets, damaged, nil
}

// FolderOf is the folder that a set's file lies in, as Path made it: ROOT/journal/SYSTEM_IDENTIFIER/ID.json. Not ok for a
// file that was copied elsewhere.
func FolderOf(file string, s *Set) (folder Folder, ok bool) {
	absolute, err := filepath.Abs(file)
	if err != nil {
		return Folder{}, false
	}
	folder = Folder{Root: filepath.Dir(filepath.Dir(filepath.Dir(absolute)))}
	return folder, folder.Path(s.Node.SystemIdentifier, s.ID) == absolute
}
