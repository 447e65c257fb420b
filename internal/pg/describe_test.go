package pg

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"avadb/internal/fault"
)

func TestDescribeServerErrors(t *testing.T) {
	plain := newRole(t, "describe_role", "")
	admin(t, server, "CREATE TABLE public.locked ()")
	defer admin(t, server, "DROP TABLE public.locked")
	holder := mustConnect(t, server.DSN("postgres"), Options{})
	tx, err := holder.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), "LOCK public.locked"); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(t.Context()) }()
	for _, test := range []struct {
		name, dsn, before, sql string
		kind                   fault.Kind
		state, hint            string
	}{
		{"privilege", plain, "", "SELECT pg_reload_conf()", fault.Privilege, "42501", "superuser"},
		{"statement timeout", plain, "SET statement_timeout = 30", "SELECT pg_sleep(60)", fault.Timeout, "57014", "--timeout"},
		{"lock timeout", server.DSN("postgres"), "", "ALTER TABLE public.locked ADD COLUMN x int", fault.Failed, "55P03", "pg_blocking_pids"},
		{"syntax", plain, "", "SELEC", fault.Failed, "42601", ""},
		{"cancelled by another", plain, "", "SELECT pg_cancel_backend(pg_backend_pid()), pg_sleep(60)", fault.Failed, "57014", "pg_cancel_backend"},
		{"terminated by another", plain, "", "SELECT pg_terminate_backend(pg_backend_pid()), pg_sleep(60)", fault.Failed, "57P01", "log"},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := mustConnect(t, test.dsn, Options{LockTimeout: 50 * time.Millisecond})
			if _, err := c.Exec(t.Context(), test.before); err != nil {
				t.Fatal(err)
			}
			_, err := c.Exec(t.Context(), test.sql)
			e := wantFault(t, err, test.kind, test.state)
			if !strings.Contains(e.Hint, test.hint) {
				t.Errorf("hint %q should say %q", e.Hint, test.hint)
			}
			var answer *pgconn.PgError
			if !errors.As(err, &answer) {
				t.Error("the server's own error is lost")
			}
			rows, err := c.Query(t.Context(), "SELECT 1 FROM nosuch")
			if err == nil {
				rows.Close()
				err = rows.Err()
			}
			if fault.As(err) == nil {
				t.Errorf("error of Query without kind: %v", err)
			}
		})
	}
	if err := Describe(t.Context(), nil); err != nil {
		t.Error("nil became an error")
	}
}

func TestDescribeLogin(t *testing.T) {
	t.Parallel()
	s := otherServer(t)
	admin(t, s, "CREATE ROLE walled LOGIN PASSWORD 'right'", "CREATE ROLE barred LOGIN", "CREATE ROLE limited LOGIN CONNECTION LIMIT 0")
	hba := filepath.Join(s.DataDir, "pg_hba.conf")
	old, err := os.ReadFile(hba)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(hba, append([]byte("host all walled 127.0.0.1/32 scram-sha-256\nhost all barred 127.0.0.1/32 reject\n"), old...), 0o600); err != nil {
		t.Fatal(err)
	}
	admin(t, s, "SELECT pg_reload_conf()")
	login := func(role, database, extra string) error {
		dsn := strings.Replace(s.DSN(database), "user=postgres", "user="+role, 1) + extra
		if role != "limited" { // which is waited for
			dsn += " connect_timeout=60"
		}
		c, err := Connect(t.Context(), mustResolve(t, Sources{DSN: dsn, Env: environment("PGPASSFILE=/nope")}), Options{})
		if err == nil {
			c.Close()
		}
		return err
	}
	waitFor(t, func() bool { return login("barred", "postgres", "") != nil })
	for _, test := range []struct {
		role, database, extra string
		state, hint           string
	}{
		{"walled", "postgres", " password=sEcret", "28P01", "PGPASSWORD"},
		{"walled", "postgres", "", "28P01", "no password was found"},
		{"barred", "postgres", "", "28000", "pg_hba.conf"},
		{"nobody", "postgres", "", "28000", "-U"},
		{"postgres", "nosuchdb", "", "3D000", "-d"},
		{"limited", "postgres", "", "53300", "wait"},
	} {
		begun := time.Now()
		err := login(test.role, test.database, test.extra)
		e := wantFault(t, err, fault.Connect, test.state)
		if !strings.Contains(e.Hint, test.hint) || strings.Contains(e.Message+e.Hint, "sEcret") {
			t.Errorf("%s: message %q, hint %q should say %q", test.role, e.Message, e.Hint, test.hint)
		}
		for inner := err; inner != nil; inner = errors.Unwrap(inner) {
			noSecret(t, test.role, "sEcret", inner.Error())
		}
		if strings.HasPrefix(test.state, "28") && time.Since(begun) > 20*time.Second {
			t.Errorf("%s: a refused login took %s: it must not be tried again", test.role, time.Since(begun))
		}
	}
	if err := login("walled", "postgres", " password=right"); err != nil {
		t.Error(err)
	}
}

// An interrupt while the server's facts are read comes back as the server's own "canceling statement".
func TestInterruptedConnectIsNoFailureToConnect(t *testing.T) {
	target, err := Resolve(Sources{DSN: "host=127.0.0.1 dbname=x user=u"})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(fault.New(fault.Interrupted, "interrupted"))
	err = describeConnect(ctx, target, &pgconn.PgError{Code: "57014", Message: "canceling statement due to user request"})
	if fault.KindOf(err) != fault.Interrupted {
		t.Errorf("%v, want kind %s", err, fault.Interrupted)
	}
}

// late is a context whose deadline has passed and whose own timer fires a moment later.
type late struct {
	context.Context
	done chan struct{}
}

func (l late) Deadline() (time.Time, bool) { return time.Now().Add(-time.Millisecond), true }
func (l late) Done() <-chan struct{}       { return l.done }
func (l late) Err() error {
	select {
	case <-l.done:
		return context.DeadlineExceeded
	default:
		return nil
	}
}

// The network may notice the end of --timeout before the context does.
func TestDescribeConnectAtTheDeadline(t *testing.T) {
	target, err := Resolve(Sources{DSN: server.DSN("postgres"), Env: func(string) string { return "" }})
	if err != nil {
		t.Fatal(err)
	}
	ctx := late{t.Context(), make(chan struct{})}
	time.AfterFunc(20*time.Millisecond, func() { close(ctx.done) })
	wantFault(t, describeConnect(ctx, target, os.ErrDeadlineExceeded), fault.Timeout, "")
}
