package pg

import (
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"testing"
)

// TestPinned: whatever a list of hosts leads to at first, everything after it reaches the same server.
func TestPinned(t *testing.T) {
	t.Parallel()
	other := otherServer(t)
	two := func(hosts, ports, rest string) string {
		return fmt.Sprintf("host=%s port=%s user=postgres dbname=postgres %s", hosts, ports, rest)
	}
	both := fmt.Sprintf("%d,%d", server.Port, other.Port)
	for name, dsn := range map[string]string{
		"balanced":          two("127.0.0.1,127.0.0.1", both, "load_balance_hosts=random"),
		"balanced names":    two("localhost,127.0.0.1", both, "load_balance_hosts=random target_session_attrs=read-write"),
		"balanced address":  two("a.invalid,b.invalid", both, "hostaddr=127.0.0.1,127.0.0.1 load_balance_hosts=random"),
		"a dead port first": two("127.0.0.1,127.0.0.1", "1,"+strconv.Itoa(other.Port), ""),
		"socket or address": two(socketFolder(t, server.SocketDSN(""))+",127.0.0.1", both, "load_balance_hosts=random"),
	} {
		t.Run(name, func(t *testing.T) {
			pinnedTo(t, mustConnect(t, dsn, Options{}), dsn)
		})
	}
}

func pinnedTo(t *testing.T, c *Conn, dsn string) {
	t.Helper()
	if flags := mustResolve(t, Sources{DSN: dsn}).CommandFlags(); c.Target.CommandFlags() != flags {
		t.Errorf("the flags became %s, not %s", c.Target.CommandFlags(), flags)
	}
	if c.Target.Port() != c.Server.Port || len(c.Target.places()) != 1 {
		t.Errorf("connected to port %d, the target leads to %v", c.Server.Port, c.Target.places())
	}
	for range 20 {
		next, err := Connect(t.Context(), c.Target.WithDatabase("template1"), Options{})
		if err != nil {
			t.Fatal(err)
		}
		if next.Server.Port != c.Server.Port || next.Server.Database != "template1" {
			t.Errorf("another database is %s on port %d, not on %d", next.Server.Database, next.Server.Port, c.Server.Port)
		}
		next.Close()
	}
	port := c.Server.Port
	if err := c.Reconnect(t.Context()); err != nil || c.Server.Port != port {
		t.Errorf("Reconnect went to port %d, not %d: %v", c.Server.Port, port, err)
	}
	ready, err := WaitReady(t.Context(), c.Target, Options{}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer ready.Close()
	if ready.Server.Port != port {
		t.Errorf("WaitReady went to port %d, not %d", ready.Server.Port, port)
	}
}

// TestOnePlaceIsNotPinned: a name may lead elsewhere after a restart, where it leads to one address at a time.
func TestOnePlaceIsNotPinned(t *testing.T) {
	for _, dsn := range []string{server.DSN("postgres"), server.SocketDSN("postgres")} {
		c := mustConnect(t, dsn, Options{})
		for _, v := range c.Target.Values {
			if strings.Contains(v.From, "answered") {
				t.Errorf("%s is pinned to %s", v.Key, v.Value)
			}
		}
	}
}

// TestPinnedKeepsThePassword: the password file is read for the first host of a list, which need not be the one that answers.
func TestPinnedKeepsThePassword(t *testing.T) {
	target := mustResolve(t, Sources{DSN: fmt.Sprintf("host=127.0.0.1,127.0.0.1 port=1,%d user=postgres dbname=postgres password=sEcret sslmode=disable", server.Port)})
	c, err := Connect(t.Context(), target, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	delete(target.settings, "password") // as if it had come from the file
	again, err := target.pinned(c.Raw().PgConn().Conn(), resolved{"127.0.0.1": {"127.0.0.1"}})
	if err != nil {
		t.Fatal(err)
	}
	if again.config.Password != "sEcret" || again.Port() != server.Port {
		t.Errorf("the password is %q on port %d", again.config.Password, again.Port())
	}
}

func socketFolder(t *testing.T, dsn string) string {
	t.Helper()
	options, err := parseDSN(dsn)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range options {
		if o.key == "host" {
			return o.value
		}
	}
	t.Fatalf("no host in %s", dsn)
	return ""
}
