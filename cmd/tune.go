package cmd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"avadb/internal/fault"
	"avadb/internal/journal"
	"avadb/internal/pg"
	"avadb/internal/query"
	"avadb/internal/rehearsal"
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
	set            []string
	only, skip     []string
	connections    int
	dryRun, force  bool
	restartCommand string

	forRole, forDB, priority string
	proofOptions
}

type tuneDocument struct {
	head
	ChangeSet       *string            `json:"change_set"`       // null where nothing was written
	DryRun          bool               `json:"dry_run"`          // nothing was written
	Profile         string             `json:"profile"`          // quickwins
	RAMBytes        int64              `json:"ram_bytes"`        // tuned for
	RestartRequired bool               `json:"restart_required"` // a value waits for a restart of the server
	OfflineRollback *string            `json:"offline_rollback"` // the command line for the day the server does not start
	Memory          memoryDocument     `json:"memory"`           // the worst case next to what there is
	Warnings        []string           `json:"warnings"`         // what to know before relying on it
	Settings        []settings.Setting `json:"settings"`         // one line a parameter
	Rehearsal       *rehearsal.Result  `json:"rehearsal"`        // whether the server would start with them; null: nothing to try out
	Probation       *probationDocument `json:"probation"`        // what became of it on probation; null: it was on none
}

type memoryDocument struct {
	WorstCaseBytes *int64 `json:"worst_case_bytes"` // work_mem x max_connections; null where not known
	RAMBytes       int64  `json:"ram_bytes"`        // tuned for
}

func newMemoryDocument(m tuning.Memory) memoryDocument {
	doc := memoryDocument{RAMBytes: m.RAMBytes}
	if m.WorstCaseBytes > 0 {
		doc.WorstCaseBytes = &m.WorstCaseBytes
	}
	return doc
}

