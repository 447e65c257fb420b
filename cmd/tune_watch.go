package cmd

import (
	"context"
	"fmt"
	"time"

	"avadb/internal/journal"
	"avadb/internal/pg"
	"avadb/internal/probation"
	"avadb/internal/units"
)

// lookEvery is how often a server on probation is looked at: a restart is noticed soon, and the looking is of no weight.
const lookEvery = 5 * time.Second

// watch measures the window after the change. obstacle says what happened that makes it unfit to be judged; err that the
// server does not answer any more.
func (t *trial) watch(ctx context.Context, before *baseline) (after *probation.Window, obstacle string, err error) {
	// A new connection: the one that wrote still carries its mark, and other tuners would wait for it.
	if err := t.reach(ctx); err != nil {
		return nil, "", err
	}
	if err := sleep(ctx, probation.Settling); err != nil {
		return nil, "", err
	}
	begin, err := t.look(ctx, probation.Read)
	if err != nil {
		return nil, "", err
	}
	if why := restarted(before.end, begin); why != "" {
		return nil, why, nil
	}
	end := time.Now().Add(t.terms.Length)
	t.app.log.Info(fmt.Sprintf("change set %s is on probation until %s; ^C rolls it back", *t.doc.ChangeSet, clock(end)))
	if why, err := t.lookUntil(ctx, end, begin); why != "" || err != nil {
		return nil, why, err
	}
	last, err := t.look(ctx, probation.Read)
	if err != nil {
		return nil, "", err
	}
	if why := restarted(begin, last); why != "" {
		return nil, why, nil
	}
	window, ok := begin.Until(last)
	if !ok {
		return nil, "the server's counters were reset on probation", nil
	}
	return &window, "", nil
}

// look reads the server, and where the connection is lost waits until the server is back.
func (t *trial) look(ctx context.Context, read func(context.Context, *pg.Conn) (probation.Moment, error)) (probation.Moment, error) {
	m, err := read(ctx, t.conn)
	for end := time.Now().Add(restartWait); err != nil && ctx.Err() == nil && time.Now().Before(end); {
		t.app.log.Warn("the connection to the server is lost, waiting for it")
		if err = t.reach(ctx); err == nil {
			m, err = read(ctx, t.conn)
		}
	}
	return m, err
}

// reach connects anew, as soon as the server is there, and marks the connection as that of a watcher.
func (t *trial) reach(ctx context.Context) error {
	bounded, cancel := context.WithTimeout(ctx, restartWait)
	defer cancel()
	again, err := pg.WaitReady(bounded, t.conn.Target, pg.Options{Class: pg.Normal, Changes: true}, t.app.log)
	if err != nil {
		return err
	}
	again.Close()
	if err := t.conn.Reconnect(ctx); err != nil {
		return err
	}
	return journal.MarkWatcher(ctx, t.conn)
}

// lookUntil looks at the server now and then, tells the person, and notices a restart.
func (t *trial) lookUntil(ctx context.Context, end time.Time, begin probation.Moment) (obstacle string, err error) {
	step := t.terms.Length / 5 // a note each
	next := end.Add(-t.terms.Length).Add(step)
	for time.Until(end) > 0 {
		if err := sleep(ctx, min(lookEvery, max(step/4, 200*time.Millisecond), time.Until(end))); err != nil {
			return "", err
		}
		now, err := t.look(ctx, probation.Throughput)
		if err != nil {
			return "", err
		}
		if why := restarted(begin, now); why != "" {
			return why, nil
		}
		if window, ok := begin.Until(now); ok && time.Now().After(next) && time.Until(end) > 0 {
			next = next.Add(step)
			t.app.log.Info(fmt.Sprintf("on probation, %s left: %.1f transactions a second, %.1f before",
				units.FormatDuration(time.Until(end).Round(time.Second)), window.TPS, t.doc.Probation.Before.TPS))
		}
	}
	return "", nil
}

// restarted says when the server began a new life between two moments; empty where it did not.
func restarted(before, now probation.Moment) string {
	if now.StartedAt.Equal(before.StartedAt) {
		return ""
	}
	return "the server was restarted at " + clock(now.StartedAt)
}
