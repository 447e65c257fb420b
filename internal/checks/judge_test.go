package checks

import (
	"net"
	"strings"
	"testing"
	"time"

	"avadb/internal/settings"
	"avadb/internal/slowlog"
)

func seconds(s float64) *float64 { return &s }

// expect compares an outcome's status and a part of what it says. All but OK end in a command.
func expect(t *testing.T, name string, o Outcome, want Status, says string) {
	t.Helper()
	if o.Status != want || !strings.Contains(o.Detail+" -> "+o.Fix, says) {
		t.Errorf("%s: %+v, want %s with %q", name, o, want, says)
	}
	if (o.Fix == "") != (o.Status == OK) {
		t.Errorf("%s: %s with the fix %q", name, o.Status, o.Fix)
	}
}

func TestStandbys(t *testing.T) {
	lag := between(60, 300)
	for _, c := range []struct {
		name     string
		standbys []standby
		want     Status
		says     string
	}{
		{"none", nil, Skip, "no standby"},
		{"caught up", []standby{{"a", "streaming", true, nil, 0}}, OK, `"a"`},
		{"a little", []standby{{"a", "streaming", true, seconds(60), 0}}, OK, `"a"`},
		{"the worst counts", []standby{{"a", "streaming", true, seconds(1), 9}, {"b", "catchup", true, seconds(61), 8}}, Warn, `"b" (catchup)`},
		{"far behind", []standby{{"a", "streaming", true, seconds(301), 1 << 30}, {"b", "streaming", true, nil, 0}}, Fail, "1.0 GB"},
		{"replay stands still and nothing is measured", []standby{{"a", "streaming", true, seconds(2), 9}, {"b", "streaming", true, nil, 64<<20 + 1}}, Warn, `"b" (streaming), 64.0 MB of WAL behind, and no lag is measured`},
		{"on its way", []standby{{"a", "streaming", true, nil, 64 << 20}}, OK, "64.0 MB"},
		{"catching up", []standby{{"a", "catchup", true, nil, 1 << 30}}, Warn, `"a" (catchup), 1.0 GB of WAL behind`},
		{"no standby but pg_receivewal", []standby{{"pg_receivewal", "streaming", false, nil, 0}}, Skip, `no standby is attached; takes WAL and reports no replaying: "pg_receivewal" (streaming)`},
		{"pg_receivewal beside a standby", []standby{{"a", "streaming", true, nil, 0}, {"r", "streaming", false, nil, 0}}, OK, `1 attached; the last: "a" (streaming), 0 B of WAL behind; takes WAL`},
		{"bytes decide between equals", []standby{{"a", "streaming", true, nil, 1}, {"b", "streaming", true, nil, 2}}, OK, `"b"`},
	} {
		expect(t, c.name, judgeStandbys(lag, c.standbys, "avadb verify --skip REP01"), c.want, c.says)
	}
}

func TestReplay(t *testing.T) {
	lag := between(60, 300)
	for _, c := range []struct {
		name string
		is   replay
		want Status
		says string
	}{
		{"an idle primary is no lag", replay{CaughtUp: true, Receiving: true, Seconds: seconds(86400)}, OK, "replayed"},
		{"paused with nothing to replay", replay{CaughtUp: true, Receiving: true, Paused: true, Seconds: seconds(9)}, OK, ""},
		{"behind", replay{Receiving: true, Seconds: seconds(61)}, Warn, "pg_stat_wal_receiver"},
		{"paused", replay{Receiving: true, Paused: true, Seconds: seconds(301)}, Fail, "pg_wal_replay_resume"},
		{"nothing replayed yet", replay{Receiving: true}, Skip, "not known"},
		{"hears nothing", replay{CaughtUp: true, Seconds: seconds(1)}, Warn, "no WAL receiver"},
		{"hears nothing for long", replay{CaughtUp: true, Seconds: seconds(400)}, Fail, "no WAL receiver"},
		{"from an archive", replay{CaughtUp: true, Archive: true, Seconds: seconds(30)}, OK, "newest replayed"},
		{"from an archive, late", replay{CaughtUp: true, Archive: true, Seconds: seconds(90)}, Warn, "newest replayed"},
	} {
		expect(t, c.name, judgeReplay(lag, c.is, "avadb config check"), c.want, c.says)
	}
}

func TestSlots(t *testing.T) {
	expect(t, "none", judgeSlots(nil), OK, "none")
	expect(t, "in use", judgeSlots([]slot{{Name: "a", Active: true}}), OK, "1, all in use")
	expect(t, "inactive", judgeSlots([]slot{{Name: "a", Active: true}, {Name: "b", KeptBytes: 1 << 24}}), Warn, `"b" is inactive and keeps 16.0 MB of WAL -> SELECT slot_name`)
	expect(t, "lost goes before inactive", judgeSlots([]slot{{Name: "b"}, {Name: "a", Active: true, Lost: true}}), Fail, `"a" has lost WAL`)
	// What is merely inactive may come back: a fix that is piped into psql must not drop it.
	both := judgeSlots([]slot{{Name: "b"}, {Name: "a", Lost: true}})
	expect(t, "only the lost one is dropped", both, Fail, `pg_drop_replication_slot('a'); SELECT slot_name`)
	if strings.Contains(both.Fix, "'b'") {
		t.Errorf("an inactive slot is dropped: %s", both.Fix)
	}
}

