package cmd

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"avadb/internal/activity"
	"avadb/internal/fault"
	"avadb/internal/pg"
)

type connectionsOptions struct {
	by        []string
	failAbove string
}

// plan is what the flags ask for, read.
type connectionsPlan struct {
	by        []string
	failAbove float64 // percent; 0: nothing fails
}

func newConnections(a *app) *cobra.Command {
	var o connectionsOptions
	c := newCommand(spec{
		use: "connections", short: "Who is connected, how full the server is, and who blocks whom",
		long: `Counts the sessions by application, user, database, client and state, and holds them against max_connections and the limits
of roles and databases.`,
		example:    "avadb connections\navadb connections --by application,state\navadb connections --fail-above 90 -q -o json",
		privileges: "  any role for names and numbers; pg_monitor (or pg_read_all_stats) for the states and times of other roles",
		exits: `  2  a flag is wrong
  4  with --fail-above: sessions are not visible, and what is visible is not above it
  5  --fail-above: a larger part of the usable connections is in use`,
		args: noSubcommandArguments,
	}, func(ctx context.Context, _ *cobra.Command, _ []string) error { return runConnections(ctx, a, o) })
	f := c.Flags()
	listVar(f, &o.by, "by", "group by these: "+strings.Join(activity.Dimensions(), ", ")+" (default all)")
	f.StringVar(&o.failAbove, "fail-above", "", "exit with 5 where more percent than this of the server's, a role's or a database's connections are in use")
	register(c, "by", fixed(activity.Dimensions()...))
	c.AddCommand( // a line each
	)
	return c
}

// noSubcommandArguments is for a command that works and has subcommands: an argument is a subcommand that is not there.
func noSubcommandArguments(c *cobra.Command, args []string) error {
	if len(args) > 0 {
		return noSubcommand(c, args)
	}
	return nil
}

func (o connectionsOptions) check() (p connectionsPlan, err error) {
	p.by = o.by
	if len(p.by) == 0 {
		p.by = activity.Dimensions()
	}
	if err := activity.CheckDimensions(p.by); err != nil {
		return p, err
	}
	if o.failAbove != "" {
		p.failAbove, err = parsePercent("fail-above", o.failAbove)
	}
	return p, err
}

// parsePercent reads 90 or 90%.
func parsePercent(flag, text string) (float64, error) {
	percent, err := strconv.ParseFloat(strings.TrimSuffix(text, "%"), 64)
	if err != nil || !(percent > 0 && percent <= 100) {
		return 0, fault.New(fault.Usage, "--%s %q is no percentage", flag, text).WithHint("give a number above 0 and up to 100, such as 90")
	}
	return percent, nil
}

type connectionsDocument struct {
	head
	Limits     activity.Limits       `json:"limits"`     // of the server
	Saturation []activity.Saturation `json:"saturation"` // the server's limit and those of roles and databases
	Groups     []activity.Group      `json:"groups"`     // sessions, the largest group first
}

func runConnections(ctx context.Context, a *app, o connectionsOptions) error {
	plan, err := o.check()
	if err != nil {
		return err
	}
	return a.withConn(ctx, pg.Options{Class: pg.Critical}, func(conn *pg.Conn) error {
		snapshot, err := activity.Read(ctx, conn)
		if err != nil {
			return err
		}
		doc := connectionsDocument{
			head: a.head("connections", conn), Limits: snapshot.Limits(), Saturation: snapshot.Saturation(), Groups: snapshot.Groups(plan.by),
		}
		if err := a.results(doc, doc.Saturation, doc.Groups); err != nil {
			return err
		}
		return a.judgeConnections(conn, plan, doc)
	})
}

// judgeConnections is the verdict of --fail-above. What could not be seen is never called fine.
func (a *app) judgeConnections(conn *pg.Conn, plan connectionsPlan, doc connectionsDocument) error {
	hidden := ""
	if n := doc.Limits.NotVisible; n > 0 {
		hidden = fmt.Sprintf("%d sessions of other roles show neither state nor times", n)
		a.log.Warn(hidden + ": GRANT pg_read_all_stats TO " + pg.Identifier(conn.Server.Role))
	}
	if plan.failAbove == 0 {
		return nil
	}
	for _, s := range doc.Saturation {
		if s.UsedPct > plan.failAbove {
			return fault.New(fault.Found, "%s: %d of %d connections are in use (%g %%)", strings.TrimSpace(strings.ToLower(s.Kind)+" "+s.Name), s.Used, s.Limit, s.UsedPct).
				WithHint("the groups show whose they are; avadb connections terminate ends idle ones")
		}
	}
	if hidden != "" {
		return fault.New(fault.Privilege, "%s: how many connections are in use is not certain", hidden).
			WithHint("GRANT pg_read_all_stats TO %s", pg.Identifier(conn.Server.Role))
	}
	return nil
}
