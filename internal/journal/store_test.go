package journal_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"avadb/internal/fault"
	"avadb/internal/journal"
)

// applied makes a change set that stands.
func (r *run) applied(t *testing.T) *journal.Set {
	t.Helper()
	set, err := r.journal.Do(t.Context(), []journal.Change{r.set("work_mem", "64MB")})
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func TestHigherRevisionWinsAndRefreshesTheOther(t *testing.T) {
	r := newRig(t)
	avadb := r.locked(t)
	set := avadb.applied(t)
	folder := journal.Folder{Root: r.State}
	byHand := *set
	byHand.Rev, byHand.State = set.Rev+5, journal.SetUndone
	if err := folder.Write(&byHand); err != nil {
		t.Fatal(err)
	}
	if got := avadb.mustSets(t); len(got) != 1 || got[0].Rev != byHand.Rev || got[0].State != journal.SetUndone {
		t.Errorf("the file's newer revision is not seen: %+v", got)
	}
	avadb.close()
	avadb = r.locked(t) // brings the database up to it
	if err := os.RemoveAll(filepath.Join(r.State, "journal")); err != nil {
		t.Fatal(err)
	}
	if got := avadb.mustSets(t); len(got) != 1 || got[0].Rev != byHand.Rev {
		t.Errorf("the database has not been refreshed: %+v", got)
	}
	avadb.close()
	r.locked(t).close() // brings the files up to the database
	if got, err := journal.ReadSet(folder.Path(set.Node.SystemIdentifier, set.ID)); err != nil || got.Rev != byHand.Rev {
		t.Errorf("the file has not been refreshed: %+v, %v", got, err)
	}
}

func TestDamageHidesNoOther(t *testing.T) {
	r := newRig(t)
	avadb := r.locked(t)
	set := avadb.applied(t)
	dir := filepath.Dir(journal.Folder{Root: r.State}.Path(set.Node.SystemIdentifier, set.ID))
	for name, text := range map[string]string{"cut.json": `{"id": "0190`, "empty.json": "", "other.json": "{}"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	sqlIn(t, r.Store, `INSERT INTO avadb.change_set SELECT system_identifier, gen_random_uuid(), 1, '{"id": 5}' FROM avadb.change_set`)
	avadb.close()
	avadb = r.locked(t)
	if got := avadb.mustSets(t); len(got) != 1 || got[0].ID != set.ID {
		t.Errorf("sets: %+v", got)
	}
	for _, word := range []string{"cut.json is damaged", "empty.json is damaged", "other.json is damaged", "avadb.change_set of database " + r.Store} {
		if !strings.Contains(avadb.said.String(), word) {
			t.Errorf("nothing said of %q: %s", word, avadb.said)
		}
	}
	undo(t, avadb)
}

// A table that somebody else owns can have triggers, which would run with the rights of the role that writes.
func TestForeignTableIsNotWrittenTo(t *testing.T) {
	const table = `CREATE TABLE avadb.change_set (system_identifier text, id uuid, rev integer, document json, PRIMARY KEY (system_identifier, id));
		CREATE FUNCTION avadb.trap() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'trapped'; END $$;
		CREATE TRIGGER trap BEFORE INSERT ON avadb.change_set FOR EACH ROW EXECUTE FUNCTION avadb.trap()`
	for name, setup := range map[string][]string{
		"schema": {"CREATE SCHEMA avadb AUTHORIZATION mallory", "SET ROLE mallory", table},
		"table":  {"CREATE SCHEMA avadb", table, "ALTER TABLE avadb.change_set OWNER TO mallory"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			sql(t, "CREATE ROLE mallory")
			t.Cleanup(func() { sqlIn(t, r.Store, "DROP OWNED BY mallory CASCADE", "DROP ROLE mallory") })
			sqlIn(t, r.Store, setup...)
			before := winners(t, r.Store)
			avadb := r.locked(t)
			avadb.applied(t)
			if !strings.Contains(avadb.said.String(), "belongs to mallory") {
				t.Errorf("said %s", avadb.said)
			}
			undo(t, avadb)
			wantWinners(t, r.Store, before)
		})
	}
}

func TestStoresOfOtherEncodings(t *testing.T) {
	for _, encoding := range []string{"SQL_ASCII", "LATIN1"} {
		t.Run(encoding, func(t *testing.T) {
			r := newRig(t)
			r.stateInTheWay(t) // the database alone, so that it is what is read
			r.Store += "_" + strings.ToLower(encoding)
			r.command = "avadb tune --set x=\U0001F418\u00e9\u4e2d"
			sql(t, "CREATE DATABASE "+r.Store+" ENCODING '"+encoding+"' TEMPLATE template0")
			avadb := r.locked(t)
			set := avadb.applied(t)
			avadb.close()
			avadb = r.locked(t)
			if got := avadb.mustSets(t); len(got) != 1 || got[0].CommandLine != r.command || got[0].ID != set.ID {
				t.Errorf("sets: %+v", got)
			}
			undo(t, avadb)
		})
	}
}

// The server waits for ever for a synchronous standby that is gone, and statement_timeout does not end that.
func TestLostSynchronousStandby(t *testing.T) {
	r := newRig(t)
	setAutoConf(t, autoConf+"synchronous_standby_names = 'ghost'\n")
	before := winners(t, r.Store)
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	avadb := r.locked(t)
	if _, err := avadb.journal.Do(ctx, avadb.changes(t.Context(), "extension", r.Store)); err != nil {
		t.Fatal(err)
	}
	if _, err := avadb.rollback(ctx); err != nil {
		t.Fatal(err)
	}
	wantWinners(t, r.Store, before)
}

// A standby has its own postgresql.auto.conf; the journal's table is its primary's.
func TestStandbyKeepsItsJournalInFiles(t *testing.T) {
	r := newRig(t)
	here := r.locked(t)
	onPrimary := here.applied(t)
	here.close()
	standby, err := server.Standby(t.Context(), "second")
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := errors.Join(standby.Close(), dropSlot(t)); err != nil {
			t.Error(err)
		}
	}()
	there := rig{DSN: standby.DSN(r.Store), State: t.TempDir(), Store: r.Store}
	avadb := there.locked(t)
	set, err := avadb.journal.Do(t.Context(), []journal.Change{avadb.set("maintenance_work_mem", "128MB")})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(avadb.said.String(), "files alone: the server is a standby") {
		t.Errorf("said %s", avadb.said)
	}
	if plan, err := avadb.rollback(t.Context()); err != nil || len(plan.Undoes) != 1 || plan.Undoes[0] != set.ID {
		t.Errorf("rollback on the standby: %+v, %v", plan, err)
	}
	if _, err := avadb.conn.Exec(t.Context(), "SELECT pg_promote()"); err != nil {
		t.Fatal(err)
	}
	avadb.close()
	// The journal's table came along, and claims a change that this node never had.
	promoted := there.locked(t)
	_, err = promoted.rollback(t.Context())
	wantFault(t, err, fault.Prerequisite, onPrimary.ID, "another node", "--force")
	undo(t, r.locked(t))
}

func dropSlot(t *testing.T) error {
	conn := dial(t, "postgres")
	defer func() { _ = conn.Close(t.Context()) }()
	_, err := conn.Exec(t.Context(), "SELECT pg_drop_replication_slot('second')")
	return err
}
