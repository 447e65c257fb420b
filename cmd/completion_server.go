package cmd

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"avadb/internal/journal"
	"avadb/internal/pg"
	"avadb/internal/render"
	"avadb/internal/settings"
	"avadb/internal/statements"
	"avadb/internal/tuning"
)

// completionTime bounds what a completion may ask a server for: a shell waits for it.
const completionTime = 2 * time.Second

// ask runs a completion's question about the server that the command line names, and is quiet where there is none to
// answer.
func (a *app) ask(c *cobra.Command, work func(context.Context, *pg.Conn) ([]string, error)) ([]string, cobra.ShellCompDirective) {
	const directive = cobra.ShellCompDirectiveNoFileComp
	if a.loadConfig(c) != nil {
		return nil, directive
	}
	ctx, cancel := context.WithTimeout(c.Context(), completionTime)
	defer cancel()
	target, err := pg.Resolve(a.sources())
	if err != nil {
		return nil, directive
	}
	conn, err := pg.Connect(ctx, target, pg.Options{Class: pg.Critical, Log: a.log})
	if err != nil {
		return nil, directive
	}
	defer conn.Close()
	words, err := work(ctx, conn)
	if err != nil {
		return nil, directive
	}
	return slices.DeleteFunc(words, unfit), directive
}

// unfit tells names that cannot be offered: a shell would take their control characters literally.
func unfit(word string) bool { return word != render.Safe(word) }

func completeDatabases(a *app, c *cobra.Command, flag string) {
	register(c, flag, func(c *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
		return a.ask(c, statements.Names)
	})
}

func completeParameters(a *app, c *cobra.Command) {
	profile := func(c *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
		p, err := tuning.ParseProfile(c.Flag("profile").Value.String())
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return tuning.ProfileNames(p), cobra.ShellCompDirectiveNoFileComp
	}
	register(c, "only", profile)
	register(c, "skip", profile)
	register(c, "profile", fixed(words(tuning.Profiles())...))
	register(c, "storage", fixed(words(tuning.Storages())...))
	register(c, "priority", fixed(tuning.PriorityNames()...))
	completeDatabases(a, c, "for-db")
	register(c, "set", func(c *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
		words, directive := a.ask(c, parameterNames)
		for i := range words {
			words[i] += "="
		}
		return words, directive | cobra.ShellCompDirectiveNoSpace
	})
}

func parameterNames(ctx context.Context, conn *pg.Conn) ([]string, error) {
	parameters, err := settings.ReadParameters(ctx, conn)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, p := range parameters {
		names = append(names, p.Name)
	}
	slices.Sort(names)
	return names, nil
}

// changeSets completes the ID of a change set: newest first, each with what it was. Those that fits refuses are left out.
func changeSets(a *app, fits func(*journal.Set) bool) completer {
	return func(c *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		if offline := c.Flag("offline"); len(args) > 0 || offline != nil && offline.Changed {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		var sets []*journal.Set
		_, directive := a.ask(c, func(ctx context.Context, conn *pg.Conn) ([]string, error) {
			j, err := a.openJournal(ctx, conn)
			if err != nil {
				return nil, err
			}
			defer j.Close()
			sets, err = j.Sets(ctx)
			return nil, err
		})
		var words []string
		for _, s := range slices.Backward(sets) {
			if fits(s) {
				words = append(words, cobra.CompletionWithDesc(s.ID, describeSet(s)))
			}
		}
		return words, directive | cobra.ShellCompDirectiveKeepOrder
	}
}

func describeSet(s *journal.Set) string {
	return render.Safe(fmt.Sprintf("%s, %s, %s", s.Command, s.StartedAt.UTC().Format("2006-01-02 15:04 UTC"), s.State))
}

// completeHistory offers every set; completeRollback those that still stand and could be undone, and for --to all.
func completeHistory(a *app, c *cobra.Command) { c.ValidArgsFunction = changeSets(a, anySet) }

func completeRollback(a *app, c *cobra.Command) {
	c.ValidArgsFunction = changeSets(a, func(s *journal.Set) bool { return s.State != journal.SetUndone && !s.EventsAlone() })
	register(c, "to", changeSets(a, anySet))
}

func anySet(*journal.Set) bool { return true }

func words[T ~string](known []T) []string {
	var out []string
	for _, k := range known {
		out = append(out, string(k))
	}
	return out
}
