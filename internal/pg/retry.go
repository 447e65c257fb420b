package pg

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/sethvargo/go-retry"

	"avadb/internal/fault"
)

const (
	firstPause   = 50 * time.Millisecond
	longestPause = time.Second
	jitterPct    = 30
	refusals     = 3               // attempts at a port where nobody listens, after the first
	patience     = 5 * time.Second // for a server that answers "not yet", unless connect_timeout says otherwise
)

func backoff() retry.Backoff {
	return retry.WithJitterPercent(jitterPct, retry.WithCappedDuration(longestPause, retry.NewExponential(firstPause)))
}

// connectPatiently retries what is safe to retry and may pass: a server that is starting or full, for as long
// as connecting may take; a refused connection, only for about half a second, as it is mostly a wrong port.
func connectPatiently(ctx context.Context, t *Target, o Options) (*Conn, error) {
	limit := t.config.ConnectTimeout
	if limit == 0 {
		limit = patience
	}
	refused := 0
	return retry.DoValue(ctx, retry.WithMaxDuration(limit, backoff()), func(ctx context.Context) (*Conn, error) {
		c, err := connectOnce(ctx, t, o)
		switch {
		case err == nil:
			return c, nil
		case !retryable(err):
			return nil, err
		case isRefused(err) && len(serverErrors(err)) == 0:
			if refused++; refused > refusals {
				return nil, err
			}
		}
		o.Log.DebugContext(ctx, "connecting again", "sqlstate", sqlState(err))
		return nil, retry.RetryableError(err)
	})
}

// WaitReady connects to a server that is restarting: it goes on until the context ends, while the server is
// down, starting or full. A login that is refused ends it at once.
func WaitReady(ctx context.Context, t *Target, o Options, log *slog.Logger) (*Conn, error) {
	if log != nil {
		o.Log = log
	}
	o = o.withDefaults()
	var last error
	c, err := retry.DoValue(ctx, backoff(), func(ctx context.Context) (*Conn, error) {
		c, err := connectOnce(ctx, t, o)
		if err == nil {
			return c, nil
		}
		if ctx.Err() == nil || last == nil {
			last = err
		}
		if retryable(err) || isDown(err) {
			o.Log.DebugContext(ctx, "the server is not back yet", "sqlstate", sqlState(err))
			return nil, retry.RetryableError(err)
		}
		return nil, err
	})
	switch {
	case err == nil:
		return c, nil
	case ctx.Err() != nil:
		return nil, notBack(ctx, t, last)
	}
	return nil, describeConnect(ctx, t, err)
}

// notBack tells that the waiting ended, and what stood in the way last.
func notBack(ctx context.Context, t *Target, last error) error {
	err := contextFault(ctx, last)
	if err.Kind == fault.Timeout && last != nil {
		why := describeConnect(context.WithoutCancel(ctx), t, last)
		return fault.New(fault.Timeout, "the server is not back: %w", why).
			WithHint("look into the server's log; a longer --timeout waits longer").WithSQLState(sqlState(last))
	}
	return err
}

// retryable tells whether trying again is safe and may help: nothing of ours has run yet.
func retryable(err error) bool {
	if fault.As(err) != nil {
		return false
	}
	again := isRefused(err) || pgconn.SafeToRetry(err)
	for _, e := range serverErrors(err) {
		switch {
		case strings.HasPrefix(e.Code, "28"), e.Code == "08P01": // login refused; a protocol violation stays one
			return false
		case strings.HasPrefix(e.Code, "08"), e.Code == "57P03", e.Code == "53300":
			again = true
		}
	}
	return again
}

// isDown tells whether the server is not there, or was going down while it answered.
func isDown(err error) bool {
	for _, e := range serverErrors(err) {
		return e.Code == "57P01" || e.Code == "57P02"
	}
	return errors.Is(err, syscall.ENOENT) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || pgconn.Timeout(err)
}

// isRefused tells whether nobody listens there. Windows has a number of its own for it, which Go does not map.
func isRefused(err error) bool {
	const wsaeconnrefused = syscall.Errno(10061)
	return errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, wsaeconnrefused)
}

// serverErrors collects what servers have answered: with several hosts, addresses or TLS modes there is one
// for each attempt.
func serverErrors(err error) []*pgconn.PgError {
	switch e := err.(type) { //nolint:errorlint // the whole tree is walked here
	case nil:
		return nil
	case *pgconn.PgError:
		return []*pgconn.PgError{e}
	case interface{ Unwrap() []error }:
		var found []*pgconn.PgError
		for _, one := range e.Unwrap() {
			found = append(found, serverErrors(one)...)
		}
		return found
	case interface{ Unwrap() error }:
		return serverErrors(e.Unwrap())
	}
	return nil
}

// sqlState is the code of the first server error in a chain, empty where there is none.
func sqlState(err error) string {
	if found := serverErrors(err); len(found) > 0 {
		return found[0].Code
	}
	return ""
}
