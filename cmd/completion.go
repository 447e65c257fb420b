package cmd

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"avadb/internal/fault"
	"avadb/internal/pg"
	"avadb/internal/settings"
	"avadb/internal/statements"
	"avadb/internal/tuning"
)

// completionTime bounds what a completion may ask a server for: a shell waits for it.
const completionTime = 2 * time.Second

func newCompletion() *cobra.Command {
	return newCommand(spec{
		use: "completion bash|zsh|fish|powershell", short: "Print the completion script of a shell",
		long:    "Prints the completion script of a shell. The one of bash needs the package bash-completion.",
		example: "avadb completion bash > /etc/bash_completion.d/avadb\navadb completion zsh > \"${fpath[1]}/_avadb\"",
		args:    cobra.ArbitraryArgs,
		offline: true,
	}, func(_ context.Context, c *cobra.Command, args []string) error {
		out, root := c.OutOrStdout(), c.Root()
		switch strings.Join(args, " ") {
		case "bash":
			return root.GenBashCompletionV2(out, true)
		case "zsh":
			return root.GenZshCompletion(out)
		case "fish":
			return root.GenFishCompletion(out, true)
		case "powershell":
			return root.GenPowerShellCompletionWithDesc(out)
		}
		return fault.New(fault.Usage, "completion needs the name of a shell, got %q", strings.Join(args, " ")).
			WithHint("one of: bash, zsh, fish, powershell")
	})
}

type completer = func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective)

// register ties a completion to a flag; that the flag exists is this package's own business.
func register(c *cobra.Command, flag string, f completer) {
	if err := c.RegisterFlagCompletionFunc(flag, f); err != nil {
		panic(fmt.Sprintf("completion of --%s: %v", flag, err))
	}
}

func fixed(words ...string) completer {
	return func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return words, cobra.ShellCompDirectiveNoFileComp
	}
}

func completeTargets(a *app, root *cobra.Command) {
	register(root, "target", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		if a.readConfigFile() != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return slices.Sorted(maps.Keys(a.config.Targets)), cobra.ShellCompDirectiveNoFileComp
	})
	register(root, "output", func(c *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
		formats := []string{"table", "plain", "json", "jsonl", "csv"}
		return append(formats, strings.Fields(c.Annotations[annotationFormats])...), cobra.ShellCompDirectiveNoFileComp
	})
	register(root, "color", fixed("auto", "always", "never"))
	completeDatabases(a, root, "dbname")
}

// ask runs a completion's question and is quiet where there is no server to answer.
func (a *app) ask(work func(context.Context, *pg.Conn) ([]string, error)) ([]string, cobra.ShellCompDirective) {
	const directive = cobra.ShellCompDirectiveNoFileComp
	if a.readConfigFile() != nil {
		return nil, directive
	}
	ctx, cancel := context.WithTimeout(context.Background(), completionTime)
	defer cancel()
	target, err := pg.Resolve(a.sources())
	if err != nil {
		return nil, directive
	}
	conn, err := pg.Connect(ctx, target, pg.Options{Class: pg.Critical})
	if err != nil {
		return nil, directive
	}
	defer conn.Close()
	words, err := work(ctx, conn)
	if err != nil {
		return nil, directive
	}
	return words, directive
}

func completeDatabases(a *app, c *cobra.Command, flag string) {
	register(c, flag, func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return a.ask(statements.Names)
	})
}

func completeSlow(a *app, c *cobra.Command) {
	completeDatabases(a, c, "only-db")
	register(c, "by", fixed(strings.Split(orders(), ", ")...))
	register(c, "source", fixed(sourceStats, sourceSlowlog))
}

func completeParameters(a *app, c *cobra.Command) {
	profile := fixed(tuning.ProfileNames()...)
	register(c, "only", profile)
	register(c, "skip", profile)
	register(c, "priority", fixed(tuning.PriorityNames()...))
	completeDatabases(a, c, "for-db")
	register(c, "set", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		words, directive := a.ask(parameterNames)
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
