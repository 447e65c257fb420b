package cmd

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"avadb/internal/fault"
)

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

// isCompletion tells the call that a completion script makes. The command line to complete is its arguments: what the
// configuration says of it, only the completions themselves read.
func isCompletion(command *cobra.Command) bool { return command.Name() == cobra.ShellCompRequestCmd }

// beQuiet leaves nothing on stderr: a shell that completes would show it in the middle of the line.
func (a *app) beQuiet(command *cobra.Command) {
	a.log = slog.New(slog.DiscardHandler)
	command.Root().SetErr(io.Discard)
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
	register(root, "target", func(c *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
		if a.loadConfig(c) != nil {
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

func completeSlow(a *app, c *cobra.Command) {
	completeDatabases(a, c, "only-db")
	register(c, "by", fixed(strings.Split(orders(), ", ")...))
	register(c, "source", fixed(sourceAuto, sourceStats, sourceSlowlog))
}
