package cmd

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"avadb/internal/pg"
)

func newConfig(a *app) *cobra.Command {
	group := newCommand(spec{use: "config", short: "Show and check what avadb would connect to"}, nil)
	group.AddCommand(newConfigShow(a), newConfigCheck(a))
	return group
}

type configDocument struct {
	head
	File   string     `json:"file"`   // the configuration file, whether it is there or not
	Values []pg.Value `json:"values"` // options of the connection, then those of avadb
}

func newConfigShow(a *app) *cobra.Command {
	return newCommand(spec{
		use: "show", short: "Each value and where it came from; connects to nothing",
		example: "avadb config show\navadb config show --target prod -o json",
	}, func(context.Context, *cobra.Command, []string) error {
		target, err := a.resolve()
		if err != nil {
			return err
		}
		values := append(target.Values, a.scalarValues()...)
		doc := configDocument{head: a.head("config show", nil), File: a.configPath(), Values: values}
		return a.result(doc, doc.Values)
	})
}

func (a *app) scalarValues() []pg.Value {
	fromFile := map[string]string{"output": a.config.Output, "color": a.config.Color, "timeout": a.config.Timeout, "store": a.config.Store}
	var values []pg.Value
	for _, key := range scalars() {
		v := pg.Value{Key: key, Value: a.viper.GetString(key), From: "default"}
		switch environment := "AVADB_" + strings.ToUpper(key); {
		case a.changed(key):
			v.From = "--" + key
		case a.env(environment) != "":
			v.From = environment
		case fromFile[key] != "":
			v.From = a.configPath()
		}
		if key == "store" {
			v.Value = pg.PublicDSN(v.Value)
		}
		values = append(values, v)
	}
	return values
}

type checkDocument struct {
	head
	Connected  bool    `json:"connected" col:""`       // always true: no connection is an error
	LatencyMS  float64 `json:"latency_ms" col:"num.1"` // of connecting and reading the server's facts
	Version    string  `json:"server_version" col:""`  // as SHOW server_version says
	Role       string  `json:"role" col:""`            // of the session
	Superuser  bool    `json:"superuser" col:""`       // the role is one
	Monitor    bool    `json:"pg_monitor" col:""`      // the role is a member of it
	InRecovery bool    `json:"in_recovery" col:""`     // the server is a standby
	Pooler     bool    `json:"pooler" col:""`          // a pooler is in between: commands that change the server refuse it
}

func newConfigCheck(a *app) *cobra.Command {
	return newCommand(spec{
		use: "check", short: "Connect, and say what this role is on this server",
		example:    "avadb config check --target prod",
		privileges: "  any role that may connect",
		exits:      "  3  cannot connect or authenticate",
	}, func(ctx context.Context, _ *cobra.Command, _ []string) error {
		started := time.Now()
		return a.withConn(ctx, pg.Options{Class: pg.Critical}, func(conn *pg.Conn) error {
			s := conn.Server
			doc := checkDocument{
				head: a.head("config check", conn), Connected: true, LatencyMS: float64(time.Since(started).Microseconds()) / 1000,
				Version: s.Version, Role: s.Role, Superuser: s.Superuser, Monitor: s.HasMonitor, InRecovery: s.InRecovery, Pooler: s.Pooler,
			}
			if s.Pooler {
				a.log.Warn(fmt.Sprintf("a pooler is in between: commands that change the server refuse it (%s)", conn.Target.Host()))
			}
			return a.result(doc, doc)
		})
	})
}
