package cmd

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"avadb/internal/activity"
	"avadb/internal/fault"
	"avadb/internal/journal"
	"avadb/internal/pg"
)

type terminateOptions struct {
	pids                    []string
	idleInTransaction, idle string
	wanted                  activity.Wanted
	dryRun                  bool
}

type terminateDocument struct {
	head
	ChangeSet *string               `json:"change_set"` // the events in the journal; null where nothing was ended
	DryRun    bool                  `json:"dry_run"`    // nothing was ended
	Sessions  []activity.Terminated `json:"sessions"`   // those that were meant, and those left alone with the reason
}

func newConnectionsTerminate(a *app) *cobra.Command {
	var o terminateOptions
	c := newCommand(spec{
		use: "terminate", short: "End sessions: idle ones, those of an application, or one",
		long: `Ends the sessions of which all that is given is so; of --idle and --idle-in-transaction either. Who a session is and that it
is still idle is looked at in the very statement that ends it: one that is at work again is kept. Never ended are this avadb and
others at work; superusers' sessions, replication and workers of the server are left alone unless they are asked for.

No rollback brings a session back: the journal keeps it as an event. A terminal is asked first; off a terminal it takes --yes.`,
		example: `avadb connections terminate --idle-in-transaction 5m --dry-run
avadb connections terminate --idle 1h --application worker --yes
avadb connections terminate --pid 4242`,
		privileges: `  pg_signal_backend (or membership in the sessions' roles) and pg_read_all_stats (or pg_monitor); for superusers' sessions a
  superuser`,
		exits: `  1  a session is still there after 5 s, or another avadb holds the lock
  2  nothing is said of which sessions, or a role or database that is not there, or what is no address; the one with --pid is
     of a kind that is left alone; or off a terminal without --yes
  3  no connection, or only one is left: it takes two
  4  a privilege is missing: nothing was ended`,
	}, func(ctx context.Context, _ *cobra.Command, _ []string) error { return runTerminate(ctx, a, o) })
	f := c.Flags()
	listVar(f, &o.pids, "pid", "these backends")
	f.StringVar(&o.idleInTransaction, "idle-in-transaction", "", "sessions that have been idle in a transaction for so long, such as 5m")
	f.StringVar(&o.idle, "idle", "", "sessions that have been idle, outside of a transaction, for so long")
	f.StringVar(&o.wanted.Application, "application", "", "sessions with this application_name")
	f.StringVar(&o.wanted.User, "user", "", "sessions of this role")
	f.StringVar(&o.wanted.Database, "database", "", "sessions in this database")
	f.StringVar(&o.wanted.Client, "client", "", "sessions from this address; local for those over a socket")
	f.BoolVar(&o.wanted.Superusers, "include-superusers", false, "also superusers' sessions")
	f.BoolVar(&o.wanted.Replication, "include-replication", false, "also walsenders: standbys, backups, subscribers")
	f.BoolVar(&o.wanted.Workers, "include-workers", false, "also workers of the server, such as autovacuum's")
	f.BoolVar(&o.dryRun, "dry-run", false, "show what would be ended and end nothing")
	completeDatabases(a, c, "database")
	return c
}

func (o terminateOptions) check(a *app) (w activity.Wanted, err error) {
	w = o.wanted
	for _, text := range o.pids {
		n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 32)
		if err != nil || n <= 0 {
			return w, fault.New(fault.Usage, "--pid %q is no process ID", text).WithHint("avadb connections -o json shows those of sessions that block others")
		}
		w.PIDs = append(w.PIDs, int32(n))
	}
	if o.idleInTransaction != "" {
		if w.IdleInTransaction, err = duration("idle-in-transaction", o.idleInTransaction, time.Millisecond); err != nil {
			return w, err
		}
	}
	if o.idle != "" {
		if w.Idle, err = duration("idle", o.idle, time.Millisecond); err != nil {
			return w, err
		}
	}
	if w.Client, err = clientAddress(w.Client); err != nil {
		return w, err
	}
	switch {
	case !w.Any():
		return w, fault.New(fault.Usage, "connections terminate needs to know which sessions").
			WithHint("give --idle-in-transaction 5m, --idle 1h, --application, --user, --database, --client or --pid")
	case !o.dryRun && !a.flags.yes && !a.asks():
		return w, fault.New(fault.Usage, "connections terminate ends sessions, and there is no terminal to ask").
			WithHint("give --yes where that is meant; --dry-run shows what would be ended")
	}
	return w, nil
}

// clientAddress writes an address as the server does.
func clientAddress(text string) (string, error) {
	if text == "" || text == activity.Local {
		return text, nil
	}
	address, err := netip.ParseAddr(text)
	if err != nil {
		return "", fault.New(fault.Usage, "--client %q is no address", text).
			WithHint("give one such as 10.0.0.7 or 2001:db8::7, no network and no name, or local for a socket; the groups of avadb connections show them")
	}
	return address.WithZone("").String(), nil
}

func runTerminate(ctx context.Context, a *app, o terminateOptions) error {
	wanted, err := o.check(a)
	if err != nil {
		return err
	}
	return a.withConn(ctx, pg.Options{Class: pg.Normal, Changes: true}, func(conn *pg.Conn) error {
		if err := activity.CheckNames(ctx, conn, wanted); err != nil {
			return err
		}
		if o.dryRun {
			return a.planTermination(ctx, conn, wanted)
		}
		begun := false
		err := a.withChange(ctx, conn, false, func(c *change) error {
			begun = true
			return a.terminate(ctx, c, wanted)
		})
		if f := fault.As(err); f != nil && f.SQLState == tooManyConnections && !begun {
			return oneConnection(ctx, conn, wanted, f)
		}
		return err
	})
}

