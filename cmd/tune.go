package cmd

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"avadb/internal/fault"
	"avadb/internal/journal"
	"avadb/internal/pg"
	"avadb/internal/render"
	"avadb/internal/settings"
	"avadb/internal/tuning"
	"avadb/internal/units"
)

// The formats of tune that print the plan for something else than avadb and write nothing to the server.
const (
	formatSQL     render.Format = "sql"
	formatConf    render.Format = "conf"
	formatPatroni render.Format = "patroni"
	formatK8s     render.Format = "k8s"
)

// isForElsewhere tells a format that writes nothing to the server.
func isForElsewhere(f render.Format) bool {
	return f == formatSQL || f == formatConf || f == formatPatroni || f == formatK8s
}

type tuneOptions struct {
	ram            string
	profile        string
	storage        string
	cpus           int
	dbSize         string
	noEvidence     bool
	explain        bool
	set            []string
	only, skip     []string
	connections    int
	dryRun, force  bool
	restartCommand string

	forRole, forDB, priority string
	proofOptions
}

func newTune(a *app) *cobra.Command {
	var o tuneOptions
	c := newCommand(spec{
		use: "tune {--ram SIZE | --for-role ROLE --priority CLASS}", short: "Set the parameters that matter, for this much memory",
		long: `Sets the parameters that matter to what fits the server's memory, with ALTER SYSTEM, and reloads. Every value is
checked against the server's ranges and the rules between parameters before any is written; the change set can be undone
with avadb rollback. The profiles for a workload also look at what the server has counted; --explain says why each value is
what it is, and what it costs. -o sql, conf, patroni and k8s (CloudNativePG) print the plan for use elsewhere and write
nothing to the server.

With --for-role or --for-db it sets the timeouts of a priority class for those sessions alone, as ALTER ROLE or ALTER
DATABASE ... SET: statement_timeout, lock_timeout, idle_in_transaction_session_timeout and, from 17 up,
transaction_timeout.

--rehearse starts a scratch cluster with the new values first, on the server's host. --probation measures the server before
and after the change, and rolls it back by itself where the server became slower; an interrupt rolls it back, too.`,
		example: `avadb tune --ram 8GB --dry-run
avadb tune --ram 8GB
avadb tune --ram 32GB --profile oltp --storage nvme --cpus 16 --explain --dry-run
avadb tune --ram 32GB --connections 300 --skip log_connections,log_disconnections
avadb tune --ram 8GB --set random_page_cost=1.5 --restart-command 'systemctl restart postgresql'
avadb tune --ram 8GB -o conf > tuned.conf
avadb tune --ram 8GB --rehearse --dry-run
avadb tune --ram 8GB --probation 10m --max-regression 20%
avadb tune --for-role reports --priority low`,
		formats: "sql conf patroni k8s",
		privileges: `  superuser; or from PostgreSQL 15 up pg_monitor, GRANT ALTER SYSTEM ON PARAMETER for each name, SELECT on
  pg_file_settings, EXECUTE on pg_show_all_file_settings() and pg_reload_conf(). --for-role: CREATEROLE, from 16 up with the
  ADMIN option on the role; --for-db: owner of the database`,
		exits: `  0  done, also when values wait for a restart (restart_required)
  2  a value is not valid
  4  a privilege is missing, a pooler is in between, something else manages the server, or it would not start with the values
  5  --probation: the change was rolled back`,
	}, func(ctx context.Context, _ *cobra.Command, _ []string) error { return runTune(ctx, a, o) })
	f := c.Flags()
	f.StringVar(&o.ram, "ram", "", "memory of the server: 8GB, 512MB, 1.5TB, or auto on the server's host")
	f.StringArrayVar(&o.set, "set", nil, "name=value: a value of your own (repeatable)")
	listVar(f, &o.only, "only", "only these parameters")
	listVar(f, &o.skip, "skip", "not these parameters")
	f.StringVar(&o.profile, "profile", string(tuning.QuickWins), "what the server is for: quickwins, web, oltp, dw, mixed or desktop")
	f.StringVar(&o.storage, "storage", string(tuning.SSD), "what the data lies on: ssd, nvme, hdd or san")
	f.IntVar(&o.cpus, "cpus", 0, "processors of the server (default: measured where it runs on this host)")
	f.StringVar(&o.dbSize, "db-size", "", "what the databases will hold: 200GB (default: measured)")
	f.BoolVar(&o.noEvidence, "no-evidence", false, "the pure rules, whatever the server has counted")
	f.BoolVar(&o.explain, "explain", false, "for each parameter the reason, formula, source, evidence and cost")
	f.IntVar(&o.connections, "connections", 0, "max_connections to plan for")
	f.BoolVar(&o.dryRun, "dry-run", false, "show the plan and write nothing")
	f.BoolVar(&o.force, "force", false, "also where the host has less memory than --ram, huge pages cannot be seen, or data could be lost (fsync=off)")
	f.StringVar(&o.restartCommand, "restart-command", "", "shell command that restarts the server, run when values wait for it")
	f.StringVar(&o.forRole, "for-role", "", "set the timeouts of this role instead")
	f.StringVar(&o.forDB, "for-db", "", "set the timeouts of this database instead; with --for-role, of the role in it")
	f.StringVar(&o.priority, "priority", "", "with --for-role, --for-db: "+strings.Join(tuning.PriorityNames(), ", "))
	o.addProofFlags(c)
	completeParameters(a, c)
	return c
}

