package pg

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"avadb/internal/fault"
)

// place is where a target leads, for comparing.
func place(t *Target) string {
	return fmt.Sprintf("%s@%s:%d/%s", t.User(), t.Host(), t.Port(), t.Database())
}

func targets() map[string]TargetConfig {
	return map[string]TargetConfig{
		"prod":  {Host: "prod1", Port: "6000", User: "ops", Database: "shop", SSLMode: "require", Store: "dba"},
		"dsn":   {DSN: "host=stage1 port=6001 user=ann password=pw dbname=shop", Database: "other"},
		"svc":   {Service: "web", User: "boss"},
		"bad":   {DSN: "host='unclosed password=sEcret"},
		"badpt": {Host: "x", Port: "99999"},
	}
}

func serviceFile(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "services.conf")
	text := "# comment\n[web]\nhost=web1\nport = 6543\ndbname=webdb\nuser=webuser\npassword=sEcret\n\n[broken]\nnosuch=1\n[web]\nhost=second\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// libpqEnvironment names a server that must show up only where libpq's environment is the base.
var libpqEnvironment = []string{"PGHOST=envhost", "PGPORT=7000", "PGUSER=envuser", "PGDATABASE=envdb", "PGHOSTADDR=", "PGTARGETSESSIONATTRS=standby"}

func TestPrecedence(t *testing.T) {
	services := "PGSERVICEFILE=" + serviceFile(t)
	for _, test := range []struct {
		name string
		s    Sources
		env  []string
		want string
	}{
		{"flag dsn first", Sources{DSN: "host=h user=u dbname=d port=1", Service: "web", Target: "prod"}, append([]string{"AVADB_DSN=host=no", "AVADB_TARGET=prod"}, libpqEnvironment...), "u@h:1/d"},
		{"flag service next", Sources{Service: "web", Target: "prod"}, append([]string{"AVADB_DSN=host=no"}, libpqEnvironment...), "webuser@web1:6543/webdb"},
		{"flag target next", Sources{Target: "prod"}, append([]string{"AVADB_DSN=host=no", "AVADB_TARGET=dsn"}, libpqEnvironment...), "ops@prod1:6000/shop"},
		{"AVADB_DSN next", Sources{DefaultTarget: "prod"}, append([]string{"AVADB_DSN=host=h user=u", "AVADB_TARGET=dsn"}, libpqEnvironment...), "u@h:5432/u"},
		{"AVADB_TARGET next", Sources{DefaultTarget: "prod"}, append([]string{"AVADB_TARGET=dsn"}, libpqEnvironment...), "ann@stage1:6001/other"},
		{"then libpq's environment", Sources{DefaultTarget: "prod"}, libpqEnvironment, "envuser@envhost:7000/envdb"},
		{"PGSERVICE lies over PGHOST", Sources{}, append([]string{"PGSERVICE=web"}, libpqEnvironment...), "webuser@web1:6543/webdb"},
		{"then the default target", Sources{DefaultTarget: "prod"}, []string{"PGPASSWORD=x", "PGSSLMODE=disable"}, "ops@prod1:6000/shop"},
		{"a target of a service", Sources{Target: "svc"}, libpqEnvironment, "boss@web1:6543/webdb"},
		{"flags lie over a target", Sources{Target: "prod", Host: "h2", Database: "d2"}, libpqEnvironment, "ops@h2:6000/d2"},
		{"flags lie over a dsn", Sources{DSN: "host=h user=u dbname=d", Port: "99", User: "u2"}, libpqEnvironment, "u2@h:99/d"},
		{"flags lie over the environment", Sources{Port: "99"}, libpqEnvironment, "envuser@envhost:99/envdb"},
		{"a service in a dsn lies under it", Sources{DSN: "service=web host=h"}, libpqEnvironment, "webuser@h:6543/webdb"},
		{"a dsn without a port has the default", Sources{DSN: "postgres://u@h/d"}, libpqEnvironment, "u@h:5432/d"},
		{"a host with an address", Sources{DSN: "hostaddr=127.0.0.1 user=u"}, libpqEnvironment, "u@127.0.0.1:5432/u"},
		{"several hosts", Sources{DSN: "postgres://u@a,b:6000/d"}, libpqEnvironment, "u@a:5432/d"},
	} {
		t.Run(test.name, func(t *testing.T) {
			// What the driver reads by itself is the environment of the process: it must not get through either.
			for _, v := range append([]string{"PGSERVICE=nosuch", services}, libpqEnvironment...) {
				name, value, _ := strings.Cut(v, "=")
				t.Setenv(name, value)
			}
			test.s.Targets = targets()
			test.s.Env = environment(append(test.env, services)...)
			target := mustResolve(t, test.s)
			if got := place(target); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
			if isTargeted := test.name != "then libpq's environment" && !strings.Contains(test.name, "over the environment") && !strings.Contains(test.name, "PGSERVICE"); isTargeted && target.config.ValidateConnect != nil {
				t.Error("PGTARGETSESSIONATTRS got through")
			}
		})
	}
}

