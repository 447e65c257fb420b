package cmd

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"avadb/internal/fault"
	"avadb/internal/history"
	"avadb/internal/pg"
	"avadb/internal/render"
	"avadb/internal/units"
)

type slowlogCollectOptions struct {
	once                           bool
	every, threshold, budget, keep string
	keepLiterals                   bool
}

type slowlogCollectDocument struct {
	head
	history.Collected
}

func newSlowlogCollect(a *app) *cobra.Command {
	var o slowlogCollectOptions
	c := newCommand(spec{
		use: "collect", short: "Keep the history of pg_stat_statements, and note what is slow",
		long: `Reads pg_stat_statements and keeps what was counted since the last time: only the statements that ran, each text once. From
that history avadb slow answers what was slow in any past window. Statements that are running for longer than --threshold
become rows of slow_query_log, and so do those whose mean since the last time was over it: in the connected database's own
table where there is one that can be written, else in the store.

--once is for cron or a timer. --every goes on until it is terminated; where collecting costs more than --budget it does so
less often. What is older than --keep is pruned now and then: the history, and what avadb has written to slow_query_log.`,
		example: `avadb slowlog collect --once -d shop
avadb slowlog collect --every 1m --threshold 250ms -d shop
avadb slowlog collect --once --dsn 'host=standby dbname=shop' --store 'host=primary dbname=postgres'`,
		privileges: `  pg_monitor to see all statements; in the store CREATE on the database for the first time, afterwards SELECT,
  INSERT, UPDATE and DELETE on the tables of schema avadb; INSERT (better also SELECT, UPDATE, DELETE) on slow_query_log`,
		exits: `  0  also with --once while another collector watches the server
  1  with --every: another collector watches the server
  4  pg_stat_statements is missing or not loaded, a pooler is in between, or a privilege is missing`,
	}, func(ctx context.Context, _ *cobra.Command, _ []string) error { return runSlowlogCollect(ctx, a, o) })
	f := c.Flags()
	f.BoolVar(&o.once, "once", false, "collect now, once")
	f.StringVar(&o.every, "every", "", "collect again and again, at this interval (1m)")
	f.StringVar(&o.threshold, "threshold", "100ms", "note statements slower than this")
	f.StringVar(&o.budget, "budget", "1%", "with --every: share of one core of the server that collecting may cost")
	f.StringVar(&o.keep, "keep", "14d", "prune what is older; 0: nothing")
	f.BoolVar(&o.keepLiterals, "keep-literals", false, "note running statements with their constants, which can be anybody's data")
	return c
}

// check gives the collector's options and pace; Every is 0 for --once.
func (o slowlogCollectOptions) check(a *app) (options history.Options, pace history.Pace, err error) {
	switch {
	case o.once == (o.every != ""):
		return options, pace, fault.New(fault.Usage, "slowlog collect needs one of --once and --every").WithHint("--once for cron, --every 1m for a service")
	case o.every != "" && a.format != render.Table && a.format != render.Plain:
		return options, pace, fault.New(fault.Usage, "with --every there is no result to print").WithHint("use -o %s with --once; avadb slowlog status tells how it goes", a.format)
	case o.once && a.changed("budget"):
		return options, pace, fault.New(fault.Usage, "--budget goes with --every: with --once something else decides how often")
	}
	options.KeepLiterals = o.keepLiterals
	if options.Threshold, err = duration("threshold", o.threshold, 0); err != nil {
		return options, pace, err
	}
	if options.Keep, err = duration("keep", o.keep, 0); err != nil {
		return options, pace, err
	}
	if o.once {
		return options, pace, nil
	}
	if pace.Every, err = duration("every", o.every, time.Second); err != nil {
		return options, pace, err
	}
	pace.Budget, err = parseShare(o.budget)
	return options, pace, err
}

// duration reads the duration of a flag.
func duration(flag, text string, least time.Duration) (time.Duration, error) {
	if text == "0" && least == 0 {
		return 0, nil
	}
	d, err := units.ParseDuration(text)
	if err == nil && d < least {
		err = fault.New(fault.Usage, "--%s %s is too short", flag, text).WithHint("give %s or more", units.FormatDuration(least))
	}
	return d, err
}

// parseShare reads a percentage, such as 1% or 0.5%.
func parseShare(text string) (float64, error) {
	number, isPercent := strings.CutSuffix(text, "%")
	share, err := strconv.ParseFloat(number, 64)
	if err != nil || !isPercent || math.IsNaN(share) || share <= 0 || share > 100 {
		return 0, fault.New(fault.Usage, "--budget %q is no share of a core", text).WithHint("give a percentage such as 1%%")
	}
	return share / 100, nil
}

func runSlowlogCollect(ctx context.Context, a *app, o slowlogCollectOptions) error {
	options, pace, err := o.check(a)
	if err != nil {
		return err
	}
	return a.withConn(ctx, history.Connection(a.log), func(conn *pg.Conn) error {
		options.StoreOptions = a.storeOptions(conn)
		collector, err := history.Start(ctx, conn, options)
		if fault.KindOf(err) == fault.Locked && o.once {
			a.log.Info(err.Error() + ": nothing to do")
			return nil
		}
		if err != nil {
			return err
		}
		defer collector.Close()
		if !o.once {
			a.log.Info(fmt.Sprintf("collecting every %s from %s", units.FormatDuration(pace.Every), conn.Server.Where()))
			return collector.Run(ctx, pace)
		}
		done, err := collector.Collect(ctx)
		if err != nil {
			return err
		}
		doc := slowlogCollectDocument{head: a.head("slowlog collect", conn), Collected: *done}
		a.explainCollected(conn, done)
		return a.result(doc, []history.Collected{*done})
	})
}

// storeOptions say where the history of a server is.
func (a *app) storeOptions(conn *pg.Conn) history.StoreOptions {
	return history.StoreOptions{Store: a.store(conn.Target), Env: a.env, Log: a.log}
}

// commandLine is a command that reaches the same server and the same store.
func (a *app) commandLine(conn *pg.Conn, words string) string {
	return strings.TrimSpace("avadb " + words + " " + strings.TrimSpace(a.storeFlags()+" "+conn.Target.CommandFlags()))
}

// storeFlags repeats --store, without secrets; the environment need not be repeated.
func (a *app) storeFlags() string {
	if !a.changed("store") {
		return ""
	}
	return "--store " + pg.ShellQuote(pg.MaskSecrets(a.viper.GetString("store")))
}

func (a *app) explainCollected(conn *pg.Conn, done *history.Collected) {
	if done.From == nil {
		a.log.Info("the first snapshot is the baseline: windows begin here")
	}
	if done.Gap && done.From != nil {
		a.log.Warn(fmt.Sprintf("a gap in the history since %s: %s", done.From.Format(time.RFC3339), strings.Join(done.Flags, ", ")))
	}
	if done.NotVisible > 0 {
		a.log.Warn(fmt.Sprintf("%d statements of other roles are not visible and not in the history: GRANT pg_read_all_stats TO %s", done.NotVisible, pg.Identifier(conn.Server.Role)))
	}
}
