package cmd

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"avadb/internal/fault"
	"avadb/internal/journal"
	"avadb/internal/pg"
	"avadb/internal/settings"
)

type settingsDiffDocument struct {
	head
	A           string                `json:"a"`           // what was compared: a target, or the change set's id
	B           string                `json:"b"`           // with what
	Differences []settings.Difference `json:"differences"` // in the order of their names
}

func newSettingsDiff(a *app) *cobra.Command {
	c := newCommand(spec{
		use: "diff A B", short: "Compare two servers, two change sets, or a server with a change set", args: exactly(2),
		long: `A and B are named targets, connection strings, change sets (their ID or the beginning of it), or a dot for the server of the
connection flags. Values are compared by meaning: 1GB is 1024MB. A change set speaks of its own parameters alone, as
far as they were written and are not undone; it is looked up in the journal of the server of the connection flags.`,
		example: `avadb settings diff prod staging
avadb settings diff 019ab3 019ab7
avadb settings diff . 019ab3 -o json | jq -e '.differences == []'`,
		privileges: "  pg_monitor, SELECT on pg_file_settings and EXECUTE on pg_show_all_file_settings() on each server",
		exits:      "  2  no such target or change set, or one of which no parameter stands",
	}, func(ctx context.Context, _ *cobra.Command, args []string) error { return runSettingsDiff(ctx, a, args) })
	return c
}

// exactly refuses any other number of arguments.
func exactly(n int) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) != n {
			return fault.New(fault.Usage, "%s takes %d arguments, got %d", c.CommandPath(), n, len(args)).WithHint("%s", c.UseLine())
		}
		return nil
	}
}

func runSettingsDiff(ctx context.Context, a *app, args []string) error {
	doc := settingsDiffDocument{head: a.head("settings diff", nil)}
	var sides [2]settings.Side
	for i, name := range []*string{&doc.A, &doc.B} {
		side, label, err := a.side(ctx, args[i])
		if err != nil {
			return err
		}
		sides[i], *name = side, label
	}
	doc.Differences = settings.Diff(sides[0], sides[1])
	if err := a.result(doc, doc.Differences); err != nil {
		return err
	}
	a.log.Info(fmt.Sprintf("a: %s; b: %s; %d parameters differ", doc.A, doc.B, len(doc.Differences)))
	return nil
}

// setID tells what can be the beginning of a change set's ID.
var setID = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[0-9a-fA-F][0-9a-fA-F-]{3,35}$`) })

// side reads what an argument names. A target of the configuration file goes before a change set of that name.
func (a *app) side(ctx context.Context, argument string) (settings.Side, string, error) {
	_, isTarget := a.config.Targets[argument]
	switch {
	case argument == ".":
		return a.serverSide(ctx, a.sources())
	case isTarget:
		return a.serverSide(ctx, pg.Sources{Target: argument, Env: a.env, Targets: a.config.Targets})
	case strings.ContainsAny(argument, "=:/"):
		return a.serverSide(ctx, pg.Sources{DSN: argument, Env: a.env})
	case setID().MatchString(argument):
		return a.setSide(ctx, argument)
	}
	return settings.Side{}, "", fault.New(fault.NotFound, "%q is neither a target nor a change set", argument).
		WithHint("name a target of %s, a connection string, a change set of avadb history, or a dot for the server of the connection flags", a.configPath())
}

func (a *app) serverSide(ctx context.Context, sources pg.Sources) (side settings.Side, label string, err error) {
	target, err := pg.Resolve(sources)
	if err != nil {
		return side, "", err
	}
	conn, err := pg.Connect(ctx, target, pg.Options{Class: pg.Normal, Log: a.log})
	if err != nil {
		return side, "", err
	}
	defer conn.Close()
	if err := settings.ReadAccess(ctx, conn); err != nil {
		return side, "", err
	}
	snapshot, err := settings.Read(ctx, conn)
	if err != nil {
		return side, "", err
	}
	label = target.Name
	if label == "" {
		label = conn.Server.Where()
	}
	return snapshot.ServerSide(), label, nil
}

func (a *app) setSide(ctx context.Context, prefix string) (side settings.Side, label string, err error) {
	err = a.withJournal(ctx, pg.Options{Class: pg.Normal}, func(_ *pg.Conn, j *journal.Journal) error {
		sets, err := j.Sets(ctx)
		if err != nil {
			return err
		}
		set, err := journal.Find(sets, prefix)
		if err != nil {
			return err
		}
		label = set.ID
		side, err = settings.SetSide(set)
		return err
	})
	return side, label, err
}
