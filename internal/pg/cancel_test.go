package pg

import (
	"context"
	"testing"
	"time"

	"avadb/internal/fault"
)

// running counts the queries with a mark that the server is working on: asleep, since one is active while it is parsed, too.
func running(t *testing.T, mark string) string {
	t.Helper()
	c := mustConnect(t, server.DSN("postgres"), Options{})
	defer c.Close()
	return show(t, c, "SELECT count(*)::text FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND pid <> pg_backend_pid() AND query LIKE '%' || $1::text || '%'", mark)
}

// sleeper is a statement that sleeps, parsed by the server already: what ends it while it is parsed is told otherwise than what ends
// its execution.
func sleeper(t *testing.T, c *Conn, mark string) string {
	t.Helper()
	statement := "SELECT /*long/" + mark + "*/ pg_sleep($1)"
	if _, err := c.Exec(t.Context(), statement, 0); err != nil {
		t.Fatal(err)
	}
	return statement
}

// inBackground runs something that blocks; its error comes through the channel.
func inBackground(work func() error) <-chan error {
	ended := make(chan error, 1)
	go func() { ended <- work() }()
	return ended
}

// TestCancelStopsTheQuery: when the call returns, the server works on it no more, and the connection is as good
// as before.
func TestCancelStopsTheQuery(t *testing.T) {
	interrupted := fault.New(fault.Interrupted, "interrupted by ^C")
	for name, dsn := range map[string]string{"tcp": server.DSN("postgres"), "socket": server.SocketDSN("postgres")} {
		t.Run(name, func(t *testing.T) {
			c := mustConnect(t, dsn, Options{})
			ctx, cancel := context.WithCancelCause(t.Context())
			ended := inBackground(func() error {
				_, err := c.Exec(ctx, "SELECT /*long/"+name+"*/ pg_sleep(60)")
				return err
			})
			waitFor(t, func() bool { return running(t, "long/"+name) == "1" })
			cancel(interrupted)
			err := <-ended
			if e := wantFault(t, err, fault.Interrupted, "57014"); e.Message != "interrupted by ^C" {
				t.Errorf("message %q", e.Message)
			}
			if n := running(t, "long/"+name); n != "0" {
				t.Errorf("%s queries are still running", n)
			}
			if err := c.Alive(t.Context()); err != nil {
				t.Errorf("the connection did not survive: %v", err)
			}
		})
	}
}

func TestTimeoutStopsTheQuery(t *testing.T) {
	c := mustConnect(t, server.DSN("postgres"), Options{})
	statement := sleeper(t, c, "timeout")
	limit := fault.New(fault.Timeout, "not done within 500ms (--timeout)")
	ctx, stop := context.WithTimeoutCause(t.Context(), 500*time.Millisecond, limit)
	defer stop()
	rows, err := c.Query(ctx, statement, 60)
	if err == nil {
		for rows.Next() {
			t.Error("a row of a query that sleeps")
		}
		err = rows.Err()
	}
	if e := wantFault(t, err, fault.Timeout, "57014"); e.Message != limit.Message {
		t.Errorf("message %q", e.Message)
	}
	if n := running(t, "long/timeout"); n != "0" {
		t.Errorf("%s queries are still running", n)
	}
	for range 20 { // a cancel request that comes late would hit one of these
		if err := c.Alive(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

func TestEndedContextWithoutCause(t *testing.T) {
	c := mustConnect(t, server.DSN("postgres"), Options{})
	statement := sleeper(t, c, "ended")
	ctx, stop := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer stop()
	_, err := c.Exec(ctx, statement, 60)
	wantFault(t, err, fault.Timeout, "57014")
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = c.Exec(ended, "SELECT 1")
	wantFault(t, err, fault.Interrupted, "")
	_, err = Connect(ended, c.Target, Options{})
	wantFault(t, err, fault.Interrupted, "")
}