func TestOldestPrepared(t *testing.T) {
	gid := "o'dd"
	o := judgeOldest(between(300, 3600), oldest{GID: &gid, User: "app", Database: "shop", State: "prepared", Seconds: 301, Count: 2}, "pg_catalog.pg_cancel_backend")
	expect(t, "prepared", o, Warn, "-> ROLLBACK PREPARED 'o''dd'")
	expect(t, "both ways are shown", o, Warn, "COMMIT PREPARED where")
}

func TestArchiver(t *testing.T) {
	at := time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name    string
		is      archiver
		standby bool
		want    Status
		says    string
	}{
		{"off", archiver{Mode: "off"}, false, Skip, "off"},
		{"a standby does not archive", archiver{Mode: "on", Command: true, NewestBad: true}, true, Skip, "always"},
		{"a standby that does", archiver{Mode: "always", Command: true, Archived: "0A"}, true, OK, "0A"},
		{"nothing to archive with", archiver{Mode: "on"}, false, Warn, "piles up"},
		{"failed", archiver{Mode: "on", Command: true, Archived: "0A", Failed: "0B", FailedAt: &at, FailedCount: 3, NewestBad: true}, false, Warn, "0B at 2026-01-31T12:00:00Z, 3 failures"},
		{"recovered", archiver{Mode: "on", Command: true, Archived: "0B", Failed: "0B", FailedAt: &at}, false, OK, "newest: 0B"},
		{"nothing yet", archiver{Mode: "on", Command: true}, false, OK, "nothing"},
	} {
		expect(t, c.name, judgeArchiver(c.is, c.standby, "avadb verify --skip ARC01"), c.want, c.says)
	}
}

func TestWriters(t *testing.T) {
	grant := `GRANT USAGE ON SCHEMA "public" TO "app"`
	expect(t, "all can", judgeWriters(above(0), "slow_query_log", []slowlog.Writer{{Role: "owner", Ready: true}}), OK, "can")
	expect(t, "one cannot", judgeWriters(above(0), "slow_query_log", []slowlog.Writer{{Role: "owner", Ready: true}, {Role: "app", Missing: &grant}}), Warn, "cannot: app -> "+grant)
}

func TestConnectionUse(t *testing.T) {
	for _, c := range []struct {
		use  connectionUse
		want float64
	}{
		{connectionUse{Used: 17, Max: 20, Reserved: 3}, 100},
		{connectionUse{Used: 1, Max: 105, Reserved: 5}, 1},
		{connectionUse{Used: 2, Max: 3, Reserved: 3}, 200}, // nothing is left to an ordinary role
	} {
		if got := c.use.percent(); got != c.want {
			t.Errorf("%+v: %v, want %v", c.use, got, c.want)
		}
	}
}

func TestUnboundedRoles(t *testing.T) {
	rows := []ownTimeout{
		{Role: "a", Value: "30s"},
		{Role: "a", Value: "1min"},
		{Role: "b"},
		{Role: "b", Value: "1s"},
		{Role: "c", Value: "0ms"},
		{Role: "d", Value: "5"},
		{Role: "e", Database: "shop", Value: "0"},
		{Role: "e"},
	}
	for _, c := range []struct {
		name          string
		serverHasNone bool
		want          string
	}{
		{"an empty value is the server's, which has none", true, `ROLE "b"; ROLE "c"; ROLE "e" IN DATABASE "shop"; ROLE "e"`},
		{"an explicit 0 takes the server's away", false, `ROLE "c"; ROLE "e" IN DATABASE "shop"`},
	} {
		if got := strings.Join(unbounded(rows, c.serverHasNone), "; "); got != c.want {
			t.Errorf("%s: %s", c.name, got)
		}
	}
	if got := setTimeouts([]string{`ROLE "o""dd"`, "2", "3", "4", "5", "6"}); strings.Count(got, ";") != 4 || !strings.HasPrefix(got, `ALTER ROLE "o""dd" SET statement_timeout = '30s'; `) {
		t.Errorf("%q", got)
	}
}

func TestOwnHost(t *testing.T) {
	tcp := func(ip string) net.Addr { return &net.TCPAddr{IP: net.ParseIP(ip), Port: 5432} }
	for _, c := range []struct {
		name          string
		local, remote net.Addr
		want          bool
	}{
		{"a socket", &net.UnixAddr{}, &net.UnixAddr{Name: "/tmp/.s.PGSQL.5432", Net: "unix"}, true},
		{"loopback", tcp("127.0.0.1"), tcp("127.0.0.1"), true},
		{"loopback of IPv6", tcp("::1"), tcp("::1"), true},
		{"an address of this very host", tcp("192.0.2.5"), tcp("192.0.2.5"), true},
		{"another host, whose proxy the server takes for the client", tcp("192.0.2.5"), tcp("192.0.2.9"), false},
		{"nothing known", nil, nil, false},
	} {
		if got := ownHost(c.local, c.remote); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

func TestWithUnit(t *testing.T) {
	for _, c := range []struct{ value, unit, want string }{
		{"90000", "ms", "90000ms"}, {"90s", "ms", "90s"}, {"9216", "kB", "9MB"}, {"16384", "8kB", "128MB"}, {"9MB", "kB", "9MB"}, {"4", "", "4"}, {"on", "", "on"},
	} {
		if got := withUnit(c.value, settings.Parameter{Unit: c.unit}); got != c.want {
			t.Errorf("%s of %s: %s, want %s", c.value, c.unit, got, c.want)
		}
	}
}
