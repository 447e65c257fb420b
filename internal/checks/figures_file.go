package checks

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"avadb/internal/fault"
	"avadb/internal/journal"
)

// FigureFolder is where figures are kept: ROOT/figures/SYSTEM_IDENTIFIER/NAME.json.
type FigureFolder struct{ Root string }

const longestName = 64

// CheckName refuses what is no plain file name; its text says what is one.
func CheckName(name string) error {
	const allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"
	if name == "" || len(name) > longestName || strings.Trim(name, allowed) != "" || strings.HasPrefix(name, "-") {
		return errors.New("use up to 64 letters, digits, _ and -, such as before or 2026-01-31")
	}
	return nil
}

func (f FigureFolder) dir(systemIdentifier string) string {
	return filepath.Join(f.Root, "figures", systemIdentifier)
}

func (f FigureFolder) path(systemIdentifier, name string) string {
	return filepath.Join(f.dir(systemIdentifier), name+".json")
}

// Write keeps figures, in the place of older ones of that name: a crash leaves either the old file or the new one.
func (f FigureFolder) Write(s *Saved) error {
	raw, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	dir := f.dir(s.SystemIdentifier)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fault.New(fault.Failed, "keep the figures: %w", err).WithHint("make $XDG_STATE_HOME writable")
	}
	if err := journal.ReplaceFile(f.path(s.SystemIdentifier, s.Name), append(raw, '\n'), 0o600, journal.KeepOwner(dir)); err != nil {
		return fault.New(fault.Failed, "keep the figures: %w", err).WithHint("make $XDG_STATE_HOME writable")
	}
	return nil
}

// Read gives kept figures of a server. An unknown name is a fault.NotFound that lists those there are.
func (f FigureFolder) Read(systemIdentifier, name string) (*Saved, error) {
	path := f.path(systemIdentifier, name)
	raw, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, f.unknown(systemIdentifier, name)
	}
	if err != nil {
		return nil, fault.New(fault.Failed, "read the figures: %w", err)
	}
	var s Saved
	err = json.Unmarshal(raw, &s)
	if err == nil && (s.SchemaVersion == 0 || s.SystemIdentifier == "" || s.SavedAt.IsZero()) {
		err = errors.New("it holds no figures")
	}
	switch {
	case err != nil:
		return nil, fault.New(fault.Failed, "the figures %q are damaged: %s: %w", name, path, err).
			WithHint("avadb verify --save %s makes them anew", name)
	case s.SchemaVersion > 1:
		return nil, fault.New(fault.Failed, "the figures %q are of a newer avadb", name).WithHint("use the avadb that saved them")
	case s.SystemIdentifier != systemIdentifier:
		return nil, fault.New(fault.NotFound, "the figures %q are of another server: its system identifier is %s, and this one's %s", name, s.SystemIdentifier, systemIdentifier).
			WithHint("compare a server with itself; %s came from elsewhere", path)
	}
	return &s, nil
}

func (f FigureFolder) unknown(systemIdentifier, name string) error {
	err := fault.New(fault.NotFound, "there are no figures %q of this server", name)
	if here := namesIn(f.dir(systemIdentifier)); len(here) > 0 {
		return err.WithHint("there are: %s", strings.Join(here, ", "))
	}
	others, _ := filepath.Glob(f.path("*", name)) // of a name that CheckName let pass the pattern is sound
	if len(others) > 0 {
		return err.WithHint("another server has figures of that name; keep some of this one with avadb verify --save %s", name)
	}
	return err.WithHint("none were kept yet: avadb verify --save %s", name)
}

// namesIn lists the figures in a folder.
func namesIn(dir string) []string {
	paths, _ := filepath.Glob(filepath.Join(dir, "*.json")) // as above
	var found []string
	for _, path := range paths {
		found = append(found, strings.TrimSuffix(filepath.Base(path), ".json"))
	}
	slices.Sort(found)
	return found
}
