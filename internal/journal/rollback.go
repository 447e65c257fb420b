package journal

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"avadb/internal/fault"
	"avadb/internal/pg"
)

// Rollback is a planned undoing.
type Rollback struct {
	Undoes []string // ids, oldest first
	Items  []Undo
	Set    *Set // the rollback's own set once it is done; nil before, and where there was nothing to undo

	items   []Item
	sets    []*Set // all sets of the server
	targets []*Set
}

// Plan reads what stands and decides what a rollback would do. It writes nothing.
func (j *Journal) Plan(ctx context.Context, sel Selection, factory Factory) (*Rollback, error) {
	sets, err := j.Sets(ctx)
	if err != nil {
		return nil, err
	}
	targets, err := Targets(sets, sel)
	if err == nil && len(targets) == 0 { // that there is nothing to undo is only true where all could be seen
		_, err = j.Complete(ctx)
	}
	if err != nil {
		return nil, err
	}
	if err := j.sameNode(targets, sel.Force); err != nil {
		return nil, err
	}
	records, err := Merged(targets, sel.Only)
	if err != nil {
		return nil, err
	}
	r := &Rollback{sets: sets, targets: targets}
	for _, t := range targets {
		r.Undoes = append(r.Undoes, t.ID)
	}
	for _, record := range records {
		if err := r.add(ctx, record, sel.Force, factory); err != nil {
			return nil, err
		}
	}
	return r, nil
}

func (j *Journal) sameNode(targets []*Set, force bool) error {
	for _, t := range targets {
		if !force && !t.Node.Is(j.node) {
			return fault.New(fault.Prerequisite,
				"change set %s was made on another node (%s; this one is %s), and postgresql.auto.conf is not replicated", t.ID, t.Node, j.node).
				WithHint("connect to that node, or give --force if this is the same server, moved or promoted since")
		}
	}
	return nil
}

func (r *Rollback) add(ctx context.Context, record Record, force bool, factory Factory) error {
	item, err := factory(record)
	if err != nil {
		return err
	}
	now, err := item.Read(ctx)
	if err != nil {
		return fault.New(fault.KindOf(err), "nothing was changed: read %s: %w", record.Name, err).
			WithHint("%s", plainHint(err)).WithSQLState(stateOf(err))
	}
	action, reason := Decide(record, now, item.Same, force)
	r.items = append(r.items, item)
	r.Items = append(r.Items, Undo{
		Kind: record.Kind, Name: record.Name, Database: record.Database,
		Before: record.Before, Ours: record.Ours, Now: now, Action: action, Reason: reason,
	})
	return nil
}

// Run carries a plan out under the lock. One item's failure does not stop the others; the Items say what became of each,
// also where the rollback stopped half-way.
func (j *Journal) Run(ctx context.Context, r *Rollback) error {
	if len(r.targets) == 0 {
		return nil
	}
	set, err := j.newSet(ctx)
	if err != nil {
		return err
	}
	set.Undoes, set.State = r.Undoes, SetOpen
	at := make([]int, len(r.Items)) // index of the record of each item, -1 where nothing is written
	for i, u := range r.Items {
		at[i] = -1
		if u.Action == Restored {
			at[i] = len(set.Items)
			set.Items = append(set.Items, Record{
				Kind: u.Kind, Name: u.Name, Database: u.Database, Before: u.Now, Ours: u.Before, State: Pending,
			})
		}
	}
	if err := j.begin(ctx, set); err != nil {
		return err
	}
	r.Set = set
	for i := range r.Items {
		if at[i] < 0 {
			continue
		}
		if err := j.restore(ctx, r, i, &set.Items[at[i]]); err != nil {
			r.notReached(i, set.Items[at[i]:])
			return j.stop(ctx, r, err)
		}
	}
	return j.finish(ctx, r)
}

// restore writes one item back. Only what stops the whole rollback is returned: a lost lock, a cancelled command.
func (j *Journal) restore(ctx context.Context, r *Rollback, i int, record *Record) error {
	if err := j.lock.alive(ctx); err != nil {
		return err
	}
	u := &r.Items[i]
	err := r.stillUsed(i)
	if err == nil {
		err = r.items[i].Write(ctx, record.Ours)
	}
	var kept *KeptError
	switch {
	case err == nil:
		record.State = Written
	case errors.As(err, &kept):
		record.State, u.Action, u.Reason, u.inUse = KeptAsIs, Kept, kept.Reason, true
	case ctx.Err() != nil || j.conn.Alive(ctx) != nil:
		u.Reason = "it stopped here, and may be restored or not"
		return pg.Describe(ctx, err)
	default:
		record.State, record.Error = FailedItem, err.Error()
		u.Action, u.Error = Failing, err.Error()
		if u.Reason = u.Error; plainHint(err) != "" {
			u.Reason += "; " + plainHint(err)
		}
	}
	bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoTimeout)
	defer cancel()
	return j.mark(bounded, r.Set) // what was done is marked also where the command ends at this moment
}

