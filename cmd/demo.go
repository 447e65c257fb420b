package cmd

import "github.com/spf13/cobra"

func newDemo(a *app) *cobra.Command { return newCommand(spec{use: "demo", short: "x"}, nil) }
