package cmd

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"avadb/internal/fault"
	"avadb/internal/pg"
	"avadb/internal/rehearsal"
	"avadb/internal/settings"
	"avadb/internal/units"
)

// proofOptions are the flags of tune that prove a change before it is made, and watch it afterwards.
type proofOptions struct {
	rehearse      bool
	probation     string
	baseline      string
	maxRegression string

	measured *settings.Measured // of the first plan of a probation, for those after it
}

func (o *proofOptions) addProofFlags(c *cobra.Command) {
	f := c.Flags()
	f.BoolVar(&o.rehearse, "rehearse", false, "first start a scratch cluster with the new values, on the server's host")
	f.StringVar(&o.probation, "probation", "", "watch the server for this long afterwards, and roll back if it is slower: 10m")
	f.StringVar(&o.baseline, "baseline", "", "with --probation: how long to measure before the change (default as long, at most 2m)")
	f.StringVar(&o.maxRegression, "max-regression", "20%", "with --probation: what may be lost of throughput or time per statement")
}

// prove takes out of a plan what a probation cannot judge, and tries the rest out on the server's host: always with
// --rehearse, else where a value waits for a restart. A refusal stops the command before anything is written.
func (a *app) prove(ctx context.Context, o tuneOptions, conn *pg.Conn, doc *tuneDocument) error {
	restarts := settings.Named(doc.Settings, func(line settings.Setting) bool { return settings.IsSet(line) && settings.IsPending(line) })
	if !o.rehearse && len(restarts) == 0 && o.probation == "" {
		return nil
	}
	snapshot, err := settings.Read(ctx, conn)
	if err != nil {
		return err
	}
	o.leaveOutRestarts(doc, snapshot)
	if !o.rehearse && (len(restarts) == 0 || o.probation != "" || isForElsewhere(a.format)) {
		return nil
	}
	return a.rehearse(ctx, o, conn, doc, snapshot)
}

func (a *app) rehearse(ctx context.Context, o tuneOptions, conn *pg.Conn, doc *tuneDocument, snapshot *settings.Snapshot) error {
	site, err := rehearsal.Find(conn.Server, snapshot)
	if err != nil {
		return a.unrehearsed(o, doc, &rehearsal.Result{Why: err.Error(), Log: []string{}}, err)
	}
	doc.Rehearsal, err = site.Read(ctx, doc.Settings)
	if err != nil {
		return err
	}
	if o.rehearse && doc.Rehearsal.Done && !doc.Rehearsal.Refuses() {
		if err := a.boot(ctx, site, doc); err != nil {
			return err
		}
	}
	r := doc.Rehearsal
	switch {
	case r.Refuses():
		return wouldNotStart(r)
	case !r.Done:
		return a.unrehearsed(o, doc, r, nil)
	}
	a.sayRehearsed(r)
	return nil
}

// boot starts the scratch cluster; what reading the configuration has found is kept beside it.
func (a *app) boot(ctx context.Context, site *rehearsal.Site, doc *tuneDocument) error {
	a.log.Info("rehearsing: a scratch cluster starts with the new values")
	read := doc.Rehearsal
	booted, err := site.Boot(ctx, doc.Settings)
	if err != nil {
		return err
	}
	booted.HugePages = read.HugePages
	if booted.SharedMemoryBytes == nil {
		booted.SharedMemoryBytes = read.SharedMemoryBytes
	}
	doc.Rehearsal = booted
	return nil
}

// unrehearsed is an error only for the one who asked for a rehearsal.
func (a *app) unrehearsed(o tuneOptions, doc *tuneDocument, r *rehearsal.Result, cause error) error {
	doc.Rehearsal = r
	if !o.rehearse {
		a.log.Debug("not rehearsed: " + r.Why)
		return nil
	}
	hint := "run it on the server's host as root or as the owner of the data directory, or leave --rehearse out"
	if f := fault.As(cause); f != nil && f.Hint != "" {
		hint = f.Hint + "; or leave --rehearse out"
	}
	return fault.New(fault.Prerequisite, "the rehearsal could not be made, nothing was changed: %s", r.Why).WithHint("%s", hint)
}

func wouldNotStart(r *rehearsal.Result) error {
	hint := "change the value that it speaks of: --set NAME=VALUE, or --skip NAME"
	if len(r.Log) > 0 {
		hint += "\nthe last lines of its log:\n" + strings.Join(r.Log, "\n")
	}
	return fault.New(fault.Prerequisite, "the server would not start with these values, nothing was changed: %s", r.Why).WithHint("%s", hint)
}

func (a *app) sayRehearsed(r *rehearsal.Result) {
	text := "rehearsed: the server's own program reads the configuration with the new values"
	say := a.log.Debug
	if r.How == rehearsal.Boot {
		text, say = "rehearsed: a scratch cluster starts with the new values", a.log.Info
	}
	if r.SharedMemoryBytes != nil {
		text += ", and takes " + units.HumanSize(*r.SharedMemoryBytes) + " of shared memory"
	}
	if r.HugePages != nil {
		text += fmt.Sprintf(" (%d huge pages)", *r.HugePages)
	}
	say(text)
}