// TestAccessAppliesToAll: PGPASSWORD and its kin hold for every base, and application_name is the user's where
// there is one.
func TestAccessAppliesToAll(t *testing.T) {
	env := environment("PGPASSWORD=sEcret", "PGCONNECT_TIMEOUT=9", "PGOPTIONS=-c work_mem=1MB", "PGSSLMODE=require", "PGTZ=UTC")
	target := mustResolve(t, Sources{DSN: "host=h", Env: env})
	c := target.config
	if c.Password != "sEcret" || c.ConnectTimeout.Seconds() != 9 || c.TLSConfig == nil || len(c.Fallbacks) != 0 {
		t.Errorf("password %q, timeout %s, TLS %v, fallbacks %d", c.Password, c.ConnectTimeout, c.TLSConfig != nil, len(c.Fallbacks))
	}
	want := map[string]string{"application_name": "avadb", "options": "-c work_mem=1MB", "timezone": "UTC"}
	if !maps.Equal(c.RuntimeParams, want) {
		t.Errorf("startup packet %v, want %v", c.RuntimeParams, want)
	}
	for dsn, want := range map[string]string{
		"host=h": "cron", "host=h application_name=mine": "mine", "host=h fallback_application_name=less": "cron",
	} {
		if got := mustResolve(t, Sources{DSN: dsn, Env: environment("PGAPPNAME=cron")}).config.RuntimeParams["application_name"]; got != want {
			t.Errorf("%s: application_name %s, want %s", dsn, got, want)
		}
	}
}

func TestDefaultsOfLibpq(t *testing.T) {
	target := mustResolve(t, Sources{})
	if target.Port() != 5432 || target.User() == "" || target.Database() != target.User() || target.config.ConnectTimeout.Seconds() != 5 {
		t.Errorf("%s, timeout %s", place(target), target.config.ConnectTimeout)
	}
}

