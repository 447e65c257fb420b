package pg

import (
	"testing"
	"time"

	"avadb/internal/fault"
)

func TestClasses(t *testing.T) {
	for class, want := range map[Class]string{Normal: "30s", Critical: "5s", High: "10s", Low: "1min", Background: "2min"} {
		c := mustConnect(t, server.DSN("postgres"), Options{Class: class})
		if got := show(t, c, "SHOW statement_timeout"); got != want {
			t.Errorf("%s: statement_timeout %s, want %s", class, got, want)
		}
	}
}

func TestSessionDefaults(t *testing.T) {
	c := mustConnect(t, server.DSN("postgres"), Options{LockTimeout: 2 * time.Second})
	for name, want := range map[string]string{
		"lock_timeout": "2s", "idle_in_transaction_session_timeout": "1min", "application_name": "avadb", "idle_session_timeout": "0", "client_encoding": "UTF8",
		"search_path": "pg_catalog, pg_temp",
	} {
		if got := show(t, c, "SHOW "+name); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
}

// TestDefaultsGiveWay: what the user has set for the role, the database or by PGOPTIONS stays; what only stands
// in the configuration file does not.
func TestDefaultsGiveWay(t *testing.T) {
	dsn := newRole(t, "own_settings", "")
	admin(t, server, "ALTER ROLE own_settings SET statement_timeout = '77s'", "CREATE DATABASE own_lock",
		"ALTER DATABASE own_lock SET lock_timeout = '3s'", "ALTER SYSTEM SET idle_in_transaction_session_timeout = '9s'", "SELECT pg_reload_conf()")
	defer admin(t, server, "DROP DATABASE own_lock WITH (FORCE)", "ALTER SYSTEM RESET idle_in_transaction_session_timeout", "SELECT pg_reload_conf()")
	waitFor(t, func() bool {
		c := mustConnect(t, server.DSN("postgres"), Options{})
		defer c.Close()
		return show(t, c, "SELECT reset_val FROM pg_settings WHERE name = 'idle_in_transaction_session_timeout'") == "9000"
	})

	c := mustConnect(t, dsn+" dbname=own_lock", Options{})
	for name, want := range map[string]string{"statement_timeout": "77s", "lock_timeout": "3s", "idle_in_transaction_session_timeout": "1min"} {
		if got := show(t, c, "SHOW "+name); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
	c = mustConnect(t, dsn, Options{}, "PGOPTIONS=-c statement_timeout=123s -c lock_timeout=0")
	for name, want := range map[string]string{"statement_timeout": "123s", "lock_timeout": "0"} {
		if got := show(t, c, "SHOW "+name); got != want {
			t.Errorf("with PGOPTIONS: %s is %s, want %s", name, got, want)
		}
	}
}

// TestSearchPath: what others have set never wins over avadb's own, as their operators would then be taken for the system's.
func TestSearchPath(t *testing.T) {
	dsn := newRole(t, "own_path", "")
	admin(t, server, "ALTER ROLE own_path SET search_path = public, pg_catalog", "CREATE DATABASE with_path", "ALTER DATABASE with_path SET search_path = public, pg_catalog")
	defer admin(t, server, "DROP DATABASE with_path WITH (FORCE)")
	for _, c := range []*Conn{
		mustConnect(t, dsn, Options{}), mustConnect(t, server.DSN("with_path"), Options{IdleForever: true}),
		mustConnect(t, server.DSN("postgres"), Options{}, "PGOPTIONS=-c search_path=public,pg_catalog"),
	} {
		if got := show(t, c, "SHOW search_path"); got != searchPath {
			t.Errorf("%s in %s looks through %s", c.Server.Role, c.Server.Database, got)
		}
		if err := c.Reconnect(t.Context()); err != nil {
			t.Error(err)
		}
		if got := show(t, c, "SHOW search_path"); got != searchPath {
			t.Errorf("anew: %s in %s looks through %s", c.Server.Role, c.Server.Database, got)
		}
	}
}

// TestPlantedFunctions: what a role has put into a schema of the search_path runs in none of this package's statements, not even
// where that schema stands before the system's.
func TestPlantedFunctions(t *testing.T) {
	admin(t, server, "CREATE DATABASE planted")
	defer admin(t, server, "DROP DATABASE planted WITH (FORCE)")
	c := mustConnect(t, server.DSN("planted"), Options{})
	for _, statement := range []string{
		"CREATE TABLE public.ran (what text)",
		"CREATE FUNCTION public.pg_is_in_recovery() RETURNS bool LANGUAGE sql AS $$ INSERT INTO public.ran VALUES ('recovery'); SELECT false $$",
		"CREATE FUNCTION public.times(numeric, int) RETURNS numeric LANGUAGE sql AS $$ INSERT INTO public.ran VALUES ('times'); SELECT $1 $$",
		"CREATE FUNCTION public.same(name, name) RETURNS bool LANGUAGE sql AS $$ INSERT INTO public.ran VALUES ('same'); SELECT true $$",
		"CREATE OPERATOR public.* (LEFTARG = numeric, RIGHTARG = int, FUNCTION = public.times)",
		"CREATE OPERATOR public.= (LEFTARG = name, RIGHTARG = name, FUNCTION = public.same)",
		"ALTER DATABASE planted SET search_path = public, pg_catalog",
	} {
		if _, err := c.Exec(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	for _, wanted := range []string{"any", "primary", "read-write", "prefer-standby"} {
		c := mustConnect(t, server.DSN("planted")+" target_session_attrs="+wanted, Options{})
		if who := findBlockers(t.Context(), c.Target, c.PID()); who != "" {
			t.Errorf("nothing blocks, and yet: %s", who)
		}
		if status := c.Raw().PgConn().TxStatus(); status != 'I' {
			t.Errorf("%s: transaction status %c", wanted, status)
		}
	}
	if got := show(t, c, "SELECT count(*)::text || coalesce(' ' || string_agg(what, ' '), '') FROM public.ran"); got != "0" {
		t.Errorf("planted functions ran: %s", got)
	}
}

func TestIdleForever(t *testing.T) {
	dsn := newRole(t, "idle_role", "")
	admin(t, server, "ALTER ROLE idle_role SET idle_session_timeout = '1s'", "ALTER ROLE idle_role SET idle_in_transaction_session_timeout = '1s'")
	c := mustConnect(t, dsn, Options{IdleForever: true})
	for _, name := range []string{"idle_session_timeout", "idle_in_transaction_session_timeout"} {
		if got := show(t, c, "SHOW "+name); got != "0" {
			t.Errorf("%s is %s", name, got)
		}
	}
}

// TestEncoding: a database in another encoding still gives UTF-8.
func TestEncoding(t *testing.T) {
	admin(t, server, "CREATE DATABASE western ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0")
	c := mustConnect(t, server.DSN("western"), Options{})
	if got := show(t, c, "SELECT chr(252)::text"); got != "ü" {
		t.Errorf("got %q", got)
	}
	c.Close()
	admin(t, server, "DROP DATABASE western")
}

// TestNoEncoding: a database without encoding gives its bytes, also those that are no UTF-8, whatever the caller's environment
// asks for.
func TestNoEncoding(t *testing.T) {
	admin(t, server, "CREATE DATABASE bytes ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0")
	for _, variables := range [][]string{nil, {"PGOPTIONS=-c client_encoding=UTF8"}} {
		c := mustConnect(t, server.DSN("bytes"), Options{}, variables...)
		if got := show(t, c, `SELECT convert_from('\x636166e9ff', 'SQL_ASCII')`); got != "caf\xe9\xff" {
			t.Errorf("%v: got %q", variables, got)
		}
		if got := show(t, c, "SELECT $1::text", "é😀"); got != "é😀" {
			t.Errorf("%v: got %q", variables, got)
		}
		c.Close()
	}
	admin(t, server, "DROP DATABASE bytes")
}

func TestTransactions(t *testing.T) {
	dsn := newRole(t, "readonly_role", "")
	admin(t, server, "ALTER ROLE readonly_role SET default_transaction_read_only = on", "GRANT CREATE ON SCHEMA public TO readonly_role")
	c := mustConnect(t, dsn, Options{})
	_, err := c.Exec(t.Context(), "CREATE TABLE public.written ()")
	wantFault(t, err, fault.Failed, "25006")
	tx, err := c.BeginReadWrite(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), "CREATE TABLE public.written ()"); err != nil {
		t.Error(err)
	}
	if err := tx.Rollback(t.Context()); err != nil {
		t.Error(err)
	}
	if tx, err = c.Begin(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := tx.Commit(t.Context()); err != nil {
		t.Error(err)
	}
}

// waitFor polls until a condition holds.
func waitFor(t *testing.T, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !condition(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("waited a minute in vain")
		}
	}
}
