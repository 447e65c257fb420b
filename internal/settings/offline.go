package settings

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"avadb/internal/fault"
	"avadb/internal/journal"
)

// Offline repairs postgresql.auto.conf of a server that is down, from the journal on disk.
type Offline struct {
	PGData      string
	Folder      journal.Folder // the usual journal
	JournalFile string         // a set's file; the folder it lies in is then the journal, unless it was copied
	CommandLine string
	Actor, Host string
	Now         func() time.Time
	Log         *slog.Logger
}

// OfflineRollback is a planned repair.
type OfflineRollback struct {
	Undoes []string
	Items  []journal.Undo
	Set    *journal.Set // the rollback's own set once it is done
	Exact  bool         // the saved bytes come back, comments and order of lines included

	o       Offline
	path    string // of postgresql.auto.conf
	before  []byte
	after   []byte
	folder  journal.Folder
	sets    []*journal.Set
	targets []*journal.Set
}

// Plan reads the data directory and the journal and decides what the repair would do. It writes nothing.
func (o Offline) Plan(ctx context.Context, sel journal.Selection) (*OfflineRollback, error) {
	id, err := SystemIdentifier(o.PGData)
	if err != nil {
		return nil, err
	}
	if err := serverIsDown(ctx, o.PGData); err != nil {
		return nil, err
	}
	r := &OfflineRollback{o: o, path: filepath.Join(o.PGData, AutoConfName), folder: o.Folder}
	if r.before, err = os.ReadFile(r.path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fault.New(fault.Prerequisite, "read the configuration: %w", err).WithHint("run it as root or as the owner of the data directory")
	}
	if err := r.readSets(id, &sel); err != nil {
		return nil, err
	}
	if r.targets, err = journal.Targets(r.candidates(sel), sel); err != nil {
		return nil, err
	}
	if err := r.sameDirectory(id, sel.Force); err != nil {
		return nil, err
	}
	records, err := journal.Merged(r.targets, sel.Only)
	if err != nil {
		return nil, err
	}
	return r, r.decide(records, sel.Force)
}

// candidates leaves out, where no set is named, those that have nothing in the configuration files: what keeps the server from
// starting is an older one then.
func (r *OfflineRollback) candidates(sel journal.Selection) []*journal.Set {
	if sel.ID != "" {
		return r.sets
	}
	return slices.DeleteFunc(slices.Clone(r.sets), func(s *journal.Set) bool {
		return !s.InConfiguration() && (sel.To == "" || !strings.HasPrefix(s.ID, strings.ToLower(sel.To)))
	})
}

// readSets reads the journal. A file named without an ID means that very set.
func (r *OfflineRollback) readSets(id string, sel *journal.Selection) error {
	if r.o.JournalFile != "" {
		named, err := journal.ReadSet(r.o.JournalFile)
		if err != nil {
			return fault.New(fault.Usage, "read the journal file: %w", err)
		}
		if sel.ID == "" && sel.To == "" && !sel.All {
			sel.ID = named.ID
		}
		if folder, ok := journal.FolderOf(r.o.JournalFile, named); ok {
			r.folder = folder
		}
		r.sets = []*journal.Set{named}
		if named.Node.SystemIdentifier != id {
			return nil // sameDirectory says so
		}
	}
	sets, damaged, err := r.folder.Sets(id)
	if err != nil {
		return fault.New(fault.Failed, "read the journal: %w", err)
	}
	for _, bad := range damaged {
		r.o.Log.Warn(bad.Error())
	}
	for _, s := range sets {
		if !slices.ContainsFunc(r.sets, func(known *journal.Set) bool { return known.ID == s.ID }) {
			r.sets = append(r.sets, s)
		}
	}
	slices.SortFunc(r.sets, func(a, b *journal.Set) int { return bytes.Compare([]byte(a.ID), []byte(b.ID)) })
	if len(r.sets) == 0 {
		return fault.New(fault.NotFound, "the journal holds no change set of the server in %s (system identifier %s)", r.o.PGData, id).
			WithHint("name the file that the change printed: --journal FILE; root's journal is not that of the user who made the change")
	}
	return nil
}

// sameDirectory refuses a change set of another server, and one of another node of the same cluster.
func (r *OfflineRollback) sameDirectory(id string, force bool) error {
	for _, t := range r.targets {
		if t.Node.SystemIdentifier != id {
			return fault.New(fault.Prerequisite, "change set %s is of the server %s, and %s holds %s", t.ID, t.Node.SystemIdentifier, r.o.PGData, id).
				WithHint("give the data directory of that server")
		}
		if !force && t.Node.DataDirectory != "" && !samePath(t.Node.DataDirectory, r.o.PGData) {
			return fault.New(fault.Prerequisite, "change set %s was made in the data directory %s, not in %s", t.ID, t.Node.DataDirectory, r.o.PGData).
				WithHint("a standby shares its primary's identifier, but not its configuration; give --force if the directory was moved")
		}
	}
	return nil
}

func samePath(a, b string) bool {
	return canonical(a) == canonical(b)
}

func canonical(path string) string {
	if absolute, err := filepath.Abs(path); err == nil {
		path = absolute
	}
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	return filepath.Clean(path)
}

func (r *OfflineRollback) decide(records []journal.Record, force bool) error {
	for _, t := range r.targets {
		r.Undoes = append(r.Undoes, t.ID)
	}
	conf := parseAutoConf(r.before)
	for _, record := range records {
		undo, err := offlineUndo(conf, record, force)
		if err != nil {
			return err
		}
		r.Items = append(r.Items, undo)
	}
	r.after = conf.bytes()
	if saved := r.savedBytes(conf); saved != nil {
		r.after, r.Exact = saved, true
	}
	return nil
}