// stillUsed keeps a library whose extension had to stay: the next start would break what depends on it.
func (r *Rollback) stillUsed(i int) error {
	library := r.Items[i]
	if library.Kind != PreloadEntry || library.Before.Present {
		return nil
	}
	for _, u := range r.Items[:i] {
		if u.Kind == ExtensionKind && u.Action == Kept && u.inUse && strings.EqualFold(u.Name, library.Name) {
			return &KeptError{Reason: fmt.Sprintf("the extension in database %s is still used", u.Database)}
		}
	}
	return nil
}

// notReached says of the items from i on, whose records these are, that they were not restored.
func (r *Rollback) notReached(i int, records []Record) {
	for k := range r.Items[i:] {
		u := &r.Items[i+k]
		pending := slices.ContainsFunc(records, func(r Record) bool { return r.State == Pending && r.sameItem(u.record()) })
		if pending && u.Reason == "" {
			u.Reason = NotReached
		}
	}
}

// stop lets the server take what was restored before the rollback stopped, and says in the error which set stays open.
func (j *Journal) stop(ctx context.Context, r *Rollback, cause error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoTimeout)
	defer cancel()
	written := slices.DeleteFunc(slices.Clone(r.Set.Items), func(record Record) bool { return record.State != Written })
	if len(written) > 0 && j.conn.Alive(ctx) == nil {
		if err := j.settle(ctx, written, written); err != nil {
			j.o.Log.Warn("reload after the rollback stopped: " + err.Error())
		}
	}
	return fault.New(fault.KindOf(cause), "%w; rollback %s stopped half-way", cause, r.Set.ID).
		WithHint("run %s again: it goes on from what stands", Again(r.Undoes)).WithSQLState(stateOf(cause))
}

// finish lets the server settle, closes the rollback's set and marks what it went over.
func (j *Journal) finish(ctx context.Context, r *Rollback) error {
	bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoTimeout)
	defer cancel() // everything is written back: an interrupt that comes now must not leave it half marked
	settleErr := j.settle(ctx, r.Set.Items, r.Set.Items)
	if settleErr != nil && ctx.Err() != nil {
		settleErr = j.settle(bounded, r.Set.Items, r.Set.Items)
	}
	state := SetApplied
	if r.count(Failing) > 0 || settleErr != nil {
		state = SetPartial
	}
	if err := errors.Join(settleErr, j.closeSet(ctx, r.Set, state)); err != nil {
		return err
	}
	var failed error
	for _, changed := range Conclude(r.sets, r.targets, r.Items, r.Set.ID) {
		failed = errors.Join(failed, j.mark(bounded, changed))
	}
	return failed
}

// Again names the command that goes over these sets once more. Without an ID it could take another one by now.
func Again(undoes []string) string {
	if len(undoes) == 1 {
		return "avadb rollback " + undoes[0]
	}
	return "the same avadb rollback"
}

// Undone tells what became of the sets that the rollback went over: those that are undone by it; of them those of which an item was
// kept; and the others, where an item failed or was not asked for. Oldest first.
func (r *Rollback) Undone() (undone, inPart, others []string) {
	for _, t := range r.targets {
		switch {
		case r.Set == nil || t.State != SetUndone || t.UndoneBy == nil || *t.UndoneBy != r.Set.ID:
			others = append(others, t.ID)
		case r.kept(t):
			inPart = append(inPart, t.ID)
		default:
			undone = append(undone, t.ID)
		}
	}
	return undone, inPart, others
}

// kept tells that an item of the set was kept.
func (r *Rollback) kept(of *Set) bool {
	return slices.ContainsFunc(r.Items, func(u Undo) bool {
		return u.Action == Kept && slices.ContainsFunc(of.Items, func(i Record) bool { return i.sameItem(u.record()) })
	})
}

func (r *Rollback) count(a Action) int {
	n := 0
	for _, u := range r.Items {
		if u.Action == a {
			n++
		}
	}
	return n
}

// Changes tells whether the plan would write anything.
func (r *Rollback) Changes() bool { return r.count(Restored) > 0 }
