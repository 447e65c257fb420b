package cmd

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"avadb/internal/fault"
	"avadb/internal/journal"
	"avadb/internal/pg"
	"avadb/internal/probation"
	"avadb/internal/settings"
	"avadb/internal/units"
)

// probationDocument is what came of `tune --probation`.
type probationDocument struct {
	LengthS          float64           `json:"length_s"`           // of the watching, as asked for
	BaselineS        float64           `json:"baseline_s"`         // of the measuring before, as asked for
	MaxRegressionPct float64           `json:"max_regression_pct"` // what may be lost
	LeftOut          []string          `json:"left_out"`           // parameters that take a restart
	Before           *probation.Window `json:"before"`             // measured before the change; null: it was not made
	After            *probation.Window `json:"after"`              // measured with the new values; null: it was not measured to its end
	RegressionPct    *float64          `json:"regression_pct"`     // the larger loss of the two; below 0: a gain; null: not judged
	Verdict          *journal.Verdict  `json:"verdict"`            // what became of the change; null: nobody has judged it
	Reason           string            `json:"reason"`             // of the verdict, with the numbers
	ChangedMeanwhile []string          `json:"changed_meanwhile"`  // what somebody else wrote since: it is kept
	RolledBackBy     *string           `json:"rolled_back_by"`     // change set that undid it; null: it stands
}

// isRolledBack tells that the change does not stand any more.
func (d *probationDocument) isRolledBack() bool { return d != nil && d.RolledBackBy != nil }

func (o tuneOptions) onProbation() bool { return o.probation != "" && !o.dryRun }

// checkProof refuses flags that do not go together.
func (o tuneOptions) checkProof(a *app) error {
	for _, flag := range []string{"baseline", "max-regression"} {
		if o.probation == "" && a.changed(flag) {
			return fault.New(fault.Usage, "--%s goes with --probation", flag)
		}
	}
	if o.probation == "" {
		return nil
	}
	if _, err := o.terms(); err != nil {
		return err
	}
	switch {
	case isForElsewhere(a.format):
		return fault.New(fault.Usage, "--probation watches a change, and -o %s makes none", a.format)
	case o.restartCommand != "":
		return fault.New(fault.Usage, "--probation leaves out what takes a restart, and so does not go with --restart-command").
			WithHint("run tune twice: with --probation, then without")
	}
	return nil
}

func (o tuneOptions) terms() (probation.Terms, error) {
	return probation.ParseTerms(o.probation, o.baseline, o.maxRegression)
}

// leaveOutRestarts is what --probation does to a plan.
func (o tuneOptions) leaveOutRestarts(doc *tuneDocument, snapshot *settings.Snapshot) {
	if o.probation == "" {
		return
	}
	terms, _ := o.terms() // checkProof has looked at them
	doc.Probation = &probationDocument{
		LengthS: terms.Length.Seconds(), BaselineS: terms.Baseline.Seconds(), MaxRegressionPct: terms.MaxRegressionPct,
		LeftOut: snapshot.LeaveOutRestarts(doc.Settings), ChangedMeanwhile: []string{},
	}
	doc.RestartRequired = len(settings.Named(doc.Settings, settings.IsPending)) > 0
}

// write makes the change: one on probation is marked as such before its first value is written.
func (o tuneOptions) write(ctx context.Context, a *app, c *change, changes []journal.Change) (*journal.Set, error) {
	if o.probation == "" {
		return c.journal.Do(ctx, changes)
	}
	terms, err := o.terms()
	if err != nil {
		return nil, err
	}
	return c.journal.DoOnProbation(ctx, changes, journal.Probation{
		Until: a.now().UTC().Add(probation.Settling + terms.Length), LengthS: terms.Length.Seconds(), MaxRegressionPct: terms.MaxRegressionPct,
	})
}

// trial is one run of `tune --probation`.
type trial struct {
	app   *app
	o     tuneOptions
	terms probation.Terms
	conn  *pg.Conn
	doc   *tuneDocument
}

// runTuneProbation measures, changes, measures again and judges. avadb's lock is held for the change and for the judgement,
// and is free while it measures, so that nobody is kept waiting.
func runTuneProbation(ctx context.Context, a *app, o tuneOptions) error {
	terms, err := o.terms()
	if err != nil {
		return err
	}
	if deadline, limited := ctx.Deadline(); limited && time.Until(deadline) < terms.Baseline+probation.Settling+terms.Length {
		return fault.New(fault.Usage, "the probation takes %s and its measuring before %s, and --timeout leaves less",
			units.FormatDuration(terms.Length), units.FormatDuration(terms.Baseline)).WithHint("give it longer with --timeout, or leave that out")
	}
	o.measured = &settings.Measured{}
	return a.withConn(ctx, pg.Options{Class: pg.Normal, Changes: true, IdleForever: true}, func(conn *pg.Conn) error {
		t := &trial{app: a, o: o, terms: terms, conn: conn}
		changes, err := t.prepare(ctx)
		if err != nil {
			return err
		}
		if !changes {
			return a.printTune(o, conn, t.doc)
		}
		before, err := t.measureBefore(ctx)
		if err != nil {
			return err // nothing is changed yet
		}
		if err := t.change(ctx); err != nil {
			return err
		}
		if t.doc.ChangeSet == nil { // somebody else has written the very values meanwhile
			return a.printTune(o, conn, t.doc)
		}
		t.doc.Probation.Before = &before.window
		err = t.watchAndJudge(ctx, before)
		return errors.Join(a.printTune(o, conn, t.doc), err)
	})
}