// offlineUndo decides for one item and edits the parsed file accordingly.
func offlineUndo(conf *autoConf, record journal.Record, force bool) (journal.Undo, error) {
	undo := journal.Undo{
		Kind: record.Kind, Name: record.Name, Database: record.Database, Before: record.Before, Ours: record.Ours,
	}
	switch record.Kind {
	case journal.SystemSetting:
		item := NewSystemSetting(nil, record.Name)
		undo.Now = conf.get(record.Name)
		undo.Action, undo.Reason = journal.Decide(record, undo.Now, item.Same, force)
		if undo.Action == journal.Restored {
			conf.set(record.Name, record.Before)
		}
	case journal.PreloadEntry:
		return undo, offlinePreload(conf, &undo, record, force)
	default:
		undo.Now, undo.Action = record.Ours, journal.Kept
		undo.Reason = "it needs a running server: run avadb rollback with the same ID once it is up"
	}
	return undo, nil
}

func offlinePreload(conf *autoConf, undo *journal.Undo, record journal.Record, force bool) error {
	item := NewPreload(nil, record.Name)
	entry := conf.get(PreloadParameter)
	list, err := ParseList(PreloadParameter, entry.Text())
	if err != nil {
		return err
	}
	undo.Now = entry
	undo.Now.Present = slices.ContainsFunc(list, func(e string) bool { return SameLibrary(e, record.Name) })
	undo.Action, undo.Reason = journal.Decide(record, undo.Now, item.Same, force)
	if undo.Action != journal.Restored {
		return nil
	}
	if record.Before.Present {
		conf.set(PreloadParameter, journal.Present(FormatList(WithLibrary(list, record.Name))))
		return nil
	}
	ours, err := ParseList(PreloadParameter, record.Ours.Text())
	if err != nil {
		return err
	}
	without := func(l []string) []string {
		return slices.DeleteFunc(slices.Clone(l), func(e string) bool { return SameLibrary(e, record.Name) })
	}
	rest := without(list)
	switch {
	case slices.Equal(rest, without(ours)) && record.Before.Value == nil:
		conf.set(PreloadParameter, journal.Absent()) // what is left stands in another file
	case slices.Equal(rest, without(ours)):
		conf.set(PreloadParameter, journal.Present(record.Before.Text()))
	default: // somebody added to the list since
		conf.set(PreloadParameter, journal.Present(FormatList(rest)))
	}
	return nil
}

// savedBytes are the bytes that stood before the oldest target, where they say just what the edited file says and
// nobody has touched the file since avadb wrote it.
func (r *OfflineRollback) savedBytes(edited *autoConf) []byte {
	if len(r.targets) == 0 {
		return nil
	}
	first, last := r.targets[0].ConfigFile, r.targets[len(r.targets)-1].ConfigFile
	sum := sha256.Sum256(r.before)
	if first == nil || last == nil || last.AfterSHA256 != hex.EncodeToString(sum[:]) {
		return nil
	}
	saved, err := r.folder.Kept(r.targets[0].Node.SystemIdentifier, first.Backup)
	if err != nil || !maps.Equal(parseAutoConf(saved).values(), edited.values()) {
		return nil
	}
	return saved
}

// StillKept is as that of an online rollback.
func (r *OfflineRollback) StillKept() []journal.KeptOf { return journal.StillKept(r.targets, r.Items) }

// Changes tells whether the plan would write anything.
func (r *OfflineRollback) Changes() bool { return !bytes.Equal(r.before, r.after) }

// Run writes the file and records it in the journal. The repair is done also where the journal cannot be written: the
// server is down, and that comes first.
func (r *OfflineRollback) Run() error {
	if len(r.targets) == 0 {
		return nil
	}
	set, err := r.newSet()
	if err != nil {
		return err
	}
	r.note(set)
	if r.Changes() {
		if err := r.replace(); err != nil {
			return fault.New(fault.Failed, "write %s: %w", r.path, err).WithHint("run it as root or as the owner of the data directory")
		}
	}
	finished := r.o.Now().UTC()
	set.State, set.FinishedAt, r.Set = journal.SetApplied, &finished, set
	for i := range set.Items {
		set.Items[i].State = journal.Written
	}
	r.note(set)
	for _, changed := range journal.Conclude(r.sets, r.targets, r.Items, set.ID) {
		r.note(changed)
	}
	return nil
}

// replace keeps the owner and the mode: a file that the server may not read lets it start without any of its settings.
func (r *OfflineRollback) replace() error {
	mode, like := os.FileMode(0o600), r.path
	if info, err := os.Stat(r.path); err == nil {
		mode = info.Mode().Perm()
	} else {
		like = r.o.PGData
	}
	return journal.ReplaceFile(r.path, r.after, mode, journal.KeepOwner(like))
}

func (r *OfflineRollback) newSet() (*journal.Set, error) {
	id, err := journal.NextID(r.sets, r.o.Now())
	if err != nil {
		return nil, err
	}
	set := &journal.Set{
		ID: id, Command: "rollback", CommandLine: r.o.CommandLine, Node: r.targets[len(r.targets)-1].Node,
		Actor: r.o.Actor, Host: r.o.Host, StartedAt: r.o.Now().UTC(), State: journal.SetOpen, Undoes: r.Undoes,
	}
	for _, u := range r.Items {
		if u.Action == journal.Restored {
			set.Items = append(set.Items, journal.Record{
				Kind: u.Kind, Name: u.Name, Database: u.Database, Before: u.Now, Ours: u.Before, State: journal.Pending,
			})
		}
	}
	return set, nil
}

func (r *OfflineRollback) note(set *journal.Set) {
	set.Rev++
	if err := r.folder.Write(set); err != nil {
		r.o.Log.Warn(fmt.Sprintf("the repair is not in the journal: %s", err))
	}
}