func TestResolveRefuses(t *testing.T) {
	services := "PGSERVICEFILE=" + serviceFile(t)
	for _, test := range []struct {
		name string
		s    Sources
		env  string
		kind fault.Kind
		says string
	}{
		{"port of letters", Sources{Port: "abc"}, "", fault.Usage, "abc"},
		{"port with rubbish", Sources{Port: "05432x"}, "", fault.Usage, "05432x"},
		{"port with a sign", Sources{Port: "+5432"}, "", fault.Usage, "+5432"},
		{"port zero", Sources{Port: "0"}, "", fault.Usage, "65535"},
		{"port too high", Sources{Port: "65536"}, "", fault.Usage, "65536"},
		{"PGPORT", Sources{}, "PGPORT=x", fault.Config, "PGPORT"},
		{"port of a target", Sources{Target: "badpt"}, "", fault.Config, "target badpt"},
		{"a connection string for -d", Sources{Database: "host=h password=sEcret"}, "", fault.Usage, "-d"},
		{"malformed --dsn", Sources{DSN: "sEcret"}, "", fault.Usage, "--dsn"},
		{"malformed AVADB_DSN", Sources{}, "AVADB_DSN=password='sEcret", fault.Config, "AVADB_DSN"},
		{"malformed target", Sources{Target: "bad"}, "", fault.Config, "target bad"},
		{"a port that is a password", Sources{DSN: "postgres://u:sEcret/x@h/d"}, "", fault.Usage, "port"},
		{"unknown target", Sources{Target: "prdo"}, "", fault.NotFound, "prdo"},
		{"unknown AVADB_TARGET", Sources{}, "AVADB_TARGET=zzzzzz", fault.NotFound, "AVADB_TARGET"},
		{"unknown default target", Sources{DefaultTarget: "zzzzzz"}, "", fault.NotFound, "default_target"},
		{"unknown service", Sources{Service: "wbe"}, "", fault.NotFound, "wbe"},
		{"unknown PGSERVICE", Sources{}, "PGSERVICE=wbe", fault.NotFound, "wbe"},
		{"service with an unknown key", Sources{Service: "broken"}, "", fault.Config, "[broken]"},
		{"misspelt option", Sources{DSN: "host=h sslmod=verify-full"}, "", fault.Usage, "sslmod"},
		{"a piece of a password for an option", Sources{DSN: "password=a sEcret=b"}, "", fault.Usage, "option 2"},
		{"sslcrl", Sources{DSN: "host=h sslcrl=/x"}, "", fault.Config, "sslcrl"},
		{"sslcrldir in a URL", Sources{DSN: "postgres://h/?sslcrldir=/x"}, "", fault.Config, "sslcrldir"},
		{"requirepeer", Sources{DSN: "host=h requirepeer=postgres"}, "", fault.Config, "requirepeer"},
		{"PGREQUIREPEER", Sources{DSN: "host=h"}, "PGREQUIREPEER=postgres", fault.Config, "PGREQUIREPEER"},
		{"gssencmode", Sources{DSN: "host=h gssencmode=require"}, "", fault.Config, "gssencmode"},
		{"sslmode", Sources{DSN: "host=h sslmode=sEcret"}, "", fault.Usage, "sslmode"},
		{"PGSSLMODE", Sources{DSN: "host=h"}, "PGSSLMODE=always", fault.Config, "PGSSLMODE"},
		{"connect_timeout", Sources{DSN: "host=h connect_timeout=soon"}, "", fault.Usage, "connect_timeout"},
		{"ports without hosts", Sources{DSN: "host=h port=1,2"}, "", fault.Usage, "2 ports"},
		{"addresses without hosts", Sources{DSN: "host=h hostaddr=1.1.1.1,2.2.2.2"}, "", fault.Usage, "hostaddr"},
		{"one host over a list", Sources{DSN: "host=a,b port=1,2", Host: "c"}, "", fault.Usage, "-h"},
		{"a certificate that is not there", Sources{DSN: "host=h sslmode=verify-full sslrootcert=/nope password=sEcret"}, "", fault.Config, "/nope"},
		{"require_auth", Sources{DSN: "host=h require_auth=magic password=sEcret"}, "", fault.Config, "require_auth"},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.s.Targets = targets()
			test.s.Env = environment(services, test.env)
			_, err := Resolve(test.s)
			e := wantFault(t, err, test.kind, "")
			if !strings.Contains(e.Message, test.says) {
				t.Errorf("%q does not say %q", e.Message, test.says)
			}
			if e.Hint == "" || strings.Contains(e.Message+e.Hint, "sEcret") {
				t.Errorf("message %q, hint %q", e.Message, e.Hint)
			}
		})
	}
}

func TestNearestNames(t *testing.T) {
	services := environment("PGSERVICEFILE=" + serviceFile(t))
	for _, test := range []struct {
		s    Sources
		hint string
	}{
		{Sources{Target: "prdo"}, "did you mean prod?"},
		{Sources{Target: "zzzzzz"}, "known: bad, badpt, dsn, prod, svc"},
		{Sources{Service: "wbe"}, "did you mean web?"},
		{Sources{Service: "zzzzzz"}, "known: broken, web"},
		{Sources{DSN: "sslmod=x"}, "did you mean sslmode?"},
	} {
		test.s.Targets, test.s.Env = targets(), services
		_, err := Resolve(test.s)
		if e := fault.As(err); e == nil || !strings.Contains(e.Hint, test.hint) {
			t.Errorf("hint of %v should say %q", err, test.hint)
		}
	}
}

func TestWarnings(t *testing.T) {
	for dsn, want := range map[string]string{
		"host=h":                                  "",
		"host=h password=x":                       "list of processes",
		"host=h tcp_user_timeout=10":              "tcp_user_timeout has no effect",
		"host=h scram_client_key=x":               "scram_client_key has no effect",
		"postgres://h/d?pool_max_conns=10":        "pool_max_conns is a setting of a driver",
		"host=h client_encoding=latin1":           "client_encoding has no effect",
		"host=h client_encoding=UTF8":             "",
		"host=h gssencmode=prefer replication=no": "",
		"host=h keepalives=0 keepalives_idle=10 load_balance_hosts=random fallback_application_name=x": "",
	} {
		target := mustResolve(t, Sources{DSN: dsn})
		got := strings.Join(target.Warnings, "\n")
		if want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("%s: warns %q, want %q", dsn, got, want)
		}
		for key := range target.config.RuntimeParams {
			if key != "application_name" {
				t.Errorf("%s: %s would be sent to the server", dsn, key)
			}
		}
	}
	target := mustResolve(t, Sources{DSN: "host=h", Target: "prod", Targets: targets()})
	if !slices.Equal(target.Warnings, []string{"--target is ignored: --dsn goes first"}) {
		t.Errorf("warnings %q", target.Warnings)
	}
}

