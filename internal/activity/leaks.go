package activity

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"avadb/internal/units"
)

// LeakRules say what a program must do to be named. A pool opens a connection only while none of its own is free: sessions that were
// idle at that moment, and have not been used since, are not in its hands any more.
type LeakRules struct {
	IdleFor      time.Duration // unused for at least this long
	IdleSessions int           // more sessions than this
	Apart        time.Duration // a session counts as opened beside idle ones where one of them had been idle for this long: a pool that opens all at its start does so within seconds
	OpenFor      time.Duration // a transaction idle for this long is left open
	OpenSeveral  int           // as are so many in one program that are idle for Rules.IdleInTransaction
	Growth       int           // while watching: more additional sessions than this, four of five of them unused
	GrowthSteps  int           // in at least so many of the samples
	GrowthApart  time.Duration // an additional session counts where it was idle for this long when the newest was opened: less is what a burst looks like
}

// The defaults: pools close or replace what was not used for an hour or sooner (HikariCP 10 and 30 minutes, pgxpool 30 minutes and an hour,
// PgBouncer 10 minutes); what is left is none of theirs.
func defaultLeakRules() LeakRules {
	return LeakRules{
		IdleFor: time.Hour, IdleSessions: 10, Apart: time.Minute, OpenFor: 5 * time.Minute, OpenSeveral: 3, Growth: 4, GrowthSteps: 3, GrowthApart: time.Second,
	}
}

// The reasons of a Leak.
const (
	leakIdle        = "idle"
	leakTransaction = "transaction"
	leakGrowth      = "growth"
)

// Leak is a program that seems to lose connections.
type Leak struct {
	Application string  `json:"application" col:""`     // application_name
	User        string  `json:"user" col:""`            // role of its sessions
	Client      string  `json:"client" col:""`          // address, local for a socket
	Count       int     `json:"count" col:""`           // sessions that speak against it
	Reason      string  `json:"reason" col:""`          // idle, transaction or growth
	OldestS     float64 `json:"oldest_s" col:"num.0"`   // seconds that the first of them has not been used
	Evidence    string  `json:"evidence" col:"elastic"` // why, in a sentence
	End         string  `json:"end" col:"elastic"`      // the command that ends those sessions

	inTransaction bool // they are idle in a transaction
}

// unused is the flag that finds the sessions of a leak. Of a growing one it spares what was in use a moment ago: those are not lost yet.
func (l *Leak) unused(r Rules) []string {
	switch {
	case l.Reason == leakIdle:
		return []string{"--idle", flagDuration(r.Leaks.IdleFor)}
	case l.Reason == leakTransaction, l.inTransaction:
		return []string{"--idle-in-transaction", flagDuration(r.IdleInTransaction)}
	}
	return []string{"--idle", flagDuration(time.Minute)}
}

// program is who opens connections.
type program struct{ application, user, client string }

// programs groups the visible client backends by who opened them.
func (s *Snapshot) programs() map[program][]*Session {
	out := map[program][]*Session{}
	for i := range s.Sessions {
		session := &s.Sessions[i]
		if session.BackendType == clientBackend {
			p := program{session.Application, session.User, session.Client}
			out[p] = append(out[p], session)
		}
	}
	return out
}

// Watch sees a server's sessions again and again.
type Watch struct {
	rules   Rules
	samples map[program][]seen // the newest last; as many as times
	times   []time.Time
}

// seen is one program in one sample.
type seen struct {
	count  int
	newest time.Time // backend_start of its newest session
}

// NewWatch begins without a sample.
func NewWatch(rules Rules) *Watch { return &Watch{rules: rules, samples: map[program][]seen{}} }

// memory is how many samples a Watch keeps.
const memory = 600

// Add takes a sample.
func (w *Watch) Add(s *Snapshot, at time.Time) {
	programs := s.programs()
	for p := range programs {
		if w.samples[p] == nil {
			w.samples[p] = make([]seen, len(w.times))
		}
	}
	w.times = append(w.times, at)
	drop := max(len(w.times)-memory, 0)
	w.times = w.times[drop:]
	for p := range w.samples {
		if len(programs[p]) == 0 { // it has let go of all: nothing grows from here on, and names can be many
			delete(w.samples, p)
			continue
		}
		now := seen{count: len(programs[p])}
		if newest := newestOf(programs[p]); newest != nil {
			now.newest = *newest.Start
		}
		w.samples[p] = append(w.samples[p], now)[drop:]
	}
}

// Leaks names the suspects among the sessions of the newest sample, those with the most sessions first.
func (w *Watch) Leaks(s *Snapshot, ends Ends) []Leak {
	var leaks []Leak
	for p, sessions := range s.programs() {
		for _, found := range []*Leak{w.rules.leftOpen(sessions), w.growing(p, sessions), w.rules.lost(sessions)} {
			if found == nil {
				continue
			}
			found.Application, found.User, found.Client = p.application, p.user, p.client
			found.End = ends.program(p, sessions[0].Superuser, found.unused(w.rules))
			leaks = append(leaks, *found)
			if found.Reason == leakGrowth {
				break // the idle ones are the same sessions
			}
		}
	}
	slices.SortFunc(leaks, func(a, b Leak) int {
		return cmp.Or(b.Count-a.Count, cmp.Compare(a.Application, b.Application), cmp.Compare(a.User, b.User), cmp.Compare(a.Client, b.Client), cmp.Compare(a.Reason, b.Reason))
	})
	return leaks
}