func newTune(a *app) *cobra.Command {
	var o tuneOptions
	c := newCommand(spec{
		use: "tune {--ram SIZE | --for-role ROLE --priority CLASS}", short: "Set the parameters that matter, for this much memory",
		long: `Sets the parameters that matter to what fits the server's memory, with ALTER SYSTEM, and reloads. Every value is
checked against the server's ranges and the rules between parameters before any is written; the change set can be undone
with avadb rollback. -o sql, conf, patroni and k8s (CloudNativePG) print the plan for use elsewhere and write nothing to
the server.

With --for-role or --for-db it sets the timeouts of a priority class for those sessions alone, as ALTER ROLE or ALTER
DATABASE ... SET: statement_timeout, lock_timeout, idle_in_transaction_session_timeout and, from 17 up,
transaction_timeout.

--rehearse starts a scratch cluster with the new values first, on the server's host. --probation measures the server before
and after the change, and rolls it back by itself where the server became slower; an interrupt rolls it back, too.`,
		example: `avadb tune --ram 8GB --dry-run
avadb tune --ram 8GB
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
	f.StringSliceVar(&o.only, "only", nil, "only these parameters")
	f.StringSliceVar(&o.skip, "skip", nil, "not these parameters")
	f.IntVar(&o.connections, "connections", 0, "max_connections to plan for")
	f.BoolVar(&o.dryRun, "dry-run", false, "show the plan and write nothing")
	f.BoolVar(&o.force, "force", false, "also where the host has less memory than --ram, or huge pages cannot be seen")
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
			return a.printTune(conn, doc)
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
		return errors.Join(err, a.printTune(conn, doc)) // what was written is said also where the restart failed
	})
}

func (o tuneOptions) check(a *app) error {
	if o.ram == "" {
		return fault.New(fault.Usage, "tune needs the memory of the server").WithHint("avadb tune --ram 8GB, or --ram auto on the server's host")
	}
	if o.connections < 0 || o.connections == 0 && a.changed("connections") {
		return fault.New(fault.Usage, "--connections %d is no number of connections", o.connections)
	}
	assignments, err := o.assignments()
	for _, given := range assignments {
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
	if err := settings.ReadAccess(ctx, conn); err != nil {
		return nil, err
	}
	snapshot, err := settings.Read(ctx, conn)
	if err != nil {
		return nil, err
	}
	if err := snapshot.CheckNames(); err != nil {
		return nil, err
	}
	in, err := tuneInput(ctx, o, conn, snapshot)
	if err != nil {
		return nil, err
	}
	recommended, warnings, err := tuning.Recommend(in)
	if err != nil {
		return nil, err
	}
	memory := tuning.WorstCase(in, recommended)
	doc := &tuneDocument{
		head: a.head("tune", conn), DryRun: o.dryRun, Profile: "quickwins", RAMBytes: in.RAMBytes,
		Memory: newMemoryDocument(memory), Settings: snapshot.Plan(wanted(recommended)),
	}
	for _, w := range warnings {
		doc.Warnings = append(doc.Warnings, w.Message)
	}
	doc.RestartRequired = len(settings.Named(doc.Settings, settings.IsPending)) > 0
	if err := doc.warnOfOthers(ctx, conn, snapshot); err != nil {
		return nil, err
	}
	for _, w := range doc.Warnings { // before a person is asked, and before anything is written
		a.log.Warn(w)
	}
	return doc, a.prove(ctx, o, conn, doc)
}

// warnOfOthers names the roles and databases that will not feel the change, and what only new sessions take.
func (d *tuneDocument) warnOfOthers(ctx context.Context, conn *pg.Conn, snapshot *settings.Snapshot) error {
	names := settings.Named(d.Settings, settings.IsSet)
	overrides, err := settings.Overrides(ctx, conn, names)
	if err != nil {
		return err
	}
	for _, o := range overrides {
		d.Warnings = append(d.Warnings, fmt.Sprintf("%s will not feel %s: it has its own value %s", o.Who(), o.Name, o.Value))
	}
	if hidden := snapshot.HiddenNames(names); len(hidden) > 0 {
		d.Warnings = append(d.Warnings, "this session has its own value of "+strings.Join(hidden, ", ")+
			", from its role, database or PGOPTIONS: whether the postgres command line sets it cannot be seen")
	}
	if again := snapshot.ReconnectNames(d.Settings); len(again) > 0 {
		d.Warnings = append(d.Warnings, "only sessions that connect anew take "+strings.Join(again, ", "))
	}
	return nil
}

func tuneInput(ctx context.Context, o tuneOptions, conn *pg.Conn, snapshot *settings.Snapshot) (tuning.Input, error) {
	facts, err := query.One[struct {
		Platform string
		Sessions int
		Standbys int
	}](ctx, conn, "settings/facts")
	if err != nil {
		return tuning.Input{}, err
	}
	assignments, err := o.assignments()
	if err != nil {
		return tuning.Input{}, err
	}
	ram, hostRAM, err := memoryOf(o.ram, conn.Server)
	if err != nil {
		return tuning.Input{}, err
	}
	return settings.LookAround(ctx, conn, tuning.Input{
		RAMBytes: ram, HostRAMBytes: hostRAM, Connections: o.connections, Set: assignments, Only: o.only, Skip: o.skip,
		Parameters: tuningParameters(snapshot), Major: conn.Server.Major(), Platform: facts.Platform,
		SessionsInUse: facts.Sessions, Standby: conn.Server.InRecovery, Standbys: facts.Standbys, DryRun: o.dryRun, Force: o.force,
	})
}

// memoryOf gives the memory to tune for and, where avadb runs on the server's host, the memory that is there.
func memoryOf(text string, server pg.Server) (ram, host int64, err error) {
	if settings.OnHost(server) {
		host, err = tuning.ReadHostMemory(os.DirFS("/"), int(server.BackendPID))
	}
	if text != "auto" {
		ram, parseErr := units.ParseSize(text)
		return ram, host, parseErr
	}
	if err != nil {
		return 0, 0, err
	}
	if host == 0 {
		return 0, 0, fault.New(fault.Prerequisite, "--ram auto works on the server's host alone, and the server is no process of this one").
			WithHint("give the memory of the server's host, for example --ram 8GB")
	}
	return host, host, nil
}

// tuningParameters gives the pure rules the configuration as the next start will have it.
func tuningParameters(snapshot *settings.Snapshot) map[string]tuning.Parameter {
	parameters := make(map[string]tuning.Parameter, len(snapshot.Parameters))
	for _, p := range snapshot.Parameters {
		parameters[p.Name] = tuning.Parameter{
			Name: p.Name, Vartype: p.Vartype, Unit: p.Unit, Context: p.Context, MinVal: p.MinVal, MaxVal: p.MaxVal,
			EnumVals: p.EnumVals, Current: p.Current, ResetVal: snapshot.Future(p.Name), BootVal: p.BootVal,
		}
	}
	return parameters
}

func wanted(recommended []tuning.Recommendation) []settings.Wanted {
	out := make([]settings.Wanted, 0, len(recommended))
	for _, r := range recommended {
		out = append(out, settings.Wanted{Name: r.Name, Value: r.Value, Skip: r.Skip, Reason: r.Reason, Formula: r.Formula, Source: r.Source})
	}
	return out
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
		question := fmt.Sprintf("Set these %d parameters on %s?", len(names), c.conn.Server.Where())
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
	snapshot, err := settings.Read(ctx, conn)
	if err != nil {
		return err
	}
	var missing []string
	for i := range doc.Settings {
		line := &doc.Settings[i]
		line.PendingRestart = line.PendingRestart && snapshot.Waits(line.Name)
		p := snapshot.Parameters[strings.ToLower(line.Name)]
		if line.PendingRestart || line.Action == settings.Set && !p.Same(snapshot.Running(line.Name), *line.Value) {
			missing = append(missing, line.Name)
		}
	}
	doc.RestartRequired = len(missing) > 0
	if len(missing) > 0 {
		return fault.New(fault.Failed, "the server was restarted, but does not have the new value of %s", strings.Join(missing, ", ")).
			WithHint("another layer wins, or somebody changed it meanwhile: avadb history, and SELECT name, setting, source, sourcefile FROM pg_settings")
	}
	return nil
}

func (a *app) printTune(conn *pg.Conn, doc *tuneDocument) error {
	if isForElsewhere(a.format) {
		text, err := textFor(a.format, doc)
		if err != nil {
			return err
		}
		return a.write([]byte(text))
	}
	var err error
	if doc.ChangeSet == nil || !a.shown() {
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