// tooManyConnections is the SQLSTATE of a server that has no connection left.
const tooManyConnections = "53300"

// oneConnection is the error of a server that has no second connection left, with the statement that the first one can run.
func oneConnection(ctx context.Context, conn *pg.Conn, wanted activity.Wanted, full *fault.Error) error {
	chosen, skipped, err := activity.Choose(ctx, conn, wanted)
	switch {
	case err != nil:
		return err
	case len(chosen) == 0:
		return errors.Join(leftAlone(wanted, 0, skipped), full)
	}
	return fault.New(fault.Connect, "nothing was ended: connections terminate needs 2 connections, for its statements and for its lock, and the server has one left: %w", full).
		WithSQLState(tooManyConnections).
		WithHint("one connection is enough for this, which ends %s and leaves no trace in the journal:\n%s", countSessions(len(chosen)), conn.Target.Psql(conn.Server.Database, activity.EndAllSQL(chosen)))
}

func (a *app) planTermination(ctx context.Context, conn *pg.Conn, wanted activity.Wanted) error {
	chosen, skipped, err := activity.Choose(ctx, conn, wanted)
	if err != nil {
		return err
	}
	doc := terminateDocument{head: a.head("connections terminate", conn), DryRun: true, Sessions: append(activity.Plan(chosen), skipped...)}
	err = a.result(doc, doc.Sessions)
	a.log.Info(fmt.Sprintf("dry run: %s would be ended", countSessions(len(chosen))))
	if err == nil {
		err = leftAlone(wanted, len(chosen), skipped)
	}
	return err
}

func (a *app) terminate(ctx context.Context, c *change, wanted activity.Wanted) error {
	chosen, skipped, err := activity.Choose(ctx, c.conn, wanted)
	if err != nil {
		return err
	}
	doc := terminateDocument{head: a.head("connections terminate", c.conn), Sessions: skipped}
	if len(chosen) == 0 {
		err := a.result(doc, doc.Sessions)
		if len(skipped) > 0 {
			a.log.Info(fmt.Sprintf("no change: %s left alone", countSessions(len(skipped))))
		} else {
			a.log.Info("no change: there is no such session")
		}
		if err == nil {
			err = leftAlone(wanted, 0, skipped)
		}
		return err
	}
	if a.asks() {
		question := fmt.Sprintf("End %s on %s? What they have not committed is lost.", countSessions(len(chosen)), c.conn.Server.Where())
		if err := a.confirm(ctx, append(activity.Plan(chosen), skipped...), question); err != nil {
			return err
		}
	}
	return a.endSessions(ctx, c, wanted, chosen, doc)
}

// patienceOfTerminate is how long a session may take to be gone: a backend ends at once unless it waits for a disk or a network.
const patienceOfTerminate = 5 * time.Second

func (a *app) endSessions(ctx context.Context, c *change, wanted activity.Wanted, chosen []activity.Candidate, doc terminateDocument) error {
	var changes []journal.Change
	var all []*activity.Termination
	for i := range chosen {
		t := activity.NewTermination(c.conn, wanted, chosen[i])
		all = append(all, t)
		changes = append(changes, journal.Change{Item: t, Ours: journal.Absent(), Irreversible: true})
	}
	set, err := c.journal.Do(ctx, changes)
	if err != nil { // those that were ended before it are told all the same
		if ended := activity.Outcomes(all); set != nil && len(ended) > 0 {
			doc.ChangeSet, doc.Sessions = &set.ID, append(ended, doc.Sessions...)
			err = errors.Join(err, a.result(doc, doc.Sessions))
		}
		return err
	}
	ended, err := activity.Confirm(ctx, c.conn, all, patienceOfTerminate)
	doc.ChangeSet, doc.Sessions = &set.ID, append(ended, doc.Sessions...)
	err = errors.Join(err, a.result(doc, doc.Sessions))
	a.log.Info(fmt.Sprintf("%s ended; change set %s keeps that as events", countSessions(countAction(ended, activity.ActionTerminated)), set.ID))
	if err != nil {
		return err
	}
	if n := countAction(ended, activity.ActionSignalled); n > 0 {
		return fault.New(fault.Failed, "%s asked to end and still there after %s", countSessions(n), patienceOfTerminate).
			WithHint("they end once what they wait for, such as a disk or a network, lets them: avadb connections shows whether they have")
	}
	return nil
}

// leftAlone is the usage error of --pid for a session of a kind that is not ended, or not without a flag of its own.
func leftAlone(wanted activity.Wanted, chosen int, skipped []activity.Terminated) error {
	if len(wanted.PIDs) == 0 || chosen > 0 {
		return nil
	}
	for _, s := range skipped {
		if s.Kind == "" {
			continue
		}
		err := fault.New(fault.Usage, "session %d is left alone: %s", s.PID, s.Kind)
		if s.Flag != "" {
			return err.WithHint("%s, where that is meant", s.Flag)
		}
		return err.WithHint("avadb connections shows what blocks and what is idle")
	}
	return nil
}

func countAction(rows []activity.Terminated, action string) int {
	n := 0
	for _, r := range rows {
		if r.Action == action {
			n++
		}
	}
	return n
}

func countSessions(n int) string {
	if n == 1 {
		return "1 session"
	}
	return fmt.Sprintf("%d sessions", n)
}
