package journal

import (
	"context"
	"fmt"
	"time"

	"avadb/internal/fault"
	"avadb/internal/pg"
	"avadb/internal/query"
)

// watchKey is the advisory lock of the avadb that watches a set on probation, beside lockKey and writerKey. The lock of
// changes is free meanwhile; this one tells others that somebody will judge.
const watchKey = 3

// Verdict is what became of a probation. It is part of the JSON contract.
type Verdict string

// The verdicts.
const (
	VerdictKept       Verdict = "kept"        // the server is as fast as before
	VerdictNotJudged  Verdict = "not_judged"  // kept, because nothing could be said: too little activity, a restart
	VerdictRolledBack Verdict = "rolled_back" // undone, because the server was slower or avadb was stopped
	VerdictEnded      Verdict = "ended"       // somebody else rolled it back meanwhile
)

// Probation is how long a set is watched before it is kept for good.
type Probation struct {
	Until            time.Time  `json:"until"`              // when it is judged
	LengthS          float64    `json:"length_s"`           // of the watching
	MaxRegressionPct float64    `json:"max_regression_pct"` // what may be lost of throughput or time per statement
	Verdict          Verdict    `json:"verdict"`            // empty: nobody has judged it
	Reason           string     `json:"reason"`             // one sentence
	JudgedAt         *time.Time `json:"judged_at"`          // null: nobody has
}

// DoOnProbation is Do for a set that is judged later.
func (j *Journal) DoOnProbation(ctx context.Context, changes []Change, p Probation) (*Set, error) {
	if len(changes) == 0 {
		return nil, nil
	}
	set, err := j.newSet(ctx)
	if err != nil {
		return nil, err
	}
	set.Probation = &p
	return j.do(ctx, set, changes)
}

// Judge writes down what became of a probation. Needs the lock.
func (j *Journal) Judge(ctx context.Context, id string, verdict Verdict, reason string) error {
	sets, err := j.Sets(ctx)
	if err != nil {
		return err
	}
	set, err := Find(sets, id)
	if err != nil {
		return err
	}
	if set.Probation == nil {
		return fault.New(fault.Failed, "change set %s was never on probation", id)
	}
	now := j.o.Now().UTC()
	set.Probation.Verdict, set.Probation.Reason, set.Probation.JudgedAt = verdict, reason, &now
	return j.mark(ctx, set)
}

// onProbation tells whether a set waits for its verdict: one that is undone needs none.
func (s *Set) onProbation() bool {
	return s.Probation != nil && s.Probation.Verdict == "" && s.State != SetUndone
}

// Unjudged gives the sets whose probation is over and that nobody judged: avadb was killed, or lost the server.
func Unjudged(sets []*Set, now time.Time) []*Set {
	var found []*Set
	for _, s := range sets {
		if s.onProbation() && now.After(s.Probation.Until) {
			found = append(found, s)
		}
	}
	return found
}

// UnjudgedSentence says it to a person.
func (s *Set) UnjudgedSentence() string {
	return fmt.Sprintf("change set %s was on probation until %s and nobody judged it; avadb rollback %s undoes it",
		s.ID, s.Probation.Until.UTC().Format("2006-01-02 15:04:05 MST"), s.ID)
}

// OnProbation gives the sets of this node that wait for their verdict, and whether an avadb still watches.
func (j *Journal) OnProbation(ctx context.Context, sets []*Set) (waiting []*Set, watched bool, err error) {
	for _, s := range sets {
		if s.onProbation() && s.Node.Is(j.node) {
			waiting = append(waiting, s)
		}
	}
	if len(waiting) == 0 {
		return nil, false, nil
	}
	holders, err := query.Rows[holder](ctx, j.side, "journal/lock_holders", lockClass, watchKey, []int32{})
	return waiting, len(holders) > 0, err
}

// MarkWatcher says, as long as the connection lives, that its avadb watches a set on probation.
func MarkWatcher(ctx context.Context, conn *pg.Conn) error {
	_, err := query.One[struct{ Locked bool }](ctx, conn, "journal/try_lock_shared", lockClass, watchKey)
	return err
}
