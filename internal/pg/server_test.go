package pg

import (
	"strings"
	"testing"
	"time"

	"avadb/internal/fault"
)

func TestServerAsSuperuser(t *testing.T) {
	c := mustConnect(t, server.DSN("template1"), Options{})
	s := c.Server
	if s.Major() != server.Major || s.VersionNum/10000 != server.Major || !strings.HasPrefix(s.Version, strings.SplitN(server.Version, " ", 2)[0]) {
		t.Errorf("version %d %q, want %s", s.VersionNum, s.Version, server.Version)
	}
	if s.Role != "postgres" || !s.Superuser || !s.HasMonitor || !s.ReadAllSettings || s.InRecovery || s.Pooler {
		t.Errorf("role and state: %+v", s)
	}
	if s.Database != "template1" || s.Port != server.Port || s.Address != "127.0.0.1" || s.DataDirectory != server.DataDir {
		t.Errorf("place: %+v", s)
	}
	if len(s.SystemIdentifier) < 10 || s.Timeline != 1 || s.BackendPID != c.PID() || time.Since(s.StartedAt) > time.Hour || time.Since(s.StartedAt) < 0 {
		t.Errorf("identity: %+v", s)
	}
	local := mustConnect(t, server.SocketDSN("postgres"), Options{}).Server
	if local.Address != "local" || local.Port != server.Port || local.SystemIdentifier != s.SystemIdentifier {
		t.Errorf("through the socket: %+v", local)
	}
}

func TestServerAsOrdinaryRole(t *testing.T) {
	s := mustConnect(t, newRole(t, "facts_plain", ""), Options{}).Server
	if s.Superuser || s.HasMonitor || s.ReadAllSettings || s.DataDirectory != "" || s.SystemIdentifier == "" {
		t.Errorf("an ordinary role: %+v", s)
	}
	s = mustConnect(t, newRole(t, "facts_monitor", "IN ROLE pg_monitor"), Options{}).Server
	if s.Superuser || !s.HasMonitor || !s.ReadAllSettings || s.DataDirectory != server.DataDir {
		t.Errorf("a member of pg_monitor: %+v", s)
	}
}

func TestServerWithoutControlFunctions(t *testing.T) {
	dsn := newRole(t, "facts_revoked", "")
	admin(t, server, "REVOKE EXECUTE ON FUNCTION pg_catalog.pg_control_system() FROM PUBLIC")
	defer admin(t, server, "GRANT EXECUTE ON FUNCTION pg_catalog.pg_control_system() TO PUBLIC")
	s := mustConnect(t, dsn, Options{}).Server
	if s.SystemIdentifier != "" || s.Timeline != 1 || s.Role != "facts_revoked" {
		t.Errorf("without pg_control_system(): %+v", s)
	}
}

func TestStandby(t *testing.T) {
	primary := otherServer(t)
	standby, err := primary.Standby(t.Context(), "one")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = standby.Close() }()
	c := mustConnect(t, standby.DSN("postgres"), Options{})
	upstream := mustConnect(t, primary.DSN("postgres"), Options{})
	if !c.Server.InRecovery || c.Server.Timeline != 1 || c.Server.SystemIdentifier != upstream.Server.SystemIdentifier {
		t.Errorf("standby: %+v", c.Server)
	}
	_, err = c.Exec(t.Context(), "CREATE TABLE public.no ()")
	wantFault(t, err, fault.Failed, "25006")
	_, err = c.BeginReadWrite(t.Context())
	if e := wantFault(t, err, fault.Failed, "0A000"); !strings.Contains(e.Hint, "standby") {
		t.Errorf("hint %q", e.Hint)
	}

	both := strings.NewReplacer("port=", "port="+portOf(t, standby.DSN(""))+",", "host=127.0.0.1", "host=127.0.0.1,127.0.0.1").Replace(primary.DSN("postgres"))
	if s := mustConnect(t, both+" target_session_attrs=primary", Options{}).Server; s.InRecovery {
		t.Error("target_session_attrs=primary led to the standby")
	}
	_, err = Connect(t.Context(), mustResolve(t, Sources{DSN: standby.DSN("postgres") + " target_session_attrs=read-write"}), Options{})
	if e := wantFault(t, err, fault.Connect, ""); !strings.Contains(e.Message, "target_session_attrs") {
		t.Errorf("message %q", e.Message)
	}
}

func portOf(t *testing.T, dsn string) string {
	t.Helper()
	options, err := parseDSN(dsn)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range options {
		if o.key == "port" {
			return o.value
		}
	}
	t.Fatalf("no port in %s", dsn)
	return ""
}

func TestSupported(t *testing.T) {
	for version, kind := range map[string]fault.Kind{
		"15.18 (Debian 15.18-0+deb12u1)": "", "19devel": "", "18beta1": "", "14.0": "",
		"13.22": fault.Prerequisite, "9.6.24": fault.Prerequisite, "1.18.0/bouncer": fault.Connect, "": fault.Connect, "CockroachDB": fault.Connect,
	} {
		err := supported(version)
		if kind == "" && err == nil {
			continue
		}
		if fault.KindOf(err) != kind || err == nil || fault.As(err).Hint == "" {
			t.Errorf("%q: %v", version, err)
		}
	}
}