func TestCommandFlags(t *testing.T) {
	services := environment("PGSERVICEFILE="+serviceFile(t), "AVADB_DSN=host=hidden password=sEcret")
	for _, test := range []struct {
		s    Sources
		want string
	}{
		{Sources{}, ""},
		{Sources{Host: "/tmp", Port: "5433", User: "postgres", Database: "shop"}, "-h /tmp -p 5433 -U postgres -d shop"},
		{Sources{User: "o'neil", Database: "my shop"}, `-U 'o'\''neil' -d 'my shop'`},
		{Sources{Target: "prod", Database: "x"}, "--target prod -d x"},
		{Sources{Service: "web"}, "--service web"},
		{Sources{DSN: "postgres://ann:" + "sEcret@db1:5433/shop?sslmode=require&sslpassword=sEcret"}, "--dsn 'user=ann host=db1 port=5433 dbname=shop sslmode=require'"},
		{Sources{DSN: `host=h application_name='my app' password=sEcret`}, `--dsn 'host=h application_name='\''my app'\'''`},
	} {
		test.s.Targets, test.s.Env = targets(), services
		if got := mustResolve(t, test.s).CommandFlags(); got != test.want {
			t.Errorf("got %s\nwant %s", got, test.want)
		}
	}
	other := mustResolve(t, Sources{Host: "h", Database: "one"}).WithDatabase("two")
	if got := other.CommandFlags(); got != "-h h -d two" || other.Database() != "two" {
		t.Errorf("another database: %s, %s", got, other.Database())
	}
	for _, test := range []struct {
		s    Sources
		want string
	}{
		{Sources{}, "-U ann"},
		{Sources{Host: "h", User: "bob", Database: "one"}, "-h h -d one -U ann"},
		{Sources{User: "bob", Port: "5433"}, "-p 5433 -U ann"},
		{Sources{Host: "-U", Port: "5433"}, "-h -U -p 5433 -U ann"},
	} {
		test.s.Env = services
		if got := mustResolve(t, test.s).CommandFlagsAs("ann"); got != test.want {
			t.Errorf("as another role: got %s, want %s", got, test.want)
		}
	}
}

func TestValues(t *testing.T) {
	target := mustResolve(t, Sources{Target: "dsn", Targets: targets(), Host: "h", Env: environment("PGCONNECT_TIMEOUT=7", "PGSSLPASSWORD=sEcret")})
	got := map[string]Value{}
	for _, v := range target.Values {
		got[v.Key] = v
		if strings.Contains(v.Value, "pw") || strings.Contains(v.Value, "sEcret") {
			t.Errorf("%s shows a secret", v.Key)
		}
	}
	for _, want := range []Value{
		{"host", "h", "-h"},
		{"port", "6001", "target dsn"},
		{"dbname", "other", "target dsn"},
		{"password", "(set)", "target dsn"},
		{"sslpassword", "(set)", "PGSSLPASSWORD"},
		{"connect_timeout", "7", "PGCONNECT_TIMEOUT"},
		{"application_name", "avadb", "default"},
	} {
		if got[want.Key] != want {
			t.Errorf("got %v, want %v", got[want.Key], want)
		}
	}
	if target.Name != "dsn" || mustResolve(t, Sources{Target: "prod", Targets: targets()}).Store != "dba" {
		t.Error("name or store of the target is missing")
	}
}

func TestPassfile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pgpass")
	if err := os.WriteFile(path, []byte("h:5432:one:u:first\nh:5432:two:u:second\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	target := mustResolve(t, Sources{DSN: "host=h user=u dbname=one", Env: environment("PGPASSFILE=" + path)})
	if target.config.Password != "first" || target.WithDatabase("two").config.Password != "second" {
		t.Error("the password of the database is not taken from the passfile")
	}
	if !slices.Contains(target.Values, Value{"password", "(set)", "the password file"}) {
		t.Errorf("values %v", target.Values)
	}
}