func runTune(ctx context.Context, a *app, o tuneOptions) error {
	if err := o.checkScope(a); err != nil {
		return err
	}
	if o.isScoped() {
		return runTuneFor(ctx, a, o)
	}
	if err := o.check(a); err != nil {
		return err
	}
	if err := o.checkProof(a); err != nil {
		return err
	}
	o.dryRun = o.dryRun || isForElsewhere(a.format)
	if o.onProbation() {
		return runTuneProbation(ctx, a, o)
	}
	return a.withConn(ctx, pg.Options{Class: pg.Normal, Changes: true}, func(conn *pg.Conn) error {
		if o.dryRun {
			doc, err := planTune(ctx, a, o, conn)
			if err != nil {
				return err
			}
			return a.printTune(o, conn, doc)
		}
		var doc *tuneDocument
		err := a.withChange(ctx, conn, false, func(c *change) (err error) {
			doc, err = applyTune(ctx, a, o, c)
			return err
		})
		if err != nil {
			return err
		}
		if o.restartCommand != "" && doc.RestartRequired {
			err = restartTuned(ctx, a, o, conn, doc)
		}
		return errors.Join(err, a.printTune(o, conn, doc)) // what was written is said also where the restart failed
	})
}

func (o tuneOptions) check(a *app) error {
	if o.ram == "" {
		return fault.New(fault.Usage, "tune needs the memory of the server").WithHint("avadb tune --ram 8GB, or --ram auto on the server's host")
	}
	if o.connections < 0 || o.connections == 0 && a.changed("connections") {
		return fault.New(fault.Usage, "--connections %d is no number of connections", o.connections)
	}
	if o.cpus < 0 || o.cpus == 0 && a.changed("cpus") {
		return fault.New(fault.Usage, "--cpus %d is no number of processors", o.cpus)
	}
	if err := o.checkExplain(a); err != nil {
		return err
	}
	want, err := o.request()
	for _, given := range want.Set {
		if strings.EqualFold(given.Name, "primary_conninfo") {
			return fault.New(fault.Usage, "primary_conninfo can hold a password, which must not reach the journal").
				WithHint("set it by hand: ALTER SYSTEM SET primary_conninfo = ...")
		}
	}
	if err == nil && o.ram != "auto" {
		_, err = units.ParseSize(o.ram)
	}
	return err
}

func (o tuneOptions) assignments() ([]tuning.Assignment, error) {
	var out []tuning.Assignment
	for _, text := range o.set {
		assignment, err := tuning.ParseAssignment(text)
		if err != nil {
			return nil, err
		}
		out = append(out, assignment)
	}
	return out, nil
}

// planTune reads the server and decides; it writes nothing.
func planTune(ctx context.Context, a *app, o tuneOptions, conn *pg.Conn) (*tuneDocument, error) {
	want, err := o.request()
	if err != nil {
		return nil, err
	}
	plan, err := settings.PlanTune(ctx, conn, want)
	if err != nil {
		return nil, err
	}
	for _, w := range plan.Warnings { // before a person is asked, and before anything is written
		a.log.Warn(w)
	}
	doc := &tuneDocument{
		head: a.head("tune", conn), DryRun: o.dryRun, Profile: string(want.Profile), Storage: &want.Storage, RAMBytes: plan.RAMBytes,
		RestartRequired: plan.RestartRequired, Memory: newMemoryDocument(plan.Memory), Warnings: plan.Warnings, Settings: plan.Settings,
		Evidence: plan.Evidence,
	}
	if plan.CPUs > 0 {
		doc.CPUs = &plan.CPUs
	}
	if want.DBBytes > 0 {
		doc.DBBytes = &want.DBBytes
	}
	return doc, a.prove(ctx, o, conn, doc)
}

// request turns the flags into what is asked of the planning.
func (o tuneOptions) request() (settings.TuneRequest, error) {
	want := settings.TuneRequest{
		RAM: o.ram, CPUs: o.cpus, Connections: o.connections, Only: o.only, Skip: o.skip, DryRun: o.dryRun, Force: o.force, NoEvidence: o.noEvidence,
		Explain: o.explain, Measured: o.measured,
	}
	var err error
	if want.Set, err = o.assignments(); err != nil {
		return want, err
	}
	if want.Profile, err = tuning.ParseProfile(o.profile); err != nil {
		return want, err
	}
	if want.Storage, err = tuning.ParseStorage(o.storage); err != nil || o.dbSize == "" {
		return want, err
	}
	want.DBBytes, err = units.ParseSize(o.dbSize)
	return want, err
}

