package journal

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"avadb/internal/fault"
)

// undoTimeout bounds what avadb does on its own after a failure or an interrupt.
const undoTimeout = 30 * time.Second

func pidLine() string { return "pid " + strconv.Itoa(os.Getpid()) + "\n" }

// Do changes the server. It returns the closed set; on a failure what had been written is undone, newest first, and
// the error says so. It returns nil, nil where there is nothing to change.
func (j *Journal) Do(ctx context.Context, changes []Change) (*Set, error) {
	return j.Extend(ctx, nil, changes)
}

// Extend is Do within a set that is already there: for what a command can only write after a restart. The lock was free
// in between, and so a set that somebody has rolled back or gone on with since is refused.
func (j *Journal) Extend(ctx context.Context, set *Set, changes []Change) (*Set, error) {
	if len(changes) == 0 {
		return set, nil
	}
	if set == nil {
		var err error
		if set, err = j.newSet(ctx); err != nil {
			return nil, err
		}
	} else if err := j.untouched(ctx, set); err != nil {
		return set, err
	}
	return j.do(ctx, set, changes)
}

func (j *Journal) do(ctx context.Context, set *Set, changes []Change) (*Set, error) {
	first := len(set.Items)
	if err := j.record(ctx, set, changes); err != nil {
		return nil, err
	}
	if err := j.writeAll(ctx, set, first, changes); err != nil {
		return set, j.takeBack(ctx, set, first, changes, err)
	}
	if err := j.closeSet(ctx, set, SetApplied); err != nil {
		return set, err
	}
	return set, j.finishOthers(ctx, set)
}

// finishOthers closes the sets that a crash left open, or a failure partial, and whose missing items this one has written: both
// stand now.
func (j *Journal) finishOthers(ctx context.Context, set *Set) error {
	sets, err := j.Sets(ctx)
	if err != nil {
		return err
	}
	for _, open := range sets {
		unfinished := open.State == SetOpen || open.State == SetPartial
		if open.ID == set.ID || !unfinished || open.IsRollback() || !open.Node.Is(j.node) || !open.isFinishedBy(set) {
			continue
		}
		for i := range open.Items {
			open.Items[i].State = Written
		}
		if err := j.closeSet(ctx, open, SetApplied); err != nil {
			return err
		}
	}
	return nil
}

// isFinishedBy tells whether a later set wrote all that this one had not: the same items, to the same state.
func (s *Set) isFinishedBy(later *Set) bool {
	return !slices.ContainsFunc(s.Items, func(r Record) bool {
		return r.State != Written && !slices.ContainsFunc(later.Items, func(o Record) bool {
			return o.sameItem(r) && o.State == Written && o.Ours.Present == r.Ours.Present && o.Ours.Text() == r.Ours.Text()
		})
	})
}

// untouched proves that a set still is as this command left it.
func (j *Journal) untouched(ctx context.Context, set *Set) error {
	sets, err := j.Sets(ctx)
	if err != nil {
		return err
	}
	at := slices.IndexFunc(sets, func(s *Set) bool { return s.ID == set.ID })
	if at >= 0 && sets[at].Rev == set.Rev && sets[at].State == set.State {
		return nil
	}
	return fault.New(fault.Failed, "nothing more was changed: change set %s was changed by somebody else while the server was restarted", set.ID).
		WithHint("see what became of it: avadb history %s; then run the command again", set.ID)
}

func (j *Journal) newSet(ctx context.Context) (*Set, error) {
	if j.known == nil {
		if _, err := j.Sets(ctx); err != nil {
			return nil, err
		}
	}
	id, err := NextID(j.known, j.o.Now())
	if err != nil {
		return nil, err
	}
	return &Set{
		ID: id, Command: j.o.Command, CommandLine: j.o.CommandLine, Node: j.node,
		Actor: j.o.Actor, Role: j.conn.Server.Role, Host: j.o.Host, StartedAt: j.o.Now().UTC(),
	}, nil
}

