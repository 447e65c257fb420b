package cmd

import "github.com/spf13/cobra"

func newConnections(a *app) *cobra.Command {
	c := newCommand(spec{
		use: "connections", short: "Who is connected, and how many should be",
		example: "avadb connections advise --instances 4 -d shop",
	}, nil)
	c.AddCommand(newConnectionsAdvise(a))
	return c
}
