package settings

import (
	"strings"
	"testing"

	"avadb/internal/fault"
	"avadb/internal/journal"
	"avadb/internal/pg"
)

func connectAs(t *testing.T, role string) *pg.Conn {
	t.Helper()
	target, err := pg.Resolve(pg.Sources{DSN: strings.Replace(shared.DSN("postgres"), "user=postgres", "user="+role, 1)})
	if err != nil {
		t.Fatal(err)
	}
	conn, err := pg.Connect(t.Context(), target, pg.Options{Changes: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	return conn
}

func TestAccessOfAnOrdinaryRole(t *testing.T) {
	withFiles(t, "", "")
	adminSQL(t, "CREATE ROLE tuner LOGIN")
	t.Cleanup(func() { adminSQL(t, "DROP OWNED BY tuner", "DROP ROLE tuner") })
	adminSQL(t, "CREATE ROLE onlooker LOGIN IN ROLE pg_read_all_settings")
	t.Cleanup(func() { adminSQL(t, "DROP ROLE onlooker") })
	onlooker := ReadAccess(t.Context(), connectAs(t, "onlooker")) // sees the settings, but nobody else's sessions
	wantFault(t, onlooker, fault.Privilege, `GRANT pg_monitor TO "onlooker"`)
	if strings.Count(fault.As(onlooker).Hint, "pg_monitor") != 1 {
		t.Errorf("hint %q", fault.As(onlooker).Hint)
	}
	names := []string{"work_mem", PreloadParameter}
	conn := connectAs(t, "tuner")
	wantFault(t, ReadAccess(t.Context(), conn), fault.Privilege,
		"see the configuration files", `GRANT SELECT ON pg_catalog.pg_file_settings TO "tuner"`, "pg_show_all_file_settings()", `GRANT pg_monitor TO "tuner"`)
	err := WriteAccess(t.Context(), conn, names, nil)
	if shared.Major < 15 {
		wantFault(t, err, fault.Privilege, "PostgreSQL 14 wants a superuser", `ALTER ROLE "tuner" SUPERUSER`)
		return
	}
	wantFault(t, err, fault.Privilege, "nothing was changed", "pg_reload_conf()", "GRANT ALTER SYSTEM ON PARAMETER work_mem, shared_preload_libraries", "load any library")
	adminSQL(t, strings.Split(fault.As(err).Hint, "; ")...)
	conn = connectAs(t, "tuner")
	if err := WriteAccess(t.Context(), conn, names, nil); err != nil {
		t.Fatalf("after the GRANTs of the hint: %v", err)
	}
	if err := NewSystemSetting(conn, "work_mem").Write(t.Context(), journal.Present("9MB")); err != nil {
		t.Error(err)
	}
	if err := NewPreload(conn, ourLibrary).Write(t.Context(), journal.Present("")); err != nil {
		t.Error(err)
	}
	if err := Settle(conn)(t.Context(), []journal.Record{{Kind: journal.SystemSetting, Name: "work_mem"}}); err != nil {
		t.Error(err)
	}
	wantFault(t, WriteAccess(t.Context(), conn, []string{"lock_timeout"}, nil), fault.Privilege, "GRANT ALTER SYSTEM ON PARAMETER lock_timeout TO")
}

func TestAlterSystemNotAllowed(t *testing.T) {
	if shared.Major < 17 { // the parameter came with 17; before, the same line is refused as an unknown name
		withFiles(t, "", "allow_alter_system = off\n")
		snapshot, err := Read(t.Context(), connect(t, shared))
		if err != nil {
			t.Fatal(err)
		}
		wantFault(t, snapshot.CheckNames(), fault.Prerequisite, "allow_alter_system")
		return
	}
	withFiles(t, "", "allow_alter_system = off\n")
	conn := connect(t, shared)
	snapshotWhen(t, conn, func(s *Snapshot) bool { return s.Parameters["allow_alter_system"].Current == "off" })
	err := WriteAccess(t.Context(), conn, []string{"work_mem"}, workMem64())
	wantFault(t, err, fault.Prerequisite, "allow_alter_system = off", "restart for those that need it", "work_mem = '64MB'")
}

func TestManagedByPatroni(t *testing.T) {
	target, err := pg.Resolve(pg.Sources{DSN: shared.DSN("postgres") + " application_name='Patroni heartbeat'"})
	if err != nil {
		t.Fatal(err)
	}
	agent, err := pg.Connect(t.Context(), target, pg.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer agent.Close()
	err = WriteAccess(t.Context(), connect(t, shared), []string{"work_mem"}, workMem64())
	wantFault(t, err, fault.Prerequisite, "Patroni manages this server", "patronictl edit-config", "  parameters:\n    work_mem: '64MB'")
}

// workMem64 is a plan of one value.
func workMem64() []Setting {
	value := "64MB"
	return []Setting{{Name: "work_mem", Value: &value}}
}