// record reads every before and writes the set down, before anything is changed.
func (j *Journal) record(ctx context.Context, set *Set, changes []Change) error {
	if j.lock == nil {
		return errors.New("a change without the lock")
	}
	for _, c := range changes {
		before, err := c.Item.Read(ctx)
		if err != nil {
			return fault.New(fault.KindOf(err), "nothing was changed: read %s: %w", c.Item.Name(), err).WithHint("%s", plainHint(err))
		}
		set.Items = append(set.Items, Record{
			Kind: c.Item.Kind(), Name: c.Item.Name(), Database: c.Item.Database(),
			Before: before, Ours: c.Ours, State: Pending, Irreversible: c.Irreversible,
		})
	}
	set.State, set.FinishedAt = SetOpen, nil
	return j.begin(ctx, set)
}

func (j *Journal) keepConfigFile(set *Set) error {
	if set.ConfigFile != nil || !j.files || j.o.ReadConfigFile == nil || !inConfiguration(set.Items) {
		return nil
	}
	raw := j.o.ReadConfigFile()
	if raw == nil {
		return nil
	}
	name := set.ID + ".auto.conf"
	if err := j.o.Folder.Keep(j.node.SystemIdentifier, name, raw); err != nil {
		return err
	}
	set.ConfigFile = &ConfigFile{Backup: name}
	return nil
}

func (j *Journal) writeAll(ctx context.Context, set *Set, first int, changes []Change) error {
	marked := time.Time{}
	for i, c := range changes {
		record := &set.Items[first+i]
		if err := j.lock.alive(ctx); err != nil {
			return err
		}
		if err := writeOne(ctx, c, record); err != nil {
			return err
		}
		// A mark writes the whole set. Of hundreds of events a crash may leave the last ones open.
		if record.Kind == EventKind && i < len(changes)-1 && time.Since(marked) < betweenMarks {
			continue
		}
		if err := j.mark(ctx, set); err != nil {
			return err
		}
		marked = time.Now()
	}
	return j.settle(ctx, set.Items[first:], set.Items[first:])
}

// betweenMarks is how long events may wait to be marked.
const betweenMarks = 200 * time.Millisecond

// writeOne writes an item and records what came of it. An event for which there was no cause any more is kept, and is no error: the others of
// the set are events of their own.
func writeOne(ctx context.Context, c Change, record *Record) error {
	err := c.Item.Write(ctx, c.Ours)
	var kept *KeptError
	switch {
	case err == nil:
		record.State = Written
	case record.Kind == EventKind && errors.As(err, &kept):
		record.State, record.Error = KeptAsIs, kept.Reason
	default:
		record.State, record.Error = FailedItem, err.Error()
		return fault.New(fault.KindOf(err), "write %s: %w", c.Item.Name(), err).WithHint("%s", plainHint(err)).WithSQLState(stateOf(err))
	}
	return nil
}

// settle lets the server take what was written, where any of the touched items stands in its configuration.
func (j *Journal) settle(ctx context.Context, touched, written []Record) error {
	if j.o.Settle == nil || !inConfiguration(touched) {
		return nil
	}
	return j.o.Settle(ctx, written)
}

// takeBack undoes a half-made set, newest first, and says in the error what it did. It goes on after an interrupt.
func (j *Journal) takeBack(ctx context.Context, set *Set, first int, changes []Change, cause error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoTimeout)
	defer cancel()
	if err := errors.Join(j.lock.alive(ctx), j.conn.Alive(ctx)); err != nil {
		next := "rollback"
		if set.EventsAlone() { // which happened cannot be told, and none of them can be undone
			next = "history"
		}
		return fault.New(fault.KindOf(cause), "%w; the connection is lost, so change set %s stays open", cause, set.ID).
			WithHint("when the server is back: avadb %s %s", next, set.ID).WithSQLState(stateOf(cause))
	}
	var did takenBack
	for i, c := range slices.Backward(changes) {
		record := &set.Items[first+i]
		if record.State == Pending {
			record.State = RolledBack
			continue
		}
		wrote, err := j.undoOne(ctx, c.Item, record)
		var kept *KeptError
		switch {
		case errors.As(err, &kept):
			record.State, record.Error = KeptAsIs, kept.Reason
			did.kept = append(did.kept, kept.Reason)
			continue
		case err != nil:
			record.State, record.Error = FailedItem, err.Error()
			did.failed++
			continue
		}
		record.State = RolledBack
		if wrote {
			did.undone++
		}
	}
	return j.reportTakeBack(ctx, set, first, cause, did)
}

