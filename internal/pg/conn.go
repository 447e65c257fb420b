package pg

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"avadb/internal/fault"
)

// Conn is one connection with its session defaults set. Like the driver's, it is for one goroutine at a time.
type Conn struct {
	Server Server
	Target *Target // led to by every further connection: of several servers, the one that answered

	raw      *pgx.Conn
	options  Options
	defaults []parameter // behind a pooler: set for each transaction
}

// Connect opens a connection, retrying for a moment what is worth it. Its errors are of the kinds Connect,
// Prerequisite (too old, or a pooler where changes are to be made), or that of the context's end.
func Connect(ctx context.Context, t *Target, o Options) (*Conn, error) {
	o = o.withDefaults()
	c, err := connectPatiently(ctx, t, o)
	if err != nil {
		return nil, describeConnect(ctx, t, err)
	}
	return c, nil
}

// connectOnce makes one attempt, with raw errors.
func connectOnce(ctx context.Context, t *Target, o Options) (*Conn, error) {
	config := t.config.Copy()
	config.OnNotice = func(_ *pgconn.PgConn, n *pgconn.Notice) { logNotice(ctx, o, n) }
	names := resolved{}
	names.watch(config)
	raw, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return nil, err
	}
	c := &Conn{Target: t, raw: raw, options: o}
	if c.Target, err = t.pinned(raw.PgConn().Conn(), names); err != nil {
		c.Close()
		return nil, err
	}
	if err := c.prepareInTime(ctx); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// prepareInTime bounds prepare by what connecting may take.
func (c *Conn) prepareInTime(ctx context.Context) error {
	limit := c.Target.config.ConnectTimeout
	if limit == 0 {
		return c.prepare(ctx)
	}
	slow := fault.New(fault.Connect, "%s let the connection in and then did not answer within %s", c.Target.where(), limit).
		WithHint("is the server overloaded? connect_timeout in the DSN or PGCONNECT_TIMEOUT waits longer")
	bounded, stop := context.WithTimeoutCause(ctx, limit, slow)
	defer stop()
	err := c.prepare(bounded)
	if err != nil && errors.Is(context.Cause(bounded), slow) {
		return slow
	}
	return err
}

// prepare reads the server and sets the session's defaults.
func (c *Conn) prepare(ctx context.Context) error {
	session := c.raw.PgConn()
	server, err := readServer(ctx, session)
	if err != nil {
		return err
	}
	c.Server = server
	c.defaults = sessionDefaults(server, c.options, session.ParameterStatus("client_encoding"), session.ParameterStatus("server_encoding"))
	if !server.Pooler {
		return applyDefaults(ctx, session, c.defaults)
	}
	if c.options.Changes {
		return fault.New(fault.Prerequisite, "a connection pooler stands between avadb and the server: locks would outlive the command, and settings would reach other clients").
			WithHint("connect to the server itself, with its own -h and -p")
	}
	return nil
}

func logNotice(ctx context.Context, o Options, n *pgconn.Notice) {
	if n.SeverityUnlocalized == "WARNING" {
		o.Log.WarnContext(ctx, n.Message, "sqlstate", n.Code)
		return
	}
	o.Log.DebugContext(ctx, n.Message, "severity", strings.ToLower(n.SeverityUnlocalized))
}

// Reconnect opens the connection anew with the same target and options and reads the server again: after a
// restart.
func (c *Conn) Reconnect(ctx context.Context) error {
	c.Close()
	fresh, err := Connect(ctx, c.Target, c.options)
	if err != nil {
		return err
	}
	*c = *fresh
	return nil
}

// Close ends the connection; the server is told where it still listens.
//
//nolint:contextcheck // it must also work when the command's context has ended
func (c *Conn) Close() {
	ctx, stop := context.WithTimeout(context.Background(), time.Second)
	defer stop()
	_ = c.raw.Close(ctx)
}

// PID is the server process of this connection; behind a pooler it is the pooler's word.
func (c *Conn) PID() uint32 { return c.raw.PgConn().PID() }

// Raw is the driver's connection, for what this package does not offer.
func (c *Conn) Raw() *pgx.Conn { return c.raw }

// Alive makes one round trip to the server.
func (c *Conn) Alive(ctx context.Context) error {
	_, err := c.raw.PgConn().Exec(ctx, aliveProbe).ReadAll()
	return Describe(ctx, err)
}
