package pg

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"syscall"

	"github.com/jackc/pgx/v5/pgconn"

	"avadb/internal/fault"
)

// Describe turns an error of the driver into a *fault.Error with a kind, the SQLSTATE and a next step; nil
// stays nil, and what has a kind already stays as it is. Where the context has ended and the error is its
// consequence, the context's cause decides: a *fault.Error given to context.WithCancelCause comes back.
func Describe(ctx context.Context, err error) error {
	switch {
	case err == nil:
		return nil
	case fault.As(err) != nil:
		return err
	case ctx.Err() != nil && endedBy(err):
		return contextFault(ctx, err)
	}
	if found := serverErrors(err); len(found) > 0 {
		return describeServer(found[0], err)
	}
	if lost(err) {
		return fault.New(fault.Failed, "the connection to the server was lost: %w", short(err)).
			WithHint("look into the server's log for the reason, then run the command again")
	}
	return fault.New(fault.Failed, "%w", err)
}

// endedBy tells whether an error is what the end of a context looks like from below.
func endedBy(err error) bool {
	switch sqlState(err) {
	case "57014":
		return true
	case "":
		return true // the deadline cut the connection, or nothing was sent at all
	}
	return false
}

// contextFault says why a context ended.
func contextFault(ctx context.Context, err error) *fault.Error {
	if cause := fault.As(context.Cause(ctx)); cause != nil {
		again := *cause
		again.SQLState, again.Err = sqlState(err), errors.Join(cause, err)
		return &again
	}
	kind, what := fault.Interrupted, "interrupted"
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		kind, what = fault.Timeout, "the time for this command is over"
	}
	e := fault.New(kind, "%s", what).WithSQLState(sqlState(err))
	e.Err = err
	if kind == fault.Timeout {
		e.Hint = "give it longer with --timeout"
	}
	return e
}

// lost tells whether the connection is gone.
func lost(err error) bool {
	var network net.Error
	return errors.Is(err, pgconn.ErrConnClosed) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, net.ErrClosed) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) || errors.As(err, &network)
}

// brief is an error under a shorter text.
type brief struct {
	text string
	err  error
}

func (b *brief) Error() string { return b.text }
func (b *brief) Unwrap() error { return b.err }

// short keeps of an error what a user can use: the innermost reason.
func short(err error) error {
	text := err.Error()
	var system syscall.Errno
	switch {
	case errors.As(err, &system):
		text = system.Error()
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		text = "it was closed from the other side"
	case errors.Is(err, pgconn.ErrConnClosed), errors.Is(err, net.ErrClosed):
		text = "it was closed before"
	}
	return &brief{text, err}
}

// describeServer gives an answer of the server its kind and next step.
func describeServer(e *pgconn.PgError, err error) *fault.Error {
	kind, hint := serverKind(e)
	message := e.Message
	if e.Detail != "" {
		message += " (" + e.Detail + ")"
	}
	if hint == "" {
		hint = e.Hint
	}
	f := fault.New(kind, "%w", &brief{message, err}).WithSQLState(e.Code)
	f.Hint = hint
	return f
}

func serverKind(e *pgconn.PgError) (kind fault.Kind, hint string) {
	switch {
	case strings.HasPrefix(e.Code, "28"):
		return fault.Connect, loginHint(e)
	case e.Code == "08P01" && strings.Contains(e.Message, "startup parameter"):
		return fault.Connect, "a pooler does not take PGOPTIONS or options: unset it, or connect to the server itself"
	case strings.HasPrefix(e.Code, "08"):
		return fault.Connect, ""
	}
	switch e.Code {
	case "55000":
		if e.Routine == "CheckMyDatabase" {
			return fault.Connect, "ALTER DATABASE ... ALLOW_CONNECTIONS true opens it; templates are mostly closed on purpose"
		}
	case "3D000":
		return fault.Connect, "give an existing database with -d; `psql -l` lists them"
	case "57P03":
		return fault.Connect, "the server is starting, stopping or recovering: try again in a moment"
	case "53300":
		return fault.Connect, "wait for a free connection, end idle ones, or connect as a role that may use the reserved ones"
	case "42501":
		return fault.Privilege, cmp.Or(e.Hint, "run it as a superuser, or have the privilege granted to this role")
	case "57014":
		return timeoutKind(e)
	case "55P03":
		return fault.Failed, "another session holds the lock: pg_blocking_pids() names it; try again when it is done"
	case "25006":
		return fault.Failed, standbyHint
	case "57P01", "57P02", "57P05":
		return fault.Failed, "the server ended the connection: look into its log, then run the command again"
	}
	return fault.Failed, ""
}

const standbyHint = "this is a standby or a read-only session: connect to the primary"

// timeoutKind tells apart who has ended a statement: the text is the server's, and may be translated.
func timeoutKind(e *pgconn.PgError) (kind fault.Kind, hint string) {
	if strings.Contains(e.Routine, "ProcessInterrupts") && strings.Contains(e.Message, "user request") {
		return fault.Failed, "somebody has cancelled the statement, perhaps with pg_cancel_backend()"
	}
	return fault.Timeout, "statement_timeout of this command's class has ended it: PGOPTIONS='-c statement_timeout=10min' allows longer; --timeout bounds the whole command"
}

func loginHint(e *pgconn.PgError) string {
	switch {
	case e.Code == "28P01":
		return "put the password into ~/.pgpass (host:port:database:user:password, mode 0600) or PGPASSWORD"
	case strings.Contains(e.Message, "pg_hba.conf"):
		return "add a line for this role, database and address to pg_hba.conf, then reload the server"
	case strings.Contains(e.Message, "does not exist"):
		return "give an existing role with -U"
	}
	return "the role of the operating system and the one asked for must fit: try -U, or -h localhost with a password"
}
