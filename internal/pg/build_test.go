package pg

import (
	"crypto/tls"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestAddressOfAHost(t *testing.T) {
	target := mustResolve(t, Sources{DSN: "host=db1.example,db2.example hostaddr=10.0.0.1,10.0.0.2 user=u sslmode=verify-full"})
	for host, want := range map[string]string{"db1.example": "10.0.0.1", "db2.example": "10.0.0.2"} {
		if got, err := target.config.LookupFunc(t.Context(), host); err != nil || !slices.Equal(got, []string{want}) {
			t.Errorf("%s is looked up as %v, %v", host, got, err)
		}
	}
	if target.config.TLSConfig.ServerName != "db1.example" {
		t.Errorf("the certificate is checked against %q", target.config.TLSConfig.ServerName)
	}
	c := mustConnect(t, strings.Replace(server.DSN("postgres"), "host=127.0.0.1", "host=no.such.invalid hostaddr=127.0.0.1", 1), Options{})
	if c.Server.Address != "127.0.0.1" {
		t.Errorf("connected to %s", c.Server.Address)
	}
	if over := mustResolve(t, Sources{DSN: "host=/tmp hostaddr=10.0.0.1 user=u"}); over.Host() != "10.0.0.1" {
		t.Errorf("an address over a socket: %s", over.Host())
	}
	if other := mustResolve(t, Sources{DSN: "host=a hostaddr=10.0.0.1 user=u", Host: "b"}); other.settings.get("hostaddr") != "" {
		t.Error("the address of another host stays")
	}
}

func TestLoadBalancing(t *testing.T) {
	seen := map[string]bool{}
	for range 200 {
		target := mustResolve(t, Sources{DSN: "host=a,b,c port=1,2,3 user=u load_balance_hosts=random"})
		if want := map[string]int{"a": 1, "b": 2, "c": 3}[target.Host()]; target.Port() != want {
			t.Fatalf("host %s got port %d", target.Host(), target.Port())
		}
		seen[target.Host()] = true
	}
	if len(seen) != 3 {
		t.Errorf("only %v came first", seen)
	}
}

func TestKeepalives(t *testing.T) {
	d := mustResolve(t, Sources{DSN: "host=h keepalives_idle=7 keepalives_interval=3 keepalives_count=2"}).settings.dialer(time.Second)
	if k := d.KeepAliveConfig; !k.Enable || k.Idle != 7*time.Second || k.Interval != 3*time.Second || k.Count != 2 {
		t.Errorf("%+v", k)
	}
	if d := mustResolve(t, Sources{DSN: "host=h keepalives=0"}).settings.dialer(time.Second); d.KeepAlive >= 0 || d.KeepAliveConfig.Enable {
		t.Errorf("%+v", d)
	}
}

func TestTLSVersions(t *testing.T) {
	c := mustResolve(t, Sources{DSN: "host=h sslmode=prefer ssl_min_protocol_version=TLSv1.3"}).config
	if c.TLSConfig.MinVersion != tls.VersionTLS13 || len(c.Fallbacks) != 1 || c.Fallbacks[0].TLSConfig != nil {
		t.Errorf("at least %x, %d fallbacks", c.TLSConfig.MinVersion, len(c.Fallbacks))
	}
	c = mustResolve(t, Sources{DSN: "host=h ssl_min_protocol_version=TLSv1", Env: environment("PGSSLMAXPROTOCOLVERSION=TLSv1.2")}).config
	if c.TLSConfig.MinVersion != tls.VersionTLS12 || c.TLSConfig.MaxVersion != tls.VersionTLS12 {
		t.Errorf("from %x to %x", c.TLSConfig.MinVersion, c.TLSConfig.MaxVersion)
	}
}
