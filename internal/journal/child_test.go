package journal_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"avadb/internal/fault"
	"avadb/internal/journal"
	"avadb/internal/settings"
	"avadb/internal/statements"
)

// childVariable makes the test binary an avadb that can be killed: it holds the order as JSON.
const childVariable = "AVADB_JOURNAL_TEST_CHILD"

// order is what a child does.
type order struct {
	Rig      rig
	Plan     string // the name of a plan, see changes
	Rollback bool   // the newest set instead of a plan
	DieAt    int    // the step at which it kills itself, counted from 1; 0: never
	InFile   bool   // at that step it only makes ready to die as soon as a journal file was written, before the database was
	FileSize uint64 // RLIMIT_FSIZE, bytes; 0: none
	Rounds   int    // take the lock this often and enter Section
	Section  string // a file that only one may hold
}

// runChild carries an order out.
func runChild(ctx context.Context, text string) error {
	var o order
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		return err
	}
	if err := limitFileSize(o.FileSize); err != nil {
		return err
	}
	if o.Rounds > 0 {
		return o.takeTurns(ctx)
	}
	k := &killer{ctx: ctx, order: o}
	avadb, err := o.Rig.open(ctx, k.dress)
	if err != nil {
		return err
	}
	defer avadb.close()
	if err := avadb.journal.Lock(ctx); err != nil {
		return err
	}
	if o.Rollback {
		plan, err := avadb.journal.Plan(ctx, journal.Selection{}, func(r journal.Record) (journal.Item, error) {
			item, err := avadb.item(r)
			return fragile{item, k}, err
		})
		if err != nil {
			return err
		}
		return avadb.journal.Run(ctx, plan)
	}
	changes := avadb.changes(ctx, o.Plan, o.Rig.Store)
	for i := range changes {
		changes[i].Item = fragile{changes[i].Item, k}
	}
	_, err = avadb.journal.Do(ctx, changes)
	return err
}

// changes are the plans: values over hand-made entries, a library beside another, an extension.
func (r *run) changes(ctx context.Context, plan, database string) []journal.Change {
	switch plan {
	case "settings":
		return []journal.Change{
			r.set("work_mem", "64MB"), r.set("search_path", "public, other"), r.set("max_connections", "200"),
		}
	case "preload":
		return []journal.Change{{Item: settings.NewPreload(r.conn, statements.Library), Ours: journal.Present(statements.Library)}}
	}
	return []journal.Change{
		r.set("compute_query_id", "on"),
		{Item: statements.NewExtensionItem(r.databases, database), Ours: journal.Present(availableVersion(ctx, r))},
	}
}

func availableVersion(ctx context.Context, r *run) string {
	found, err := statements.Find(ctx, r.conn)
	if err != nil {
		panic(err)
	}
	return found.Available
}

// killer ends its own process at a step, as kill -9 does: nothing is closed, nobody is told.
type killer struct {
	ctx   context.Context //nolint:containedctx // the child's own
	order order
	steps int
}

func (k *killer) step() {
	k.steps++
	if k.steps != k.order.DieAt {
		return
	}
	if !k.order.InFile {
		die()
	}
	if err := k.dieWithinWrite(); err != nil {
		panic(err)
	}
}

func die() {
	self, err := os.FindProcess(os.Getpid())
	if err == nil {
		err = self.Kill()
	}
	if err != nil {
		panic(err)
	}
	select {}
}

// dieWithinWrite holds the journal's table, so that the next writing stops behind the file, and dies once the file is there.
func (k *killer) dieWithinWrite() error {
	blocker, err := pgx.Connect(k.ctx, k.order.Rig.DSN)
	if err != nil {
		return err
	}
	if _, err := blocker.Exec(k.ctx, "BEGIN; LOCK TABLE avadb.change_set IN EXCLUSIVE MODE"); err != nil {
		return err
	}
	before := k.order.Rig.files()
	go func() {
		for bytes.Equal(before, k.order.Rig.files()) {
			time.Sleep(time.Millisecond)
		}
		die()
	}()
	return nil
}

// files are all journal files, one behind the other.
func (r rig) files() []byte {
	paths, err := filepath.Glob(filepath.Join(r.State, "journal", "*", "*.json"))
	if err != nil {
		panic(err)
	}
	var all []byte
	for _, path := range paths {
		raw, err := os.ReadFile(path)
		if err != nil {
			panic(err)
		}
		all = append(all, raw...)
	}
	return all
}

// dress makes steps of the journal's callbacks.
func (k *killer) dress(o *journal.Options) {
	now, settle, read := o.Now, o.Settle, o.ReadConfigFile
	o.Now = func() time.Time { k.step(); return now() }
	o.ReadConfigFile = func() []byte { defer k.step(); return read() }
	o.Settle = func(ctx context.Context, written []journal.Record) error {
		k.step()
		defer k.step()
		return settle(ctx, written)
	}
}

// fragile is an item whose process may die before and after each writing.
type fragile struct {
	journal.Item
	killer *killer
}

func (f fragile) Write(ctx context.Context, to journal.State) error {
	f.killer.step()
	defer f.killer.step()
	return f.Item.Write(ctx, to)
}

// takeTurns takes the lock again and again. Two in the section at once would find its file there.
func (o order) takeTurns(ctx context.Context) error {
	for range o.Rounds {
		avadb, err := o.Rig.open(ctx, nil)
		if err != nil {
			return err
		}
		switch err := avadb.journal.Lock(ctx); {
		case fault.KindOf(err) == fault.Locked: // waited long enough: the next round
		case err != nil:
			return err
		default:
			section, err := os.OpenFile(o.Section, os.O_CREATE|os.O_EXCL, 0o600)
			if err != nil {
				return fmt.Errorf("two avadb are in: %w", err)
			}
			time.Sleep(5 * time.Millisecond)
			if err := errors.Join(section.Close(), os.Remove(o.Section)); err != nil {
				return err
			}
		}
		avadb.close()
	}
	return nil
}

// command prepares a child of this test binary.
func (o order) command(t *testing.T) (child *exec.Cmd, said *bytes.Buffer) {
	t.Helper()
	text, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	child = exec.CommandContext(t.Context(), os.Args[0])
	child.Env = append(os.Environ(), childVariable+"="+string(text))
	said = &bytes.Buffer{}
	child.Stdout, child.Stderr = said, said
	return child, said
}

// start runs a child to its end and tells whether it was killed; any other failure ends the test.
func (o order) start(t *testing.T) (killed bool) {
	t.Helper()
	child, said := o.command(t)
	err := child.Run()
	if err != nil && child.ProcessState != nil && child.ProcessState.ExitCode() == -1 {
		return true
	}
	if err != nil {
		t.Fatalf("child: %v: %s", err, said)
	}
	return false
}
