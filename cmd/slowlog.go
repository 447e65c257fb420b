package cmd

import (
	"github.com/spf13/cobra"
)

func newSlowlog(a *app) *cobra.Command {
	c := newCommand(spec{
		use: "slowlog", short: "The slow_query_log table that applications write to",
		long: `The slow_query_log table of the connected database. Applications write each slow statement into it with
INSERT INTO slow_query_log (query, duration_ms, threshold_ms, query_signature); avadb slow --source slowlog reads it.`,
		example: "avadb slowlog init -d shop --grant-to app\navadb slowlog status -d shop",
	}, nil)
	c.AddCommand(newSlowlogInit(a), newSlowlogStatus(a), newSlowlogDrop(a))
	return c
}

// addSchemaFlag is common to the commands that work on the table.
func addSchemaFlag(c *cobra.Command, schema *string) {
	c.Flags().StringVar(schema, "schema", "", "schema of the table (default: the one that has it, else public)")
}
