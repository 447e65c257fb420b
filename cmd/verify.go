package cmd

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"avadb/internal/checks"
	"avadb/internal/fault"
	"avadb/internal/health"
	"avadb/internal/history"
	"avadb/internal/journal"
	"avadb/internal/pg"
	"avadb/internal/render"
	"avadb/internal/settings"
)

type verifyOptions struct {
	only, skip    []string
	failOn        string
	nagios        bool
	expect, ram   string
	save, against string
	healthURL     string
	tokenFile     string
	watch         string
}

type verifyDocument struct {
	head
	Summary checks.Summary    `json:"summary"` // how many came to what
	Checks  []checks.Result   `json:"checks"`  // in the order of the checklist; in a table the worst come first
	Figures []checks.Compared `json:"figures"` // of --save and --against; else empty
	Against *savedInfo        `json:"against"` // what the figures are compared with; null without --against
}

type savedInfo struct {
	Name    string    `json:"name"`     // given to --save
	SavedAt time.Time `json:"saved_at"` // when they were measured
}

func newVerify(a *app) *cobra.Command {
	var o verifyOptions
	c := newCommand(spec{
		use: "verify", short: "The checklist: is this server configured, counted and healthy as it should be",
		long: `Runs the checklist. Each line is OK, WARN, FAIL or SKIP, with the measured value, its threshold and, for all but OK, the
next step as a command. What this role may not see is SKIP with the GRANT that shows it, never OK. docs/verify.md explains
each check. --save keeps measured figures, --against compares with them.

--health-url names avadb serve, or an application with the same endpoints: whether they tell the truth (HLT), how its pool of
connections is (POOL), and what it has measured (--save, --against). A token is the content of --health-token-file, else of
AVADB_SERVE_TOKEN. --watch runs the checklist again and again.`,
		example: `avadb verify
avadb verify --only CNX,REP --fail-on warn
avadb verify --nagios --skip CON03
avadb verify --save before
avadb verify --against before
avadb verify --health-url http://127.0.0.1:8000 --only HLT,POOL
avadb verify --watch 10s --only CNX
avadb verify -o json | jq -r '.checks[] | select(.status == "FAIL") | .fix'`,
		privileges: `  any role that may connect, for a part of it; pg_monitor for the sessions of others, and SELECT on pg_file_settings with
  EXECUTE on pg_show_all_file_settings() for the configuration files`,
		exits: `  2  an unknown check or group, or unknown figures
  3  no connection, or it was lost
  5  a check failed (--fail-on warn: or warns)
  130, 143  with --watch: interrupted, terminated, the usual end
  with --nagios: 0 OK, 1 WARN, 2 FAIL or no connection, 3 could not be seen, usage and all else`,
	}, func(ctx context.Context, _ *cobra.Command, _ []string) error { return runVerify(ctx, a, o) })
	f := c.Flags()
	listVar(f, &o.only, "only", "only these checks or groups, such as CNX01 or CNX")
	listVar(f, &o.skip, "skip", "not these checks or groups")
	f.StringVar(&o.failOn, "fail-on", "fail", "exit with 5 from this status on: warn or fail")
	f.BoolVar(&o.nagios, "nagios", false, "one status line and the exit codes of Nagios")
	f.StringVar(&o.expect, "expect", "", "what the server should be: primary or standby (CON03)")
	f.StringVar(&o.ram, "ram", "", "memory of the server for CFG05: 8GB, or auto on its host (default that of the newest tune)")
	f.StringVar(&o.save, "save", "", "keep the measured figures under this name")
	f.StringVar(&o.against, "against", "", "compare with the figures of this name")
	f.StringVar(&o.healthURL, "health-url", "", "address of avadb serve, or of an application's health endpoints (HLT, POOL)")
	f.StringVar(&o.tokenFile, "health-token-file", "", "file with the token that those ask for")
	f.StringVar(&o.watch, "watch", "", "again and again, at this interval")
	completeVerify(c)
	return c
}

func runVerify(ctx context.Context, a *app, o verifyOptions) error {
	list, err := o.check(a)
	if err != nil {
		return err
	}
	if o.watch != "" {
		return a.watchVerify(ctx, o, list)
	}
	return a.verifyOnce(ctx, o, list)
}

func (a *app) verifyOnce(ctx context.Context, o verifyOptions, list []checks.Check) error {
	return a.withConn(ctx, pg.Options{Class: pg.Critical}, func(conn *pg.Conn) error {
		e, err := a.verifyEnv(o, conn)
		if err != nil {
			return err
		}
		figures, err := a.openFigures(o, conn)
		if err != nil {
			return err
		}
		e.Against = figures.against
		doc := verifyDocument{head: a.head("verify", conn)}
		if doc.Checks, err = checks.Run(ctx, e, list); err != nil {
			return err
		}
		doc.Summary = checks.Summarize(doc.Checks)
		if o.nagios {
			return a.printNagios(doc)
		}
		if err := figures.measure(ctx, a, e, &doc); err != nil {
			return err
		}
		if err := a.printVerify(doc); err != nil {
			return err
		}
		a.mentionUnjudged(ctx, conn)
		a.log.Info(doc.Summary.String())
		return verifyVerdict(doc.Checks, o.failOn)
	})
}