// takenBack counts what became of the items of a set that failed half-way.
type takenBack struct {
	undone, failed int
	kept           []string // with the reason of each
}

func (j *Journal) undoOne(ctx context.Context, item Item, record *Record) (wrote bool, err error) {
	now, err := item.Read(ctx)
	if err != nil || item.Same(now, record.Before) {
		return false, err
	}
	return true, item.Write(ctx, record.Before)
}

func (j *Journal) reportTakeBack(ctx context.Context, set *Set, first int, cause error, did takenBack) error {
	if err := j.settle(ctx, set.Items[first:], nil); err != nil {
		j.o.Log.Warn("reload after undoing: " + err.Error())
	}
	state := SetUndone
	if did.failed > 0 || len(did.kept) > 0 || first > 0 {
		state = SetPartial
	}
	closeErr := j.closeSet(ctx, set, state)
	out := fault.New(fault.KindOf(cause), "%w; what had been changed (%d) was undone", cause, did.undone).
		WithHint("%s", plainHint(cause)).WithSQLState(stateOf(cause))
	switch {
	case did.failed > 0:
		out = fault.New(fault.KindOf(cause), "%w; %d of the changes could be undone, %d could not", cause, did.undone, did.failed).
			WithHint("see what stands: avadb history %s", set.ID).WithSQLState(stateOf(cause))
	case len(did.kept) > 0:
		out = fault.New(fault.KindOf(cause), "%w; kept: %s", cause, strings.Join(did.kept, "; ")).
			WithHint("%s", plainHint(cause)).WithSQLState(stateOf(cause))
	}
	if closeErr != nil {
		return errors.Join(out, closeErr)
	}
	return out
}

// closeSet writes the final state, with the fingerprint of the configuration file as avadb left it.
func (j *Journal) closeSet(ctx context.Context, set *Set, state SetState) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoTimeout)
	defer cancel()
	finished := j.o.Now().UTC()
	set.State, set.FinishedAt = state, &finished
	if set.ConfigFile != nil {
		if raw := j.o.ReadConfigFile(); raw != nil {
			sum := sha256.Sum256(raw)
			set.ConfigFile.AfterSHA256 = hex.EncodeToString(sum[:])
		}
	}
	err := j.mark(ctx, set)
	switch {
	case err == nil:
		return nil
	case state == SetUndone:
		return fault.New(fault.Failed, "that it was undone is not in all of the journal: %w", err).WithHint("avadb history %s shows what is", set.ID)
	}
	return fault.New(fault.Failed, "the change was made, but the journal could not be closed: %w", err).
		WithHint("avadb history %s shows it; avadb rollback %s undoes it", set.ID, set.ID)
}

func plainHint(err error) string {
	if f := fault.As(err); f != nil {
		return f.Hint
	}
	return ""
}

func stateOf(err error) string {
	if f := fault.As(err); f != nil {
		return f.SQLState
	}
	return ""
}

// OpenSets gives the sets that a crash left open on this node, and that can be undone or finished: events alone cannot.
func (j *Journal) OpenSets(sets []*Set) []*Set {
	var open []*Set
	for _, s := range sets {
		if s.State == SetOpen && s.Node.Is(j.node) && s.UndoneBy == nil && !s.EventsAlone() {
			open = append(open, s)
		}
	}
	return open
}

// Node is the server this journal is of.
func (j *Journal) Node() Node { return j.node }