// leftOpen finds transactions that nobody goes on with.
func (r Rules) leftOpen(sessions []*Session) *Leak {
	long, several := 0, 0
	oldest := 0.0
	for _, s := range sessions {
		if !s.InTransaction() || seconds(s.StateS) <= r.IdleInTransaction.Seconds() {
			continue
		}
		several++
		oldest = max(oldest, seconds(s.StateS))
		if seconds(s.StateS) > r.Leaks.OpenFor.Seconds() {
			long++
		}
	}
	if long == 0 && several < r.Leaks.OpenSeveral {
		return nil
	}
	return &Leak{
		Count: several, Reason: leakTransaction, OldestS: oldest,
		Evidence: fmt.Sprintf("%s idle in a transaction for more than %s, the first for %s: begun and neither committed nor rolled back",
			counted(several, "session is", "sessions are"), units.FormatDuration(r.IdleInTransaction), text(oldest)),
	}
}

// lost finds sessions that have not been used for long, and beside which their program has opened others.
func (r Rules) lost(sessions []*Session) *Leak {
	var unused []*Session
	oldest := 0.0
	for _, s := range sessions {
		if s.State == Idle && seconds(s.StateS) > r.Leaks.IdleFor.Seconds() && s.Start != nil && s.StateChange != nil {
			unused = append(unused, s)
			oldest = max(oldest, seconds(s.StateS))
		}
	}
	beside := 0
	for _, s := range unused {
		if idleBefore(unused, s, r.Leaks.Apart) > 0 {
			beside++
		}
	}
	if len(unused) <= r.Leaks.IdleSessions || 2*beside <= len(unused) {
		return nil
	}
	return &Leak{
		Count: len(unused), Reason: leakIdle, OldestS: oldest,
		Evidence: fmt.Sprintf("%d sessions have not been used for more than %s, the first for %s, and %d of them were opened while others were idle already",
			len(unused), units.FormatDuration(r.Leaks.IdleFor), text(oldest), beside),
	}
}

// idleBefore counts the sessions that wait for their client since before another one was opened.
func idleBefore(sessions []*Session, opened *Session, apart time.Duration) int {
	n := 0
	for _, s := range sessions {
		if s != opened && s.waits() && s.StateChange != nil && s.StateChange.Add(apart).Before(*opened.Start) {
			n++
		}
	}
	return n
}

// growing finds a program that opened more and more sessions while it was watched, and has not used them since.
func (w *Watch) growing(p program, sessions []*Session) *Leak {
	first, steps := w.growth(p)
	newest := newestOf(sessions)
	if steps < w.rules.Leaks.GrowthSteps || newest == nil {
		return nil
	}
	before := w.samples[p][first]
	opened, unused, inTransaction := 0, 0, 0
	oldest := 0.0
	for _, s := range sessions {
		// One that was opened a moment before the newest may have been in use at that time.
		if s.Start == nil || !s.Start.After(before.newest) || !s.Start.Add(w.rules.Leaks.GrowthApart).Before(*newest.Start) {
			continue
		}
		opened++
		if s.waits() && s.StateChange != nil && s.StateChange.Add(w.rules.Leaks.GrowthApart).Before(*newest.Start) {
			unused++
			oldest = max(oldest, seconds(s.StateS))
			if s.InTransaction() {
				inTransaction++
			}
		}
	}
	if unused <= w.rules.Leaks.Growth || 5*unused < 4*opened {
		return nil
	}
	return &Leak{
		Count: unused, Reason: leakGrowth, OldestS: oldest, inTransaction: 2*inTransaction > unused,
		Evidence: fmt.Sprintf("%s became %d within %s; of %d new ones %d were idle before the newest was opened and have not been used since",
			counted(before.count, "session", "sessions"), len(sessions), units.FormatDuration(w.times[len(w.times)-1].Sub(w.times[first])), opened, unused),
	}
}

// growth gives the sample from which on a program has had more and more sessions, and in how many of the samples since it had more.
func (w *Watch) growth(p program) (first, steps int) {
	samples := w.samples[p]
	for first = len(samples) - 1; first > 0; first-- {
		earlier, later := samples[first-1], samples[first]
		if earlier.count == 0 || earlier.count > later.count {
			break
		}
		if earlier.count < later.count {
			steps++
		}
	}
	return max(first, 0), steps
}

func newestOf(sessions []*Session) *Session {
	var newest *Session
	for _, s := range sessions {
		if s.Start != nil && (newest == nil || s.Start.After(*newest.Start)) {
			newest = s
		}
	}
	return newest
}

func counted(n int, one, more string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, more)
}

func text(seconds float64) string {
	return units.FormatDuration(time.Duration(seconds * float64(time.Second)))
}
