package history

import (
	"testing"

	"avadb/internal/fault"
)

// A role with pg_monitor sees all; in the store it needs to create the tables the first time, and then to write them.
func TestLeastPrivilege(t *testing.T) {
	r := newRig(t, "DROP ROLE IF EXISTS h_watcher", "CREATE ROLE h_watcher LOGIN IN ROLE pg_monitor")
	dsn := shared.DSN(r.Name) + " user=h_watcher"
	err := r.refused(t, dsn)
	wantKind(t, err, fault.Privilege, `GRANT CREATE ON DATABASE "`+r.Store+`" TO "h_watcher"`)
	run(t, r.admin, "CREATE SCHEMA avadb")
	err = r.refused(t, dsn)
	wantKind(t, err, fault.Privilege, `GRANT USAGE, CREATE ON SCHEMA avadb TO "h_watcher"`)

	super := r.collector(t) // makes the tables
	collect(t, super)
	stop(t, super)
	err = r.refused(t, dsn)
	wantKind(t, err, fault.Privilege, "server, ", "GRANT USAGE ON SCHEMA avadb TO", "GRANT SELECT, INSERT, UPDATE, DELETE")
	run(t, r.admin, fault.As(err).Hint)
	c := r.collectorAs(t, dsn)
	run(t, r.app, known)
	if done := collect(t, c); done.Snapshot != 2 || done.NotVisible != 0 || done.Changed == 0 {
		t.Errorf("%+v", done)
	}
}

// Tables of somebody else can have triggers, which would run as the collector.
func TestTablesOfOthersAreNotWritten(t *testing.T) {
	r := newRig(t, "DROP ROLE IF EXISTS h_owner", "CREATE ROLE h_owner LOGIN")
	run(t, r.admin, "CREATE SCHEMA avadb AUTHORIZATION h_owner")
	err := r.refused(t, shared.DSN(r.Name))
	wantKind(t, err, fault.Prerequisite, `belongs to "h_owner"`)
}

// A role without pg_read_all_stats keeps its own. What it may see later begins with a baseline: nothing is counted that ran before.
func TestARoleThatSeesLittle(t *testing.T) {
	r := newRig(t, "DROP ROLE IF EXISTS h_plain", "CREATE ROLE h_plain LOGIN", "GRANT SELECT ON numbers TO h_plain")
	run(t, r.admin, "GRANT CREATE ON DATABASE "+r.Store+" TO h_plain")
	for range 20 {
		run(t, r.app, known)
	}
	own := dial(t, shared.DSN(r.Name)+" user=h_plain")
	c := r.collectorAs(t, shared.DSN(r.Name)+" user=h_plain")
	run(t, own, "SELECT sum(n) FROM numbers")
	if done := collect(t, c); done.NotVisible == 0 || done.Entries <= int(done.NotVisible) {
		t.Errorf("%+v", done)
	}
	run(t, own, "SELECT sum(n) FROM numbers")
	collect(t, c)
	if got := r.counted(t, "sum(n)") + ", " + r.counted(t, "WHERE n >"); got != "1, " {
		t.Errorf("calls %s", got)
	}
	run(t, r.app, "GRANT pg_read_all_stats TO h_plain", known)
	collect(t, c)
	run(t, r.app, known, known)
	collect(t, c)
	if got := r.counted(t, "WHERE n >"); got != "2" && got != "1 2" { // 17 and up can tell
		t.Errorf("calls %s", got)
	}
}

// A store on another server is a DSN; here it leads to the same one by another name.
func TestForeignStore(t *testing.T) {
	r := newRig(t)
	c := r.collector(t, func(o *Options) { o.Store = shared.DSN(r.Store) })
	if !c.store.Foreign {
		t.Error("the store is not foreign")
	}
	collect(t, c)
	run(t, r.app, known)
	collect(t, c)
	if got := r.counted(t, "WHERE n >"); got != "1" {
		t.Errorf("calls %s", got)
	}
}

// The store can be the watched database itself: one connection does both.
func TestOneDatabase(t *testing.T) {
	r := newRig(t)
	c := r.collector(t, func(o *Options) { o.Store = r.Name })
	if c.store.Conn != c.conn {
		t.Error("two connections")
	}
	collect(t, c)
	run(t, r.app, known)
	if done := collect(t, c); done.Changed == 0 {
		t.Errorf("%+v", done)
	}
}

// The data directory is part of a server's name where a role sees it: one that does not must not make a second server.
func TestOneServerForAllRoles(t *testing.T) {
	r := newRig(t, "DROP ROLE IF EXISTS h_short", "CREATE ROLE h_short LOGIN")
	run(t, r.admin, "GRANT CREATE ON DATABASE "+r.Store+" TO h_short")
	short := r.collectorAs(t, shared.DSN(r.Name)+" user=h_short")
	id := short.server.ID
	stop(t, short)
	run(t, r.admin, "GRANT pg_read_all_settings TO h_short")
	if again := r.collectorAs(t, shared.DSN(r.Name)+" user=h_short"); again.server.ID != id {
		t.Errorf("server %d and %d", id, again.server.ID)
	}
	if got := text(t, r.admin, "SELECT count(*) || bool_and(node LIKE 'port %/data')::text FROM avadb.server"); got != "1true" {
		t.Errorf("servers: %s", got)
	}
}

// refused is the error of a collector that cannot begin.
func (r *rig) refused(t *testing.T, dsn string) error {
	t.Helper()
	conn := connect(t, dsn)
	_, err := Start(t.Context(), conn, r.options())
	stop(t, &Collector{conn: conn})
	return err
}
