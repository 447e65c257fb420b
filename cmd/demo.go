package cmd

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"avadb/internal/fault"
	"avadb/internal/pgtest"
)

type demoOptions struct {
	major int
	bin   string
	keep  bool
}

func newDemo(a *app) *cobra.Command {
	var o demoOptions
	c := newCommand(spec{
		use: "demo", short: "Watch the main job on a throwaway PostgreSQL",
		long: `Starts a PostgreSQL of its own from the programs on this machine, on a free port and in a temporary folder, runs a small
workload and walks through avadb's main job: enable-stats, slow, tune, history, rollback, with real restarts, and the
repair of a server that does not start any more. Each command line is printed and run as you would type it. No other
server and none of your configuration is touched; everything is removed in the end, also on ^C.

As root the server runs as the user postgres, or nobody.`,
		example: `avadb demo
avadb demo --major 17
avadb demo --bin /usr/lib/postgresql/15/bin
avadb demo --keep`,
		privileges: "  none: it needs the programs initdb, pg_ctl and postgres, 14 or newer, with the contrib modules",
		exits: `  0    every step did what it should, and the values were back after each rollback
  1    a step went wrong, or a value was not back
  2    a flag is wrong
  4    there is no PostgreSQL to start on this machine; the message names the command that installs it
  130  interrupted; the server and its folder are gone (143: terminated)`,
	}, func(ctx context.Context, _ *cobra.Command, _ []string) error { return runDemo(ctx, a, o) })
	f := c.Flags()
	f.IntVar(&o.major, "major", 0, "PostgreSQL major to start; 0: what is there")
	f.StringVar(&o.bin, "bin", "", "folder with initdb, pg_ctl and postgres")
	f.BoolVar(&o.keep, "keep", false, "leave the server running, and say how to reach and to stop it")
	return c
}

func runDemo(ctx context.Context, a *app, o demoOptions) error {
	if err := o.check(a); err != nil {
		return err
	}
	install, err := o.install() //nolint:contextcheck // as there
	if err != nil {
		return err
	}
	ctx, release := outliveSignals(ctx)
	defer release()
	d, err := startDemo(ctx, a, install)
	if err != nil {
		return endOf(ctx, err)
	}
	err = endOf(ctx, d.walk(ctx))
	if o.keep && ctx.Err() == nil {
		return errors.Join(err, d.sayKept())
	}
	return errors.Join(err, d.remove())
}

// check refuses the flags that would point at a server of the user: the demo brings its own.
func (o demoOptions) check(a *app) error {
	for _, flag := range []string{"dsn", "service", "target", "host", "port", "username", "dbname", "store", "output", "out"} {
		if a.changed(flag) {
			return fault.New(fault.Usage, "demo takes no --%s: it shows its own server, as text", flag)
		}
	}
	switch {
	case o.major != 0 && o.bin != "":
		return fault.New(fault.Usage, "--major and --bin exclude each other")
	case o.major != 0 && o.major < pgtest.OldestMajor:
		return fault.New(fault.Usage, "--major %d: avadb knows PostgreSQL %d and newer", o.major, pgtest.OldestMajor)
	}
	return nil
}

// install finds the programs.
//
//nolint:contextcheck // it asks programs for their versions, each in a bounded time
func (o demoOptions) install() (pgtest.Install, error) {
	if o.bin != "" {
		return pgtest.In(o.bin)
	}
	return pgtest.Find(o.major)
}

// outliveSignals keeps the demo alive until it has cleaned up: by itself the second ^C would end the process and leave a
// server behind. A terminal that is closed ends the demo as SIGTERM does.
func outliveSignals(parent context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(parent)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	done := make(chan struct{})
	go func() {
		for {
			select {
			case s := <-signals:
				if s == syscall.SIGHUP {
					cancel(fault.New(fault.Terminated, "the terminal was closed"))
				}
			case <-done:
				return
			}
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		close(done)
		cancel(nil)
	}
}

// endOf gives what ended a run: where the context did, whatever failed because of it is no news.
func endOf(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}