// check reads the flags and gives the checks to run.
func (o verifyOptions) check(a *app) ([]checks.Check, error) {
	list, err := checks.Select(o.only, o.skip)
	if err != nil {
		return nil, err
	}
	if o.failOn != "warn" && o.failOn != "fail" {
		return nil, fault.New(fault.Usage, "--fail-on %q is no status to fail on", o.failOn).WithHint("use warn or fail")
	}
	if o.expect != "" && o.expect != "primary" && o.expect != "standby" {
		return nil, fault.New(fault.Usage, "--expect %q is no role of a server", o.expect).WithHint("use primary or standby")
	}
	for flag, name := range map[string]string{"--save": o.save, "--against": o.against} {
		if name == "" {
			continue
		}
		if err := checks.CheckName(name); err != nil {
			return nil, fault.New(fault.Usage, "%s %q is no name for figures", flag, name).WithHint("%s", err.Error())
		}
	}
	for _, other := range []string{"output", "out", "fail-on", "save", "against"} {
		if o.nagios && a.changed(other) {
			return nil, fault.New(fault.Usage, "--nagios and --%s exclude each other", other)
		}
	}
	for _, other := range []string{"nagios", "save", "against", "out"} {
		if o.watch != "" && a.changed(other) {
			return nil, fault.New(fault.Usage, "--watch and --%s exclude each other", other)
		}
	}
	if o.tokenFile != "" && o.healthURL == "" {
		return nil, fault.New(fault.Usage, "--health-token-file goes with --health-url")
	}
	if _, err := a.endpoints(o); err != nil {
		return nil, err
	}
	if warning := health.OpenToOthers(o.tokenFile); warning != "" && !o.nagios {
		a.log.Warn(warning)
	}
	_, err = o.interval()
	return list, err
}

func (a *app) verifyEnv(o verifyOptions, conn *pg.Conn) (*checks.Env, error) {
	e := &checks.Env{
		Conn: conn, Expect: o.expect, Now: a.now, StoreFlags: a.storeFlags(),
		Journal: func(ctx context.Context) ([]*journal.Set, error) { return a.readJournal(ctx, conn) },
		History: func(ctx context.Context) (*history.Store, *history.Server, error) {
			return a.quiet().readHistory(ctx, conn)
		},
		Memory: func(size string) (int64, error) {
			ram, _, err := settings.MemoryOf(size, conn.Server)
			return ram, err
		},
	}
	endpoints, err := a.endpoints(o)
	if err != nil {
		return nil, err
	}
	e.Endpoints = endpoints
	if o.ram == "" {
		return e, nil
	}
	ram, err := e.Memory(o.ram)
	if err == nil && ram <= 0 {
		err = fault.New(fault.Usage, "--ram %s is no memory", o.ram)
	}
	e.RAM = ram
	return e, err
}

// printVerify prints the checks and, where there are any, the figures below them.
func (a *app) printVerify(doc verifyDocument) error {
	rows := doc.Checks
	if a.format == render.Table || a.format == render.Plain {
		rows = checks.WorstFirst(rows)
	}
	if len(doc.Figures) == 0 || a.format == render.JSON {
		return errors.Join(a.result(doc, rows), a.sayFixes(rows))
	}
	return errors.Join(a.results(doc, rows, doc.Figures), a.sayFixes(rows))
}

// sayFixes writes below the table what a narrow terminal has cut off in it: the cause and the next step of each finding, whole.
func (a *app) sayFixes(rows []checks.Result) error {
	if a.format != render.Table || a.flags.outFile != "" || width(a.out) == 0 {
		return nil
	}
	for _, r := range rows {
		if r.Status != checks.Warn && r.Status != checks.Fail {
			continue
		}
		if _, err := fmt.Fprintf(a.out, "%s  %s\n       %s\n", r.ID, render.Safe(r.Detail), render.Safe(r.Fix)); toReader(err) != nil {
			return fault.New(fault.Failed, "write the result: %w", err)
		}
	}
	return nil
}

// verifyVerdict is the error of a run that found something.
func verifyVerdict(results []checks.Result, failOn string) error {
	var bad []string
	fix := ""
	for _, r := range checks.WorstFirst(results) {
		if r.Status == checks.Fail || r.Status == checks.Warn && failOn == "warn" {
			bad = append(bad, r.ID)
			if fix == "" {
				fix = r.Fix
			}
		}
	}
	if len(bad) == 0 {
		return nil
	}
	what := "failed"
	if failOn == "warn" {
		what = "did not pass"
	}
	return fault.New(fault.Found, "%s %s", strings.Join(bad, ", "), what).WithHint("%s: %s", bad[0], fix)
}

// quiet is the app without its log: what it has to say there is the reason of a check.
func (a *app) quiet() *app {
	q := *a
	q.log = slog.New(slog.DiscardHandler)
	return &q
}

// readJournal gives the change sets, and an error where some may be missing: to conclude from a part would be a guess.
func (a *app) readJournal(ctx context.Context, conn *pg.Conn) ([]*journal.Set, error) {
	j, err := a.quiet().openJournal(ctx, conn)
	if err != nil {
		return nil, err
	}
	defer j.Close()
	return j.Complete(ctx)
}

// mentionUnjudged names the change sets of this server whose probation ended without a verdict. One that an avadb still
// watches is about to get its own. Where the journal cannot be read, the checks that lean on it say so.
func (a *app) mentionUnjudged(ctx context.Context, conn *pg.Conn) {
	j, err := a.quiet().openJournal(ctx, conn)
	if err != nil {
		return
	}
	defer j.Close()
	sets, err := j.Sets(ctx)
	if err != nil {
		return
	}
	waiting, watched, err := j.OnProbation(ctx, sets)
	if err != nil || watched {
		return
	}
	for _, s := range journal.Unjudged(waiting, a.now()) {
		a.log.Warn(s.UnjudgedSentence())
	}
}

func completeVerify(c *cobra.Command) {
	names := fixed(append(checks.Groups(), checks.IDs()...)...)
	register(c, "only", names)
	register(c, "skip", names)
	register(c, "fail-on", fixed("warn", "fail"))
	register(c, "expect", fixed("primary", "standby"))
}
