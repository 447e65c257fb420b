package journal

import (
	"context"
	"errors"
	"strings"

	"avadb/internal/fault"
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
				"change set %s was made on another node (port %d, data directory %q, address %s), and postgresql.auto.conf is not replicated",
				t.ID, t.Node.Port, t.Node.DataDirectory, t.Node.Address).
				WithHint("connect to that node, or give --force if this is the same server, moved")
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

// Run carries a plan out under the lock. One item's failure does not stop the others; the Items say what became of each.
func (j *Journal) Run(ctx context.Context, r *Rollback) error {
	if len(r.targets) == 0 {
		return nil
	}
	set, err := j.newSet()
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
			return err
		}
	}
	return j.finish(ctx, r)
}

// restore writes one item back. Only what stops the whole rollback is returned: a lost lock, a cancelled command.
func (j *Journal) restore(ctx context.Context, r *Rollback, i int, record *Record) error {
	stopped := func(err error) error {
		return fault.New(fault.KindOf(err), "%w; the rollback stopped half-way", err).
			WithHint("run avadb rollback again: it goes on from what stands").WithSQLState(stateOf(err))
	}
	if err := errors.Join(ctx.Err(), j.lock.alive(ctx)); err != nil {
		return stopped(err)
	}
	err := r.items[i].Write(ctx, record.Ours)
	var kept *KeptError
	switch {
	case err == nil:
		record.State = Written
	case errors.As(err, &kept):
		record.State, r.Items[i].Action, r.Items[i].Reason = KeptAsIs, Kept, kept.Reason
	case ctx.Err() != nil || j.conn.Alive(ctx) != nil:
		return stopped(err)
	default:
		record.State, record.Error = FailedItem, err.Error()
		r.Items[i].Action, r.Items[i].Error = Failing, err.Error()
		r.Items[i].Reason = strings.TrimSpace(err.Error() + " " + plainHint(err))
	}
	return j.write(ctx, r.Set)
}

// finish lets the server settle, closes the rollback's set and marks what it went over.
func (j *Journal) finish(ctx context.Context, r *Rollback) error {
	var settleErr error
	if j.o.Settle != nil {
		settleErr = j.o.Settle(ctx, r.Set.Items)
	}
	state := SetApplied
	if r.count(Failing) > 0 || settleErr != nil {
		state = SetPartial
	}
	if err := errors.Join(settleErr, j.closeSet(ctx, r.Set, state)); err != nil {
		return err
	}
	for _, changed := range Conclude(r.sets, r.targets, r.Items, r.Set.ID) {
		if err := j.write(ctx, changed); err != nil {
			return err
		}
	}
	return nil
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