// prepare plans, so that what is refused is refused before minutes of measuring, and asks the person.
func (t *trial) prepare(ctx context.Context) (changes bool, err error) {
	a := t.app
	if t.doc, err = planTune(ctx, a, t.o, t.conn); err != nil {
		return false, err
	}
	names := settings.Named(t.doc.Settings, settings.IsSet)
	if out := t.doc.Probation.LeftOut; len(out) > 0 {
		a.log.Info("left out, because it takes a restart: " + strings.Join(out, ", "))
	}
	if len(names) == 0 {
		return false, nil
	}
	if err := settings.WriteAccess(ctx, t.conn, names, t.doc.Settings); err != nil {
		return false, err
	}
	if err := t.alone(ctx); err != nil {
		return false, err
	}
	if a.asks() {
		question := fmt.Sprintf("Set these %d parameters on %s, for %s on probation?", len(names), t.conn.Server.Where(), units.FormatDuration(t.terms.Length))
		if err := a.confirm(ctx, t.doc.Settings, question); err != nil {
			return false, err
		}
	}
	return true, nil
}

// alone refuses a second probation beside one that is watched: each would measure the other's change.
func (t *trial) alone(ctx context.Context) error {
	j, err := t.app.openJournal(ctx, t.conn)
	if err != nil {
		return err
	}
	defer j.Close()
	sets, err := j.Sets(ctx)
	if err != nil {
		return err
	}
	waiting, watched, err := j.OnProbation(ctx, sets)
	if err == nil && watched && len(waiting) > 0 {
		last := waiting[len(waiting)-1]
		err = fault.New(fault.Locked, "change set %s is on probation until %s, and two at a time cannot be judged", last.ID, clock(last.Probation.Until)).
			WithHint("wait for it, or undo it: avadb rollback %s", last.ID)
	}
	return err
}

func clock(at time.Time) string { return at.UTC().Format("2006-01-02 15:04:05 MST") }

// baseline is what was measured before the change.
type baseline struct {
	window probation.Window
	end    probation.Moment
}

func (t *trial) measureBefore(ctx context.Context) (*baseline, error) {
	t.app.log.Info("measuring for " + units.FormatDuration(t.terms.Baseline) + " before the change")
	begin, err := probation.Read(ctx, t.conn)
	if err != nil {
		return nil, err
	}
	if begin.WithoutStatements != nil {
		t.app.log.Info(fmt.Sprintf("throughput alone will be judged, without the time per statement: %s", begin.WithoutStatements))
	}
	if err := sleep(ctx, t.terms.Baseline); err != nil {
		return nil, pg.Describe(ctx, err)
	}
	end, err := probation.Read(ctx, t.conn)
	if err != nil {
		return nil, err
	}
	window, ok := begin.Until(end)
	if !ok {
		return nil, fault.New(fault.Failed, "the server's counters were reset while it was measured, nothing was changed").WithHint("run the command again")
	}
	return &baseline{window, end}, nil
}

// change plans once more, under the lock, and writes. A plan that has become another one while it was measured is not what
// was asked for.
func (t *trial) change(ctx context.Context) error {
	planned := settings.ConfLines(t.doc.Settings)
	quiet := *t.app // the warnings were given and the question was asked
	quiet.flags.yes, quiet.log = true, slog.New(slog.DiscardHandler)
	return t.app.withChange(ctx, t.conn, false, func(c *change) error {
		again, err := planTune(ctx, &quiet, t.o, c.conn)
		if err != nil {
			return err
		}
		if !slices.Equal(settings.ConfLines(again.Settings), planned) {
			return fault.New(fault.Failed, "nothing was changed: the configuration was changed by somebody else during the measuring before").
				WithHint("run the command again")
		}
		doc, err := applyTune(ctx, &quiet, t.o, c)
		if err == nil {
			t.doc = doc
		}
		return err
	})
}

// watchAndJudge is what follows the change. Whatever ends it, the document says what became of the change.
func (t *trial) watchAndJudge(ctx context.Context, before *baseline) error {
	t.app.watching = *t.doc.ChangeSet
	after, obstacle, err := t.watch(ctx, before)
	switch {
	case ctx.Err() != nil: // ^C, SIGTERM or --timeout: what nobody will judge must not stay
		return t.interrupted(ctx)
	case err != nil:
		return fault.New(fault.KindOf(err), "change set %s stands and is not judged: %w", *t.doc.ChangeSet, err).
			WithHint("when the server is back: avadb rollback %s undoes it", *t.doc.ChangeSet)
	case obstacle != "":
		return t.settle(ctx, probation.Judgement{Reason: obstacle})
	}
	verdict := probation.Judge(&before.window, after, t.terms.MaxRegressionPct)
	t.doc.Probation.After, t.doc.Probation.RegressionPct = after, verdict.RegressionPct
	return t.settle(ctx, verdict)
}

// judgeTimeout bounds what is done after an interrupt.
const judgeTimeout = time.Minute

func (t *trial) interrupted(ctx context.Context) error {
	cause := pg.Describe(ctx, ctx.Err())
	bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), judgeTimeout)
	defer cancel()
	t.app.log.Info("stopped on probation: rolling back")
	err := t.settle(bounded, probation.Judgement{Judged: true, Regressed: true, Reason: "avadb was stopped before the probation was over"})
	id := *t.doc.ChangeSet
	switch {
	case t.doc.Probation.RolledBackBy != nil && fault.KindOf(err) == fault.Found:
		return fault.New(fault.KindOf(cause), "%w; change set %s was rolled back", cause, id).WithHint("%s", hintOf(cause))
	case err == nil:
		err = errors.New("it stands")
	}
	return fault.New(fault.KindOf(cause), "%w; change set %s could not be rolled back: %w", cause, id, err).WithHint("avadb rollback %s", id)
}

func hintOf(err error) string {
	if f := fault.As(err); f != nil {
		return f.Hint
	}
	return ""
}
