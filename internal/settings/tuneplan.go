package settings

import (
	"context"
	"fmt"
	"strings"

	"avadb/internal/fault"
	"avadb/internal/pg"
	"avadb/internal/tuning"
)

// TuneRequest is what the user asks of tune.
type TuneRequest struct {
	RAM         string // a size, or auto on the server's host
	Profile     tuning.Profile
	Storage     tuning.Storage
	CPUs        int   // 0: those of the host, where they can be seen
	DBBytes     int64 // what the databases will hold; 0: what they hold now
	NoEvidence  bool  // the pure rules, whatever the server has counted
	Explain     bool  // read the evidence for quickwins, too, whose values it does not touch
	Connections int   // max_connections to plan for; 0 leaves it to the rules
	Set         []tuning.Assignment
	Only, Skip  []string
	DryRun      bool // nothing will be written: some refusals are warnings then
	Force       bool // the user takes the risks that can be taken

	// Measured, where it is given, is filled by the first plan and used by those after it.
	Measured *Measured
}

// Measured is what moves while nobody changes anything: counters and the room on a disk. A plan that is made twice and has
// to come out the same takes it over.
type Measured struct {
	taken        bool
	evidence     *tuning.Evidence // nil: not asked for
	walRoomBytes int64            // 0: not seen
}

// TunePlan is what tune would do to a server.
type TunePlan struct {
	RAMBytes        int64            // tuned for
	CPUs            int              // likewise; 0 is not known
	Evidence        *tuning.Evidence // nil: not asked for
	Memory          tuning.Memory
	Warnings        []string
	Settings        []Setting
	RestartRequired bool // a value waits for a restart, or will
}

// PlanTune reads the server and decides; it writes nothing.
func PlanTune(ctx context.Context, conn *pg.Conn, want TuneRequest) (*TunePlan, error) {
	if err := ReadAccess(ctx, conn); err != nil {
		return nil, err
	}
	snapshot, err := Read(ctx, conn)
	if err != nil {
		return nil, err
	}
	if err := snapshot.CheckNames(); err != nil {
		return nil, err
	}
	in, err := tuneInput(ctx, conn, want, snapshot)
	if err != nil {
		return nil, err
	}
	recommended, warnings, err := tuning.Recommend(in)
	if err != nil {
		return nil, err
	}
	plan := &TunePlan{RAMBytes: in.RAMBytes, CPUs: in.CPUs, Evidence: in.Evidence, Memory: tuning.WorstCase(in, recommended), Settings: snapshot.Plan(Wants(recommended))}
	for _, w := range warnings {
		plan.Warnings = append(plan.Warnings, w.Message)
	}
	if !in.IsReference() {
		plan.warnOfUnread()
	}
	if err := plan.warnOfLibraries(ctx, conn, snapshot); err != nil {
		return nil, err
	}
	plan.RestartRequired = len(Named(plan.Settings, IsPending)) > 0
	if err := plan.warnOfOthers(ctx, conn, snapshot); err != nil {
		return nil, err
	}
	return plan, nil
}

// Wants turns recommendations into what a plan compares with the server.
func Wants(recommended []tuning.Recommendation) []Wanted {
	out := make([]Wanted, 0, len(recommended))
	for _, r := range recommended {
		out = append(out, Wanted{
			Name: r.Name, Value: r.Value, Skip: r.Skip, Reason: r.Reason, Formula: r.Formula, Source: r.Source,
			Evidence: r.Evidence, ByEvidence: r.Moved, Cost: r.Cost,
		})
	}
	return out
}

// warnOfLibraries names the entries of shared_preload_libraries that a restart would fail with. Where the role sees the server's files,
// a rule has refused them already.
func (t *TunePlan) warnOfLibraries(ctx context.Context, conn *pg.Conn, snapshot *Snapshot) error {
	library, err := snapshot.Library("")
	if err != nil {
		return nil //nolint:nilerr // a list on the command line: its entries are loaded
	}
	said, err := Unloadable(ctx, conn, snapshot, library.Next)
	t.Warnings = append(t.Warnings, said...)
	return err
}

// warnOfOthers names the roles and databases that will not feel the change, and what only new sessions take.
func (t *TunePlan) warnOfOthers(ctx context.Context, conn *pg.Conn, snapshot *Snapshot) error {
	names := Named(t.Settings, IsSet)
	overrides, err := Overrides(ctx, conn, names)
	if err != nil {
		return err
	}
	for _, o := range overrides {
		t.Warnings = append(t.Warnings, fmt.Sprintf("%s will not feel %s: it has its own value %s", o.Who(), o.Name, o.Value))
	}
	if hidden := snapshot.HiddenNames(names); len(hidden) > 0 {
		t.Warnings = append(t.Warnings, "this session has its own value of "+strings.Join(hidden, ", ")+
			", from its role, database or PGOPTIONS: whether the postgres command line sets it cannot be seen")
	}
	if again := snapshot.ReconnectNames(t.Settings); len(again) > 0 {
		t.Warnings = append(t.Warnings, "only sessions that connect anew take "+strings.Join(again, ", "))
	}
	return nil
}

// warnOfUnread names the evidence that is missing: what was not seen is not fine.
func (t *TunePlan) warnOfUnread() {
	if t.Evidence == nil {
		return
	}
	for _, u := range t.Evidence.Unread {
		text := "not known: " + u.What
		if u.Next != "" {
			text += " (" + u.Next + ")"
		}
		t.Warnings = append(t.Warnings, text)
	}
}

// AfterRestart looks whether what waited for a restart counts now: it brings the lines of the plan up to date and names
// those that do not have their value, in the error too.
func AfterRestart(ctx context.Context, conn *pg.Conn, plan []Setting) (missing []string, err error) {
	snapshot, err := Read(ctx, conn)
	if err != nil {
		return nil, err
	}
	for i := range plan {
		line := &plan[i]
		line.PendingRestart = line.PendingRestart && snapshot.Waits(line.Name)
		p := snapshot.Parameters[strings.ToLower(line.Name)]
		if line.PendingRestart || line.Action == Set && !p.Same(snapshot.Running(line.Name), *line.Value) {
			missing = append(missing, line.Name)
		}
	}
	if len(missing) > 0 {
		return missing, fault.New(fault.Failed, "the server was restarted, but does not have the new value of %s", strings.Join(missing, ", ")).
			WithHint("another layer wins, or somebody changed it meanwhile: avadb history, and SELECT name, setting, source, sourcefile FROM pg_settings")
	}
	return nil, nil
}
