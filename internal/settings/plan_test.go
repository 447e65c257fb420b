package settings

import (
	"slices"
	"strings"
	"testing"

	"avadb/internal/fault"
	"avadb/internal/journal"
)

func (s *Snapshot) only(t *testing.T, w Wanted) Setting {
	t.Helper()
	plan := s.Plan([]Wanted{w})
	if len(plan) != 1 || plan[0].Name != w.Name {
		t.Fatalf("plan %+v", plan)
	}
	return plan[0]
}

func TestPlan(t *testing.T) {
	withFiles(t, "work_mem = '65536kB'\nmax_connections = 200\nsearch_path = '\"$user\",public'\n", "maintenance_work_mem = '1GB'\n")
	conn := connect(t, shared)
	snapshot := snapshotWhen(t, conn, func(s *Snapshot) bool { return s.Parameters["max_connections"].PendingRestart })
	for _, c := range []struct {
		wanted  Wanted
		action  Action
		winner  Layer
		pending bool
		context string
	}{
		{Wanted{Name: "work_mem", Value: "64MB"}, Unchanged, LayerAutoConf, false, "reload"},
		{Wanted{Name: "WORK_MEM", Value: "65MB"}, Set, LayerAutoConf, false, "reload"},
		{Wanted{Name: "maintenance_work_mem", Value: "1024MB"}, Unchanged, LayerFile, false, "reload"},
		{Wanted{Name: "maintenance_work_mem", Value: "2GB"}, Set, LayerAutoConf, false, "reload"},
		{Wanted{Name: "random_page_cost", Value: "4"}, Unchanged, LayerDefault, false, "reload"},
		{Wanted{Name: "random_page_cost", Value: "1.1"}, Set, LayerAutoConf, false, "reload"},
		{Wanted{Name: "max_connections", Value: "200"}, Unchanged, LayerAutoConf, true, "restart"},
		{Wanted{Name: "max_connections", Value: "300"}, Set, LayerAutoConf, true, "restart"},
		{Wanted{Name: "max_connections", Value: "100"}, Set, LayerAutoConf, false, "restart"}, // what runs: nothing waits any more
		{Wanted{Name: "search_path", Value: `"$user", public`}, Unchanged, LayerAutoConf, false, "reload"},
		{Wanted{Name: "work_mem", Value: "1GB", Skip: true}, Skipped, LayerAutoConf, false, "reload"},
		{Wanted{Name: "wal_buffers", Value: "-1"}, Unchanged, LayerDefault, false, "restart"},
		{Wanted{Name: "wal_buffers", Value: "16MB"}, Set, LayerAutoConf, true, "restart"},
		// avadb's own session has a value for each of these, which is not the server's.
		{Wanted{Name: "statement_timeout", Value: "30s"}, Set, LayerAutoConf, false, "reload"},
		{Wanted{Name: "lock_timeout", Value: "0"}, Unchanged, LayerDefault, false, "reload"},
		{Wanted{Name: "idle_in_transaction_session_timeout", Value: "60s"}, Set, LayerAutoConf, false, "reload"},
	} {
		got := snapshot.only(t, c.wanted)
		if got.Action != c.action || got.Winner != c.winner || got.PendingRestart != c.pending || got.Context != c.context || (got.Value == nil) != c.wanted.Skip {
			t.Errorf("%s = %s: %s, winner %s, pending %v, %s; want %+v", c.wanted.Name, c.wanted.Value, got.Action, got.Winner, got.PendingRestart, got.Context, c)
		}
	}
	p := snapshot.Parameters["work_mem"]
	p.Source = "command line"
	snapshot.Parameters["work_mem"] = p
	if got := snapshot.only(t, Wanted{Name: "work_mem", Value: "1GB"}); got.Action != Overridden || got.Winner != LayerCommandLine || !strings.Contains(got.Reason, "command line") {
		t.Errorf("on the command line: %+v", got)
	}
}

func TestOwnSessionNeverHidesTheServer(t *testing.T) {
	withFiles(t, "", "")
	conn := connect(t, shared)
	var ours string
	if err := conn.Raw().QueryRow(t.Context(), "SHOW idle_in_transaction_session_timeout").Scan(&ours); err != nil || ours != "1min" {
		t.Fatal(ours, err)
	}
	const name = "idle_in_transaction_session_timeout"
	wanted := Wanted{Name: name, Value: "60s"}
	if err := NewSystemSetting(conn, name).Write(t.Context(), journal.Present("60s")); err != nil {
		t.Fatal(err)
	}
	if err := Settle(conn)(t.Context(), []journal.Record{{Kind: journal.SystemSetting, Name: name, State: journal.Written}}); err != nil {
		t.Fatal(err)
	}
	snapshot, err := Read(t.Context(), conn)
	if err != nil {
		t.Fatal(err)
	}
	if line := snapshot.only(t, wanted); line.Action != Unchanged || line.Winner != LayerAutoConf || line.Current != "1min" {
		t.Errorf("%+v", line)
	}
	if err := conn.Raw().QueryRow(t.Context(), "SHOW idle_in_transaction_session_timeout").Scan(&ours); err != nil || ours != "1min" {
		t.Errorf("the session's own value is gone: %s, %v", ours, err)
	}
}

func TestOverrides(t *testing.T) {
	adminSQL(t, "CREATE ROLE greedy", "ALTER ROLE greedy SET work_mem = '1GB'", "ALTER DATABASE postgres SET lock_timeout = '1s'",
		"ALTER ROLE greedy IN DATABASE postgres SET Work_Mem = '2GB'")
	t.Cleanup(func() { adminSQL(t, "ALTER DATABASE postgres RESET ALL", "DROP ROLE greedy") })
	found, err := Overrides(t.Context(), connect(t, shared), []string{"WORK_MEM", "lock_timeout"})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, o := range found {
		got = append(got, o.Who()+": "+o.Name+" = "+o.Value)
	}
	want := []string{"database postgres: lock_timeout = 1s", "role greedy: work_mem = 1GB", "role greedy in database postgres: work_mem = 2GB"}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestSettle(t *testing.T) {
	withFiles(t, "", "")
	conn := connect(t, shared)
	written := []journal.Record{{Kind: journal.SystemSetting, Name: "work_mem"}, {Kind: journal.SystemSetting, Name: "max_connections"}}
	for _, name := range []string{"work_mem", "max_connections"} {
		if err := NewSystemSetting(conn, name).Write(t.Context(), journal.Present("177")); err != nil {
			t.Fatal(err)
		}
	}
	if err := Settle(conn)(t.Context(), written); err != nil {
		t.Fatal(err)
	}
	snapshot, err := Read(t.Context(), conn)
	if err != nil {
		t.Fatal(err)
	}
	if snapshot.Running("work_mem") != "177" || snapshot.Running("max_connections") != "100" || !snapshot.Waits("max_connections") {
		t.Errorf("work_mem %s, max_connections %s", snapshot.Running("work_mem"), snapshot.Running("max_connections"))
	}
}

func TestSettleOnARejectedReload(t *testing.T) {
	withFiles(t, "work_mem = '3MB'\nwork_memm = '2MB'\n", "")
	err := Settle(connect(t, shared))(t.Context(), nil)
	wantFault(t, err, fault.Failed, "rejected the reload", "postgresql.auto.conf line 2", "work_memm", "SELECT pg_reload_conf()")
}
