package checks

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"strings"
	"time"

	"avadb/internal/query"
)

// connection is the group CON: the way to the server, and what this role sees from there.
func connection() []Check {
	// A quarter of a second a round trip makes a page of ten statements slow by itself.
	latency := above(250)
	// 2 s is more than hosts that run NTP differ by; from 5 s up times in two logs can no longer be compared.
	skew := between(2, 5)
	return []Check{
		{ID: "CON01", Title: "latency of a round trip", Unit: "ms", Threshold: latency, Needs: "any role", Run: latencyCheck(latency)},
		{ID: "CON02", Title: "sight of this role", Needs: "any role", Run: checkSight},
		{ID: "CON03", Title: "role of the server", Needs: "any role", Run: checkRole},
		{ID: "CON04", Title: "pooler in between", Needs: "any role", Run: checkPooler},
		{ID: "CON05", Title: "TLS of this connection", Needs: "any role", Run: checkTLS},
		{ID: "CON06", Title: "clock skew", Unit: "s", Threshold: skew, Needs: "any role", Run: skewCheck(skew)},
	}
}

// latencyCheck takes the best of three round trips: one is at the mercy of the moment.
func latencyCheck(t Threshold) func(context.Context, *Env) (Outcome, error) {
	return func(ctx context.Context, e *Env) (Outcome, error) {
		best := time.Duration(0)
		for range 3 {
			start := time.Now()
			if err := e.Conn.Alive(ctx); err != nil {
				return Outcome{}, err
			}
			if took := time.Since(start); best == 0 || took < best {
				best = took
			}
		}
		return t.measured(float64(best)/float64(time.Millisecond),
			"best of three; on the server's own host it tells a slow network from a slow server", e.command("verify --only CON01")), nil
	}
}

func checkSight(ctx context.Context, e *Env) (Outcome, error) {
	s, err := e.sees(ctx)
	if err != nil {
		return Outcome{}, err
	}
	var missing []string
	if !s.Stats {
		missing = append(missing, "pg_read_all_stats")
	}
	if !s.Settings {
		missing = append(missing, "pg_read_all_settings")
	}
	switch {
	case e.Conn.Server.Superuser:
		return fine("a superuser"), nil
	case len(missing) == 0:
		return fine("the role has pg_read_all_stats and pg_read_all_settings"), nil
	}
	return found(Warn, "only a part: the role lacks "+strings.Join(missing, " and "), "GRANT pg_monitor TO "+e.role()), nil
}

func checkRole(_ context.Context, e *Env) (Outcome, error) {
	is := "primary"
	if e.Conn.Server.InRecovery {
		is = "standby"
	}
	switch e.Expect {
	case "":
		return skipped("it is a "+is+"; nothing was expected", e.command("verify --expect "+is)), nil
	case is:
		return fine("a " + is + ", as expected"), nil
	}
	return found(Fail, "it is a "+is+", and a "+e.Expect+" was expected", e.command("config check")), nil
}

// checkPooler relies on what the connection found when it was opened: the backend key's PID against pg_backend_pid().
func checkPooler(ctx context.Context, e *Env) (Outcome, error) {
	if !e.Conn.Server.Pooler {
		return fine("connected to the server itself"), nil
	}
	return found(Warn, "a pooler answers for the server: commands that change something refuse it", e.direct(ctx, "verify")), nil
}

// direct is a command line that goes round the pooler, to the address that the server itself reports.
func (e *Env) direct(ctx context.Context, words string) string {
	s := e.Conn.Server
	host := s.Address
	if host == "local" {
		host = "localhost"
		if dirs, _, known, err := e.parameter(ctx, "unix_socket_directories"); err == nil && known {
			first, _, _ := strings.Cut(dirs.Current, ",")
			host = strings.TrimSpace(first)
		}
	}
	return fmt.Sprintf("%s -h %s -p %d", e.command(words), shellWord(host), s.Port)
}

type ownTLS struct {
	Encrypted bool `db:"encrypted"` // as the backend sees it
	Local     bool `db:"local"`     // a socket, or an address of the server's own host
	Offered   bool `db:"offered"`   // the server has ssl = on
}

func checkTLS(ctx context.Context, e *Env) (Outcome, error) {
	is, err := query.One[ownTLS](ctx, e.Conn, "checks/tls")
	if err != nil {
		return Outcome{}, err
	}
	wire := e.Conn.Raw().PgConn().Conn()
	_, encrypted := wire.(*tls.Conn)
	switch {
	case e.Conn.Server.Pooler:
		return unseen("behind a pooler its own leg to the server is not seen", e.direct(ctx, "verify --only CON05")), nil
	case is.Encrypted || encrypted:
		return fine("encrypted"), nil
	case is.Local && ownHost(wire.LocalAddr(), wire.RemoteAddr()):
		return fine("not encrypted, and not over a network"), nil
	case !is.Offered:
		return found(Warn, "not encrypted: the server has ssl = off (it needs server.crt and server.key in its data directory)",
			"ALTER SYSTEM SET ssl = on; SELECT pg_catalog.pg_reload_conf()"), nil
	}
	return found(Warn, "not encrypted, though the server offers it", "PGSSLMODE=require "+e.command("verify --only CON05")), nil
}

// ownHost tells whether a connection leaves the host as avadb sees it: to the server, a proxy on its host looks like a client there.
func ownHost(local, remote net.Addr) bool {
	switch to := remote.(type) {
	case *net.UnixAddr:
		return true
	case *net.TCPAddr:
		from, ok := local.(*net.TCPAddr)
		return to.IP.IsLoopback() || ok && from.IP.Equal(to.IP)
	}
	return false
}

func skewCheck(t Threshold) func(context.Context, *Env) (Outcome, error) {
	return func(ctx context.Context, e *Env) (Outcome, error) {
		before := e.Now()
		server, err := query.One[struct{ Now time.Time }](ctx, e.Conn, "checks/clock")
		if err != nil {
			return Outcome{}, err
		}
		by := skew(before, server.Now, e.Now())
		detail := "the clocks agree within a round trip"
		switch {
		case by > 0:
			detail = "the server's clock is ahead of this host's"
		case by < 0:
			detail = "the server's clock is behind this host's"
		}
		return t.measured(by.Abs().Seconds(), detail, "timedatectl set-ntp true"), nil
	}
}

// skew is by how much the server's clock is ahead, beyond what the round trip explains: the server looked at its clock at
// some time between before and after.
func skew(before, server, after time.Time) time.Duration {
	switch {
	case server.After(after):
		return server.Sub(after)
	case server.Before(before):
		return server.Sub(before)
	}
	return 0
}

// shellWord quotes a word for a POSIX shell where it needs it.
func shellWord(word string) string {
	const safe = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:,@%+="
	if word != "" && strings.Trim(word, safe) == "" {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
