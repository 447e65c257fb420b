package cmd

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"avadb/internal/pg"
	"avadb/internal/settings"
)

type settingsDocument struct {
	head
	Unseen   []string                  `json:"unseen"`   // what the role could not see, with the GRANT, a sentence each
	Settings []settings.LayeredSetting `json:"settings"` // those asked for, else those with a value beside the default
}

func newSettings(a *app) *cobra.Command {
	c := newCommand(spec{
		use: "settings [NAME...]", short: "Where each parameter gets its value from, and which layer wins", args: cobra.ArbitraryArgs,
		long: `For each parameter every layer that has a value for it: default, files with their lines, postgresql.auto.conf, the postgres
command line, the environment, the database, the role. It says which one counts in this session, what waits for a restart,
and whether an ALTER SYSTEM would have any effect. Without names: all parameters with a value beside the default.

With one name the layers themselves are the table.`,
		example: `avadb settings
avadb settings work_mem
avadb settings shared_buffers max_connections -o json | jq '.settings[].layers'
avadb settings diff prod staging`,
		privileges: `  any role; pg_monitor for all parameters, SELECT on pg_file_settings and EXECUTE on pg_show_all_file_settings() for
  the files, pg_read_server_files and EXECUTE on pg_read_binary_file for the postgres command line`,
		exits: "  2  no such parameter",
	}, func(ctx context.Context, _ *cobra.Command, names []string) error { return runSettings(ctx, a, names) })
	c.AddCommand(newSettingsDiff(a))
	c.ValidArgsFunction = func(c *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
		return a.ask(c, parameterNames)
	}
	return c
}

func runSettings(ctx context.Context, a *app, names []string) error {
	return a.withConn(ctx, pg.Options{Class: pg.Normal}, func(conn *pg.Conn) error {
		layers, err := settings.ReadLayers(ctx, conn)
		if err != nil {
			return err
		}
		doc := settingsDocument{head: a.head("settings", conn), Unseen: layers.Unseen}
		for _, name := range names {
			one, err := layers.Of(name)
			if err != nil {
				return err
			}
			doc.Settings = append(doc.Settings, one)
		}
		if len(names) == 0 {
			doc.Settings = layers.Changed()
		}
		if len(names) == 1 {
			err = a.result(doc, doc.Settings[0].Layers)
			a.explainSetting(doc.Settings[0])
		} else {
			err = a.result(doc, doc.Settings)
		}
		for _, sentence := range doc.Unseen {
			a.log.Warn(sentence)
		}
		return err
	})
}

// explainSetting says below the table of its layers what counts.
func (a *app) explainSetting(s settings.LayeredSetting) {
	words := []string{s.Name + " = " + s.Effective + " in this session, from " + string(s.Winner)}
	if s.PendingRestart {
		words = append(words, "a value waits for a restart of the server")
	}
	effect := "an ALTER SYSTEM would take a " + s.AlterSystem
	if s.AlterSystem == "none" {
		effect = "an ALTER SYSTEM would have no effect here: " + s.Note
	}
	a.log.Info(strings.Join(append(words, effect), "; "))
}
