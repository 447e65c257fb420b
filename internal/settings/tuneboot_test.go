package settings

import (
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"avadb/internal/pgtest"
	"avadb/internal/tuning"
	"avadb/internal/units"
)

// bootRAM is what the servers of the test are tuned for: shared_buffers of it fit any machine that runs the tests.
const bootRAM = units.GB

// The server takes each value of each profile, starts with all of them and has them.
func TestServerBootsWithEveryProfile(t *testing.T) {
	server := ownServer(t)
	for _, profile := range tuning.Profiles() {
		for _, storage := range []tuning.Storage{tuning.NVMe, tuning.HDD} {
			t.Run(string(profile)+" "+string(storage), func(t *testing.T) {
				plan, err := PlanTune(t.Context(), connect(t, server), TuneRequest{
					RAM: units.FormatSize(bootRAM), Profile: profile, Storage: storage, CPUs: 32, DBBytes: 100 * units.GB, Explain: true,
				})
				if err != nil {
					t.Fatal(err)
				}
				bootWith(t, server, plan.Settings)
			})
		}
	}
}

// bootWith writes the values as any tool would, restarts the server and compares what it shows.
func bootWith(t *testing.T, server *pgtest.Server, plan []Setting) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), server.DSN("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	statements, err := Statements(plan)
	if err != nil {
		t.Fatal(err)
	}
	for _, statement := range append([]string{"ALTER SYSTEM RESET ALL"}, statements...) {
		if _, err := conn.Exec(t.Context(), statement); err != nil {
			t.Errorf("%s: %v", statement, err)
		}
	}
	if err := conn.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := server.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	parameters, err := ReadParameters(t.Context(), connect(t, server))
	if err != nil {
		t.Fatal(err)
	}
	shown := 0
	for _, line := range plan {
		if p := parameters[line.Name]; line.Value != nil {
			shown++
			if !p.Same(p.Current, *line.Value) || p.PendingRestart {
				t.Errorf("%s shows %s after a start with %s", line.Name, p.Current, *line.Value)
			}
		}
	}
	if shown < 10 {
		t.Errorf("only %d values were compared", shown)
	}
}

// The evidence of a real server: what was counted comes back, and what is missing is named.
func TestEvidenceOfARealServer(t *testing.T) {
	server := ownServer(t)
	conn, err := pgx.Connect(t.Context(), server.DSN("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	statements := []string{
		"CREATE TABLE lots AS SELECT i FROM generate_series(1, 200000) AS i", "DELETE FROM lots WHERE i % 2 = 0",
		"SET work_mem = '64kB'", "SELECT count(*) FROM (SELECT i FROM lots ORDER BY i DESC OFFSET 0) AS s",
		"VACUUM lots", "DELETE FROM lots WHERE i % 3 = 0", "CHECKPOINT",
	}
	for _, statement := range statements {
		if _, err := conn.Exec(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	if err := conn.Close(t.Context()); err != nil { // which also sends its counters
		t.Fatal(err)
	}
	ours := connect(t, server)
	snapshot, err := Read(t.Context(), ours)
	if err != nil {
		t.Fatal(err)
	}
	var e *tuning.Evidence
	await(t, func() bool {
		e, err = readEvidence(t.Context(), ours, snapshot)
		return err == nil && *e.TempFiles > 0 && *e.Requested > 0 && len(e.Tables) > 0
	})
	if *e.PeakSessions < 1 || *e.DBBytes < units.MB || *e.TempBytes <= 0 || e.HitRatioPct == nil || e.SpillTimes {
		t.Errorf("got %+v", e)
	}
	if e.Tables[0].Name != "public.lots" || e.Tables[0].Dead == 0 {
		t.Errorf("got %+v", e.Tables)
	}
	found := false
	for _, u := range e.Unread {
		found = found || u.Next == "avadb enable-stats"
	}
	if !found {
		t.Errorf("nothing says that pg_stat_statements is missing: %+v", e.Unread)
	}
}

// await asks again until the server's counters have come: they follow after a moment.
func await(t *testing.T, ready func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !ready(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the counters did not come")
		}
	}
}

// A piece that the role may not read is named with its next step; the rest is there.
func TestEvidenceThatMayNotBeRead(t *testing.T) {
	adminSQL(t, "CREATE ROLE counter LOGIN IN ROLE pg_read_all_settings", "GRANT SELECT ON pg_file_settings TO counter",
		"GRANT EXECUTE ON FUNCTION pg_show_all_file_settings() TO counter", "CREATE DATABASE closed", "REVOKE CONNECT ON DATABASE closed FROM PUBLIC",
		"REVOKE SELECT ON pg_stat_wal FROM PUBLIC")
	t.Cleanup(func() {
		adminSQL(t, "GRANT SELECT ON pg_stat_wal TO PUBLIC", "DROP DATABASE closed", "DROP OWNED BY counter", "DROP ROLE counter")
	})
	conn := connectAs(t, "counter")
	snapshot, err := Read(t.Context(), conn)
	if err != nil {
		t.Fatal(err)
	}
	e, err := readEvidence(t.Context(), conn, snapshot)
	if err != nil {
		t.Fatal(err)
	}
	if e.DBBytes != nil || e.WALPerSecond != nil || e.TempFiles == nil || e.Timed == nil {
		t.Errorf("got %+v", e)
	}
	for what, next := range map[string]string{"the size of the databases": `GRANT pg_read_all_stats TO "counter"`, "the rate of WAL": `GRANT SELECT ON pg_catalog.pg_stat_wal TO "counter"`} {
		found := false
		for _, u := range e.Unread {
			found = found || strings.HasPrefix(u.What, what) && strings.Contains(u.Next, next)
		}
		if !found {
			t.Errorf("%s is not named: %+v", what, e.Unread)
		}
	}
}
