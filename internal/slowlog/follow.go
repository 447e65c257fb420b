package slowlog

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"slices"
	"time"

	"avadb/internal/pglog"
)

// followed is a file as the last round left it.
type followed struct {
	info     fs.FileInfo
	identity string
	again    time.Time // it is to be read then, changed or not; zero: it need not be
}

// waitingAgain is after how long a file is read again whose end was not sure.
const waitingAgain = 5 * time.Second

// unchanged tells that a file is the same as before, and has the same length.
func (f *followed) unchanged(now fs.FileInfo) bool {
	same := os.SameFile(now, f.info) || now.Sys() == nil && f.info.Sys() == nil // a server's file is known by its name
	return same && now.Size() == f.info.Size() && now.ModTime().Equal(f.info.ModTime())
}

// follower reads files again and again.
type follower struct {
	*Ingester
	report func(Ingested)
	seen   map[string]followed // by name
	gone   map[string]*moved   // by identity: not found under another name yet
	said   map[string]string   // errors by name, so that each is told once
}

// moved is a file that is not under its name any more.
type moved struct {
	name  string
	tries int // that are left
}

// findTries is in how many rounds a file that was moved is looked for: while it is compressed it can be out of sight for a moment.
const findTries = 60

// Follow reads the files that match the patterns again and again, each time what was added. A file that was renamed away or compressed is
// read to its end under its new name, if that is in the same folder; so is the copy of one that was truncated. It goes on until the context
// ends, or the table fails; report is told of each reading that added rows or failed.
func (in *Ingester) Follow(ctx context.Context, patterns []string, every time.Duration, report func(Ingested)) error {
	f := &follower{Ingester: in, report: report, seen: map[string]followed{}, gone: map[string]*moved{}, said: map[string]string{}}
	for {
		if err := f.round(ctx, patterns); err != nil {
			if in.o.Restore == nil || ctx.Err() != nil {
				return err
			}
			if err := in.o.Restore(ctx, err); err != nil {
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

// round looks at all files once: those that match, and those that did.
func (f *follower) round(ctx context.Context, patterns []string) error {
	names, err := f.o.Logs.Expand(ctx, patterns)
	if err != nil {
		return err
	}
	for name := range f.seen {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	for _, name := range names {
		if err := f.look(ctx, name); err != nil {
			return err
		}
	}
	return f.search(ctx)
}

// look reads what was added to a file, and sees when another one has its name.
func (f *follower) look(ctx context.Context, name string) error {
	info, err := f.o.Logs.Stat(ctx, name)
	before, known := f.seen[name]
	if err == nil && known && before.unchanged(info) && (before.again.IsZero() || time.Now().Before(before.again)) {
		return nil
	}
	identity := ""
	if err == nil {
		identity, _ = pglog.Identity(ctx, name, f.o.Options) // what is wrong with it is told when it is read
	}
	if known && before.identity != "" && identity != before.identity {
		f.gone[before.identity] = &moved{name, findTries}
		delete(f.seen, name)
	}
	if errors.Is(err, fs.ErrNotExist) && known {
		return nil // it is being rotated, or is compressed
	}
	done, failed := f.File(ctx, name)
	if failed != nil {
		return failed
	}
	if err == nil {
		f.seen[name] = followed{info: info, identity: identity}
		if done.waiting {
			f.seen[name] = followed{info, identity, time.Now().Add(waitingAgain)}
		}
	}
	f.tell(done)
	return nil
}

// search reads the rest of the files that have another name now.
func (f *follower) search(ctx context.Context) error {
	for identity, one := range f.gone {
		found, err := f.finish(ctx, one.name, identity)
		if err != nil {
			return err
		}
		if one.tries--; found || one.tries == 0 {
			delete(f.gone, identity)
		}
	}
	return nil
}

// finish reads the rest of a file under the name that it has now, if that is in the same folder. One that is still being compressed is not yet
// found.
func (f *follower) finish(ctx context.Context, name, identity string) (found bool, err error) {
	beside, err := f.o.Logs.Beside(ctx, name)
	if err != nil {
		return false, nil //nolint:nilerr // the file itself is told of
	}
	for _, path := range beside {
		if is, err := pglog.Identity(ctx, path, f.o.Options); err != nil || is != identity {
			continue
		}
		done, err := f.File(ctx, path)
		if err != nil {
			return false, err
		}
		if done.Error == nil {
			f.tell(done)
			return true, nil
		}
	}
	return false, nil
}

// tell says a failure once, and not at each round.
func (f *follower) tell(done Ingested) {
	if done.Error == nil {
		delete(f.said, done.Name)
		if done.RowsRead > 0 {
			f.report(done)
		}
		return
	}
	if f.said[done.Name] != *done.Error {
		f.said[done.Name] = *done.Error
		f.report(done)
	}
}
