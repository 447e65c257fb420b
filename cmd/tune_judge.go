package cmd

import (
	"context"
	"fmt"
	"strings"
	"time"

	"avadb/internal/fault"
	"avadb/internal/journal"
	"avadb/internal/probation"
)

// settle takes the lock once more, keeps the change or rolls it back, and writes the verdict down. Another avadb that holds
// the lock is waited for.
func (t *trial) settle(ctx context.Context, j probation.Judgement) error {
	var outcome error
	act := func() error {
		return t.app.withChange(ctx, t.conn, false, func(c *change) (err error) {
			outcome, err = t.decide(ctx, c, j)
			return err
		})
	}
	err := t.reach(ctx) // an interrupt may have cut the connection off
	if err == nil {
		err = act()
	}
	for end := time.Now().Add(judgeTimeout); fault.KindOf(err) == fault.Locked && err != nil && time.Now().Before(end); {
		err = act()
	}
	if err != nil {
		return fault.New(fault.KindOf(err), "change set %s could not be judged: %w", *t.doc.ChangeSet, err).
			WithHint("avadb rollback %s undoes it", *t.doc.ChangeSet)
	}
	t.explain()
	return outcome
}

// decide acts on the judgement under the lock. outcome is the command's own error, where the change does not stand.
func (t *trial) decide(ctx context.Context, c *change, j probation.Judgement) (outcome, err error) {
	id, doc := *t.doc.ChangeSet, t.doc.Probation
	sets, err := c.journal.Sets(ctx)
	if err != nil {
		return nil, err
	}
	set, err := journal.Find(sets, id)
	if err != nil {
		return nil, err
	}
	if set.State == journal.SetUndone {
		doc.RolledBackBy = set.UndoneBy
		return t.found(journal.VerdictEnded, "somebody rolled it back meanwhile"), c.journal.Judge(ctx, id, journal.VerdictEnded, "somebody rolled it back meanwhile")
	}
	plan, err := c.journal.Plan(ctx, journal.Selection{ID: id}, c.items(ctx))
	if err != nil {
		return nil, err
	}
	doc.ChangedMeanwhile = append(doc.ChangedMeanwhile, t.touched(plan)...)
	if !j.Regressed {
		verdict := journal.VerdictKept
		if !j.Judged {
			verdict = journal.VerdictNotJudged
		}
		doc.Verdict, doc.Reason = &verdict, j.Reason
		return nil, c.journal.Judge(ctx, id, verdict, j.Reason)
	}
	if err := runPlan(ctx, c, plan); err != nil {
		return nil, err
	}
	doc.RolledBackBy, t.doc.OfflineRollback = &plan.Set.ID, nil
	doc.Reason = j.Reason
	if failed := named(plan.Items, journal.Failing); len(failed) > 0 { // it waits for its verdict still, and so is spoken of
		return verdict{items: plan.Items, undoes: plan.Undoes, kept: plan.StillKept()}.err(), nil
	}
	return t.found(journal.VerdictRolledBack, j.Reason), c.journal.Judge(ctx, id, journal.VerdictRolledBack, j.Reason)
}

// touched names what somebody else wrote since: neither ours nor what stood before.
func (t *trial) touched(plan *journal.Rollback) []string {
	var names []string
	for _, u := range plan.Items {
		if u.Action == journal.Kept || u.Action == journal.Unchanged {
			names = append(names, u.Name)
		}
	}
	return names
}

// found is the error of a change that does not stand after its probation: exit code 5.
func (t *trial) found(verdict journal.Verdict, reason string) error {
	doc := t.doc.Probation
	doc.Verdict, doc.Reason = &verdict, reason
	return fault.New(fault.Found, "change set %s does not stand: %s", *t.doc.ChangeSet, reason).
		WithHint("avadb history %s shows it; a longer --probation at a steady load tells more", *t.doc.ChangeSet)
}

// explain tells what became of the change.
func (t *trial) explain() {
	doc := t.doc.Probation
	if len(doc.ChangedMeanwhile) > 0 {
		t.app.log.Warn("changed by somebody else on probation, and kept: " + strings.Join(doc.ChangedMeanwhile, ", "))
	}
	if doc.Verdict == nil {
		return
	}
	switch *doc.Verdict {
	case journal.VerdictKept:
		t.app.log.Info(fmt.Sprintf("kept: %s", doc.Reason))
	case journal.VerdictNotJudged:
		t.app.log.Warn(fmt.Sprintf("not judged, and kept: %s", doc.Reason))
	case journal.VerdictRolledBack:
		t.app.log.Info(fmt.Sprintf("rolled back by change set %s", *doc.RolledBackBy))
	case journal.VerdictEnded:
	}
}
