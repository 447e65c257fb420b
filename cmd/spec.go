package cmd

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"avadb/internal/fault"
)

const (
	annotationFormats    = "formats"
	annotationExits      = "exits"
	annotationPrivileges = "privileges"
	annotationOffline    = "offline"
)

// spec is what a command says of itself. Every command with own exit codes or privileges says them in its help.
type spec struct {
	use, short, long string
	example          string
	args             cobra.PositionalArgs // nil: none
	formats          string               // beside the common ones, parted by blanks
	exits            string               // own exit codes, a line each
	offline          bool                 // it connects to nothing: a wrong configuration file must not stop it
	privileges       string
}

// newCommand makes a command. Without work it is a group, for which only its subcommands are right.
func newCommand(s spec, work func(ctx context.Context, command *cobra.Command, args []string) error) *cobra.Command {
	c := &cobra.Command{
		Use: s.use, Short: s.short, Long: s.long, Example: indent(s.example), Args: s.args,
		SilenceErrors: true, SilenceUsage: true, DisableFlagsInUseLine: false,
		Annotations: map[string]string{
			annotationFormats: s.formats, annotationExits: s.exits, annotationPrivileges: s.privileges,
		},
	}
	if s.offline {
		c.Annotations[annotationOffline] = "yes"
	}
	c.SetHelpTemplate(helpTemplate)
	if work == nil {
		c.Args = cobra.ArbitraryArgs
		c.RunE = func(c *cobra.Command, args []string) error { return noSubcommand(c, args) }
		return c
	}
	if c.Args == nil {
		c.Args = noArguments
	}
	c.RunE = func(c *cobra.Command, args []string) error { return work(c.Context(), c, args) }
	return c
}

// noSubcommand is the usage error of a group: stock cobra prints help and exits 0.
func noSubcommand(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return fault.New(fault.Usage, "%s needs a command", c.CommandPath()).WithHint("one of: %s", strings.Join(subcommands(c), ", "))
	}
	err := fault.New(fault.Usage, "unknown command %q for %s", args[0], c.CommandPath())
	c.SuggestionsMinimumDistance = 2
	if near := c.SuggestionsFor(args[0]); len(near) > 0 {
		return err.WithHint("did you mean %s %s?", c.CommandPath(), strings.Join(near, " or "))
	}
	return err.WithHint("one of: %s", strings.Join(subcommands(c), ", "))
}

func subcommands(c *cobra.Command) []string {
	var names []string
	for _, sub := range c.Commands() {
		if sub.IsAvailableCommand() {
			names = append(names, sub.Name())
		}
	}
	slices.Sort(names)
	return names
}

func noArguments(c *cobra.Command, args []string) error {
	if len(args) > 0 {
		return fault.New(fault.Usage, "%s takes no argument, got %q", c.CommandPath(), args[0])
	}
	return nil
}

// atMost refuses more than n arguments.
func atMost(n int) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) > n {
			return fault.New(fault.Usage, "%s takes at most %d argument, got %d", c.CommandPath(), n, len(args))
		}
		return nil
	}
}

func indent(text string) string {
	if text == "" {
		return ""
	}
	return "  " + strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n  ")
}

const helpTemplate = `{{with .Long}}{{. | trimTrailingWhitespaces}}{{else}}{{.Short}}{{end}}
{{if .HasExample}}
Examples:
{{.Example}}
{{end}}
Usage:
  {{.UseLine}}{{if .HasAvailableSubCommands}}

Commands:{{range .Commands}}{{if or .IsAvailableCommand (eq .Name "help")}}
  {{rpad .Name .NamePadding}} {{.Short}}{{end}}{{end}}{{end}}{{if .HasAvailableLocalFlags}}

Flags:
{{.LocalFlags.FlagUsages | trimTrailingWhitespaces}}{{end}}{{if .HasAvailableInheritedFlags}}

Common flags:
{{.InheritedFlags.FlagUsages | trimTrailingWhitespaces}}{{end}}{{with index .Annotations "privileges"}}

Least privilege:
{{.}}{{end}}{{with index .Annotations "exits"}}

Exit codes (all of them: avadb help exit-codes):
{{.}}{{end}}
`

// newHelp is `avadb help [command|topic]`.
func newHelp(root *cobra.Command) *cobra.Command {
	topics := map[string]string{"exit-codes": exitTopic}
	return newCommand(spec{
		offline: true,
		use:     "help [command|topic]", short: "Help for a command or a topic (exit-codes)", args: cobra.ArbitraryArgs,
		example: "avadb help tune\navadb help exit-codes",
	}, func(_ context.Context, c *cobra.Command, args []string) error {
		if len(args) == 0 {
			return root.Help()
		}
		if text, ok := topics[args[0]]; ok {
			_, err := fmt.Fprint(c.OutOrStdout(), text)
			return err
		}
		found, rest, err := root.Find(args)
		if err != nil || len(rest) > 0 {
			return noSubcommand(root, args)
		}
		return found.Help()
	})
}
