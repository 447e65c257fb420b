package slowlog

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"avadb/internal/pglog"
)

// followed is a file as the last round left it.
type followed struct {
	info     os.FileInfo
	identity string
}

// Follow reads the files that match the patterns again and again, each time what was added. A file that was renamed away is read to its
// end under its new name, if that is in the same folder; so is the copy of one that was truncated. It goes on until the context ends, or the table fails; report is told of each
// reading that added rows or failed.
func (in *Ingester) Follow(ctx context.Context, patterns []string, every time.Duration, report func(Ingested)) error {
	seen := map[string]followed{}
	said := map[string]string{}
	for {
		for _, name := range pglog.Expand(patterns) {
			if err := in.round(ctx, name, seen, said, report); err != nil {
				return err
			}
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(every):
		}
	}
}

func (in *Ingester) round(ctx context.Context, name string, seen map[string]followed, said map[string]string, report func(Ingested)) error {
	info, err := os.Stat(name)
	before, known := seen[name]
	if err == nil && known && os.SameFile(info, before.info) && info.Size() == before.info.Size() && info.ModTime().Equal(before.info.ModTime()) {
		return nil
	}
	identity, _ := pglog.Identity(name) // what is wrong with it is told when it is read
	if known && before.identity != "" && identity != before.identity {
		if err := in.finish(ctx, name, before, report); err != nil {
			return err
		}
		delete(seen, name)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil // it is being rotated
	}
	done, failed := in.File(ctx, name)
	if failed != nil {
		return failed
	}
	if err == nil {
		seen[name] = followed{info, identity}
	}
	tell(done, said, report)
	return nil
}

// finish reads the rest of a file that has another name now.
func (in *Ingester) finish(ctx context.Context, name string, before followed, report func(Ingested)) error {
	folder := filepath.Dir(name)
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil //nolint:nilerr // the file itself is told of
	}
	for _, e := range entries {
		path := filepath.Join(folder, e.Name())
		if e.IsDir() || path == name {
			continue
		}
		if identity, err := pglog.Identity(path); err != nil || identity != before.identity {
			continue
		}
		done, err := in.File(ctx, path)
		if err == nil {
			tell(done, map[string]string{}, report)
		}
		return err
	}
	return nil
}

// tell says a failure once, and not at each round.
func tell(done Ingested, said map[string]string, report func(Ingested)) {
	if done.Error == nil {
		delete(said, done.Name)
		if done.RowsRead > 0 {
			report(done)
		}
		return
	}
	if said[done.Name] != *done.Error {
		said[done.Name] = *done.Error
		report(done)
	}
}
