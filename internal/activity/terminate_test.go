package activity

import (
	"errors"
	"slices"
	"testing"
	"time"

	"avadb/internal/journal"
	"avadb/internal/pg"
)

// choose gives the sessions of one application that are wanted.
func choose(t *testing.T, o *pg.Conn, w Wanted) []Candidate {
	t.Helper()
	w.Superusers = true
	chosen, _, err := Choose(t.Context(), o, w)
	if err != nil {
		t.Fatal(err)
	}
	return chosen
}

func keptFor(err error) string {
	var kept *journal.KeptError
	if errors.As(err, &kept) {
		return kept.Reason
	}
	return ""
}

// Between being chosen and being ended a session can go on with its work, end, or give its process ID to another one: then it is kept.
func TestTerminateLooksAgain(t *testing.T) {
	o := observe(t)
	w := Wanted{Application: "atwork", Idle: 50 * time.Millisecond}
	idle, back, gone, renamed := open(t, "atwork").do("SELECT 1"), open(t, "atwork").do("SELECT 1"), open(t, "atwork").do("SELECT 1"), open(t, "atwork").do("SELECT 1")
	time.Sleep(100 * time.Millisecond)
	chosen := choose(t, o, w)
	if len(chosen) != 4 {
		t.Fatalf("%+v", chosen)
	}
	back.do("BEGIN")
	renamed.do("SET application_name = 'another'")
	time.Sleep(100 * time.Millisecond)
	gone.close()
	until(t, o, "SELECT count(*) = 0 FROM pg_stat_activity WHERE pid = "+pid(gone.pid()))
	want := map[int32]string{
		idle.pid(): "", back.pid(): "it is idle in transaction now, and no longer idle for 50ms", gone.pid(): "it had ended by itself",
		renamed.pid(): "it is idle now, and no longer idle for 50ms",
	}
	var all []*Termination
	for _, c := range chosen {
		item := NewTermination(o, w, c)
		all = append(all, item)
		if before, err := item.Read(t.Context()); err != nil || !before.Present {
			t.Errorf("%+v %v", before, err)
		}
		if err := item.Write(t.Context(), journal.Absent()); keptFor(err) != want[c.PID] {
			t.Errorf("%d: %v, want %q", c.PID, err, want[c.PID])
		}
	}
	rows, err := Confirm(t.Context(), o, all, 5*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	actions := map[int32]string{idle.pid(): ActionTerminated, back.pid(): ActionKept, gone.pid(): ActionGone, renamed.pid(): ActionKept}
	for _, r := range rows {
		if r.Action != actions[r.PID] {
			t.Errorf("%+v, want %s", r, actions[r.PID])
		}
	}
	back.do("COMMIT")
	renamed.do("SELECT 1") // both are alive
	i := slices.IndexFunc(all, func(a *Termination) bool { return a.who.PID == idle.pid() })
	if now, err := all[i].Read(t.Context()); err != nil || now.Present {
		t.Errorf("%+v %v", now, err)
	}
	if reason := keptFor(all[i].Write(t.Context(), journal.Present(""))); reason == "" {
		t.Error("a session cannot be brought back")
	}
	other := choose(t, o, Wanted{PIDs: []int32{back.pid()}})[0]
	later := other.Start.Add(time.Microsecond)
	other.Start = &later
	if err := NewTermination(o, Wanted{PIDs: []int32{back.pid()}}, other).Write(t.Context(), journal.Absent()); keptFor(err) != "it had ended by itself" {
		t.Errorf("a session with another start is another session: %v", err)
	}
	back.do("SELECT 1")
}

// What is given must all be so; of the two that are idle either.
func TestWanted(t *testing.T) {
	long, short := 100.0, 1.0
	s := func(state string, seconds *float64) *Candidate {
		return &Candidate{Session: Session{PID: 7, BackendType: clientBackend, User: "u", Database: "d", Application: "a", Client: Local, State: state, StateS: seconds}}
	}
	for _, c := range []struct {
		wanted Wanted
		who    *Candidate
		want   bool
	}{
		{Wanted{Idle: time.Minute}, s(Idle, &long), true},
		{Wanted{Idle: time.Minute}, s(Idle, &short), false},
		{Wanted{Idle: time.Minute}, s(Idle, nil), false},
		{Wanted{Idle: time.Minute}, s(IdleInTransaction, &long), false},
		{Wanted{Idle: time.Minute}, s("active", &long), false},
		{Wanted{Idle: time.Minute}, s("disabled", &long), false},
		{Wanted{IdleInTransaction: time.Minute}, s(IdleInTransaction, &long), true},
		{Wanted{IdleInTransaction: time.Minute}, s(IdleInAborted, &long), true},
		{Wanted{IdleInTransaction: time.Minute}, s(Idle, &long), false},
		{Wanted{IdleInTransaction: time.Minute, Idle: time.Minute}, s(Idle, &long), true},
		{Wanted{Application: "a", User: "u", Database: "d", Client: Local, PIDs: []int32{7}}, s("active", nil), true},
		{Wanted{Application: "b"}, s("active", nil), false},
		{Wanted{User: "x", Application: "a"}, s("active", nil), false},
		{Wanted{Client: "127.0.0.1"}, s("active", nil), false},
		{Wanted{PIDs: []int32{8, 9}}, s("active", nil), false},
	} {
		if got := c.wanted.named(c.who) && c.wanted.holds(c.who); got != c.want {
			t.Errorf("%+v %+v: %t", c.wanted, c.who.Session, got)
		}
	}
	for kind, want := range map[string]Wanted{
		"walsender": {Replication: true}, "autovacuum worker": {Workers: true}, "parallel worker": {Workers: true}, "pg_cron": {Workers: true},
		clientBackend: {}, "logical replication apply worker": {Workers: true},
	} {
		c := &Candidate{Session: Session{BackendType: kind}}
		if want.why(c).kind != "" || kind != clientBackend && (Wanted{}).why(c).flag == "" {
			t.Error(kind)
		}
		c.Superuser = true
		if want.why(c).kind == "" {
			t.Error(kind, "of a superuser")
		}
		c.ByAvadb = true
		if (Wanted{Superusers: true, Replication: true, Workers: true}).why(c).kind == "" {
			t.Error(kind, "of avadb")
		}
	}
	for _, kind := range []string{"checkpointer", "startup", "logical replication launcher", "walreceiver"} {
		if (Wanted{Superusers: true, Replication: true, Workers: true}).why(&Candidate{Session: Session{BackendType: kind}}).kind == "" {
			t.Error(kind)
		}
	}
}
