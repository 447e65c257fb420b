package cmd

import (
	"github.com/spf13/cobra"
)

func newSlowlog(a *app) *cobra.Command {
	c := newCommand(spec{
		use: "slowlog", short: "What was slow, kept: the slow_query_log table and the history of pg_stat_statements",
		long: `The slow_query_log table of the connected database. Applications write each slow statement into it with
INSERT INTO slow_query_log (query, duration_ms, threshold_ms, query_signature); avadb slow --source slowlog reads it.

slowlog collect writes into it what it sees running, and keeps the history of pg_stat_statements in the store.`,
		example: "avadb slowlog init -d shop --grant-to app\navadb slowlog collect --every 1m -d shop\navadb slowlog status -d shop",
	}, nil)
	c.AddCommand(newSlowlogInit(a), newSlowlogStatus(a), newSlowlogCollect(a), newSlowlogIngest(a), newSlowlogPrune(a), newSlowlogDrop(a))
	return c
}

// addSchemaFlag is common to the commands that work on the table.
func addSchemaFlag(c *cobra.Command, schema *string) {
	c.Flags().StringVar(schema, "schema", "", "schema of the table (default: the one that has it, else public)")
}
