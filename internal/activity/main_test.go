package activity

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"avadb/internal/pg"
	"avadb/internal/pgtest"
)

// shared is the PostgreSQL that the tests of this package share, one after the other.
var shared *pgtest.Server

func TestMain(m *testing.M) {
	install, err := pgtest.FindWanted()
	if err == nil {
		shared, err = pgtest.Start(context.Background(), install, pgtest.Options{Settings: map[string]string{
			"max_prepared_transactions": "5", "max_connections": "100", "deadlock_timeout": "30s",
		}})
	}
	if err != nil {
		panic(err)
	}
	defer func() { _ = shared.Close() }()
	m.Run()
}

// observe connects as avadb does.
func observe(t *testing.T) *pg.Conn {
	t.Helper()
	target, err := pg.Resolve(pg.Sources{DSN: shared.DSN("postgres"), Env: func(string) string { return "" }})
	if err != nil {
		t.Fatal(err)
	}
	conn, err := pg.Connect(t.Context(), target, pg.Options{Class: pg.Critical})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	return conn
}

// client is a session of some application.
type client struct {
	t     *testing.T
	conn  *pgconn.PgConn
	done  chan error    // of the statement that waits
	ended chan struct{} // closed when it does not any more; nil: none did
}

//nolint:contextcheck // it closes with the test's own context, which may have ended
func open(t *testing.T, application string) *client {
	t.Helper()
	config, err := pgconn.ParseConfig(shared.DSN("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	config.RuntimeParams["application_name"] = application
	conn, err := pgconn.ConnectConfig(context.WithoutCancel(t.Context()), config) // also while the test tidies up
	if err != nil {
		t.Fatal(err)
	}
	c := &client{t: t, conn: conn}
	t.Cleanup(func() { c.close() })
	return c
}

// close first ends a statement that waits: a connection is for one goroutine.
func (c *client) close() {
	if c.ended != nil {
		select {
		case <-c.ended:
		default:
			_ = c.conn.Conn().Close()
			<-c.ended
		}
	}
	ctx, stop := context.WithTimeout(context.WithoutCancel(c.t.Context()), 10*time.Second)
	defer stop()
	_ = c.conn.Close(ctx)
}

func (c *client) pid() int32 { return int32(c.conn.PID()) } //nolint:gosec // a pid fits

func (c *client) do(statements ...string) *client {
	c.t.Helper()
	for _, s := range statements {
		if _, err := c.conn.Exec(context.WithoutCancel(c.t.Context()), s).ReadAll(); err != nil {
			c.t.Fatal(s, err)
		}
	}
	return c
}

// wait runs a statement that has to wait, and returns once it does.
func (c *client) wait(observer *pg.Conn, statement string) *client {
	c.t.Helper()
	c.done, c.ended = make(chan error, 1), make(chan struct{})
	go func() {
		defer close(c.ended)
		_, err := c.conn.Exec(context.WithoutCancel(c.t.Context()), statement).ReadAll()
		c.done <- err
	}()
	until(c.t, observer, "SELECT count(*) > 0 FROM pg_locks WHERE NOT granted AND pid = "+pid(c.pid()))
	return c
}

func (c *client) finished() {
	c.t.Helper()
	select {
	case err := <-c.done:
		<-c.ended
		if err != nil {
			c.t.Error(err)
		}
	case <-time.After(time.Minute):
		c.t.Error("still waiting")
	}
}

func until(t *testing.T, conn *pg.Conn, statement string) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		var yes bool
		if err := conn.Raw().QueryRow(t.Context(), statement).Scan(&yes); err != nil || time.Now().After(deadline) {
			t.Fatal(statement, err)
		}
		if yes {
			return
		}
	}
}

func look(t *testing.T, conn *pg.Conn) *Snapshot {
	t.Helper()
	s, err := Read(t.Context(), conn)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func ends(words ...string) string { return "avadb " + strings.Join(words, " ") }