// applyTune plans under the lock, so that what it read still stands when it writes.
func applyTune(ctx context.Context, a *app, o tuneOptions, c *change) (*tuneDocument, error) {
	doc, err := planTune(ctx, a, o, c.conn)
	if err != nil {
		return nil, err
	}
	names := settings.Named(doc.Settings, settings.IsSet)
	if len(names) == 0 {
		return doc, nil
	}
	if err := settings.WriteAccess(ctx, c.conn, names, doc.Settings); err != nil {
		return nil, err
	}
	if a.asks() {
		what := fmt.Sprintf("these %d parameters", len(names))
		if len(names) == 1 {
			what = "this parameter"
		}
		question := fmt.Sprintf("Set %s on %s?", what, c.conn.Server.Where())
		if err := a.confirm(ctx, doc.Settings, question); err != nil {
			return nil, err
		}
	}
	var changes []journal.Change
	for _, line := range doc.Settings {
		if line.Action == settings.Set {
			changes = append(changes, journal.Change{Item: settings.NewSystemSetting(c.conn, line.Name), Ours: journal.Present(*line.Value)})
		}
	}
	set, err := o.write(ctx, a, c, changes)
	if err != nil {
		return nil, err
	}
	doc.ChangeSet = &set.ID
	if line := a.offlineLine(c.conn, set); line != "" {
		doc.OfflineRollback = &line
	}
	return doc, nil
}

// restartTuned restarts the server and checks that what waited for it counts now.
func restartTuned(ctx context.Context, a *app, o tuneOptions, conn *pg.Conn, doc *tuneDocument) error {
	after := "avadb history shows what was changed"
	if doc.OfflineRollback != nil {
		after = *doc.OfflineRollback
	}
	if err := a.restart(ctx, conn, o.restartCommand, after); err != nil {
		return err
	}
	missing, err := settings.AfterRestart(ctx, conn, doc.Settings)
	if err == nil || missing != nil {
		doc.RestartRequired = missing != nil
	}
	return err
}

func (a *app) printTune(o tuneOptions, conn *pg.Conn, doc *tuneDocument) error {
	if isForElsewhere(a.format) {
		text, err := textFor(a.format, doc)
		if err != nil {
			return err
		}
		return a.write([]byte(text))
	}
	var err error
	switch {
	case o.explains(a):
		err = a.explainTune(doc)
	case doc.ChangeSet == nil || !a.shown():
		err = a.result(doc, doc.Settings)
	}
	a.summarizeTune(conn, doc) // also where stdout is full: what was changed must be known
	return err
}

func (a *app) summarizeTune(conn *pg.Conn, doc *tuneDocument) {
	set := settings.Named(doc.Settings, settings.IsSet)
	switch {
	case doc.DryRun:
		a.log.Info(fmt.Sprintf("dry run: %d of %d would be set, nothing was written", len(set), len(doc.Settings)))
		return
	case doc.Probation.isRolledBack():
	case doc.ChangeSet == nil:
		a.log.Info("no change: every value stands already")
	default:
		a.log.Info(fmt.Sprintf("change set %s: %d set; undo with avadb rollback", *doc.ChangeSet, len(set)))
	}
	if pending := settings.Named(doc.Settings, settings.IsPending); len(pending) > 0 {
		a.log.Info("waiting for a restart of the server: " + strings.Join(pending, ", "))
	}
	if doc.OfflineRollback != nil {
		a.sayOffline(conn, *doc.OfflineRollback)
	}
}

// textFor is the plan in one of the formats for elsewhere.
func textFor(format render.Format, doc *tuneDocument) (string, error) {
	if format == formatConf {
		return confText(doc), nil
	}
	if format == formatPatroni {
		return settings.PatroniYAML(doc.Settings), nil
	}
	if format == formatK8s {
		return settings.KubernetesYAML(doc.Settings), nil
	}
	return sqlText(doc)
}

func confText(doc *tuneDocument) string {
	return "# avadb tune, profile " + doc.Profile + ", " + units.FormatSize(doc.RAMBytes) + " of memory\n" +
		strings.Join(settings.ConfLines(doc.Settings), "\n") + "\n"
}

func sqlText(doc *tuneDocument) (string, error) {
	statements, err := settings.Statements(doc.Settings)
	if err != nil {
		return "", err
	}
	return strings.Join(append(statements, "SELECT pg_catalog.pg_reload_conf()"), ";\n") + ";\n", nil
}
