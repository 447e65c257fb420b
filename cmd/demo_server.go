package cmd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"avadb/internal/fault"
	"avadb/internal/pg"
	"avadb/internal/pgtest"
	"avadb/internal/render"
)

// demoDatabase is the database that the demo's application lives in.
const demoDatabase = "shop"

// demo is one walk through the main job on its own server.
type demo struct {
	app     *app
	server  *pgtest.Server
	paint   *render.Painter
	self    string   // avadb's own program
	env     []string // what avadb sees of the environment
	restart string   // shell command line
	stop    string   // shell command line; it removes the folder, too, except on Windows
	steps   int      // headings printed so far
}

// startDemo starts the server and makes what avadb needs beside it: a folder for its state and the restart script.
func startDemo(ctx context.Context, a *app, install pgtest.Install) (*demo, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fault.New(fault.Failed, "finding avadb's own program: %w", err)
	}
	d := &demo{app: a, self: self, paint: render.NewPainter(a.colorOn(a.out))}
	if err := d.say("Starting PostgreSQL %s ...", install.Version); err != nil {
		return nil, err
	}
	d.server, err = pgtest.Start(ctx, install, pgtest.Options{Name: "avadb-demo"})
	if err != nil {
		return nil, err
	}
	d.env = d.environment()
	for _, prepare := range []func() error{
		d.writeScripts,
		func() error { return d.prepareDatabase(ctx) },
		func() error { return d.fillShop(ctx) },
	} {
		if err := prepare(); err != nil {
			return nil, errors.Join(err, d.server.Close())
		}
	}
	return d, nil
}

// environment is the user's without what could lead avadb to another server, configuration or journal.
func (d *demo) environment() []string {
	var env []string
	for _, entry := range os.Environ() {
		name, _, _ := strings.Cut(entry, "=")
		if !strings.HasPrefix(name, "PG") && !strings.HasPrefix(name, "AVADB_") && name != "XDG_STATE_HOME" && name != "XDG_CONFIG_HOME" {
			env = append(env, entry)
		}
	}
	return append(env, "AVADB_DSN="+d.server.DSN(demoDatabase), "AVADB_COLOR="+d.app.viper.GetString("color"),
		"XDG_STATE_HOME="+d.stateHome(), "XDG_CONFIG_HOME="+filepath.Join(d.server.Dir, "config"))
}

func (d *demo) stateHome() string { return filepath.Join(d.server.Dir, "state") }

// writeScripts puts the commands that restart and remove the server into files, because they are long and the first is
// printed often. They change the folder, as the server's user may not see the one they are called in.
func (d *demo) writeScripts() error {
	dir := d.server.Dir
	d.restart, d.stop = d.server.RestartCommand(), d.server.StopCommand()
	if runtime.GOOS == "windows" {
		return nil
	}
	restart, stop := filepath.Join(dir, "restart.sh"), filepath.Join(dir, "stop.sh")
	for path, text := range map[string]string{
		restart: "cd " + shellQuote(dir) + " && " + d.restart + "\n",
		stop:    "cd / && " + d.stop + " && rm -rf " + shellQuote(dir) + "\n",
	} {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil { //nolint:gosec // no secret in it
			return fault.New(fault.Failed, "writing the demo's scripts: %w", err)
		}
	}
	d.restart, d.stop = "sh "+shellQuote(restart), "sh "+shellQuote(stop)
	return nil
}

// prepareDatabase checks for the extension and leaves what a DBA typically finds: a value set by hand, long ago.
func (d *demo) prepareDatabase(ctx context.Context) error {
	conn, err := d.connect(ctx, "postgres")
	if err != nil {
		return err
	}
	defer conn.Close()
	has, err := texts(ctx, conn, "SELECT name FROM pg_catalog.pg_available_extensions WHERE name = 'pg_stat_statements'")
	if err != nil {
		return err
	}
	if len(has) == 0 {
		return fault.New(fault.Prerequisite, "the PostgreSQL in %s lacks pg_stat_statements", d.server.Bin).
			WithHint("install its contrib modules: apt-get install postgresql-contrib, or dnf install postgresql-contrib")
	}
	for _, statement := range []string{"CREATE DATABASE " + demoDatabase, "ALTER SYSTEM SET work_mem = '" + demoByHand + "'", "SELECT pg_catalog.pg_reload_conf()"} {
		if _, err := conn.Exec(ctx, statement); err != nil {
			return pg.Describe(ctx, err)
		}
	}
	return nil
}

// connect opens a connection to the demo's server, whatever the environment says.
func (d *demo) connect(ctx context.Context, database string) (*pg.Conn, error) {
	target, err := pg.Resolve(pg.Sources{DSN: d.server.DSN(database)})
	if err != nil {
		return nil, err
	}
	return pg.Connect(ctx, target, pg.Options{Class: pg.Normal, Log: d.app.log})
}

// texts runs a query of one text column.
func texts(ctx context.Context, conn *pg.Conn, sql string, args ...any) ([]string, error) {
	rows, err := conn.Query(ctx, sql, args...)
	if err != nil {
		return nil, pg.Describe(ctx, err)
	}
	defer rows.Close()
	var all []string
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return nil, pg.Describe(ctx, err)
		}
		all = append(all, text)
	}
	return all, pg.Describe(ctx, rows.Err())
}

// remove stops the server and deletes all the demo has made.
func (d *demo) remove() error {
	if err := d.server.Close(); err != nil {
		return err
	}
	return d.say("Stopped the server and removed %s.", d.server.Dir)
}

// sayKept says how to go on with the server, and how to get rid of it.
func (d *demo) sayKept() error {
	_, err := fmt.Fprintf(d.app.out, `
The server is still there. To go on with it:

  export AVADB_DSN=%s
  export XDG_STATE_HOME=%s   # where the journal is
  avadb enable-stats --restart-command %s

To stop and remove it:

  %s
`, shellQuote(d.server.DSN(demoDatabase)), shellQuote(d.stateHome()), shellQuote(d.restart), d.stop)
	return err
}
