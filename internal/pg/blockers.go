package pg

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"avadb/internal/fault"
)

// blockedAfter is how long a statement may take before somebody looks who blocks it: well below the lock_timeout, and longer
// than nearly every statement of ours.
const blockedAfter = 2 * time.Second

// blockedQuery names who keeps a backend waiting. Without pg_monitor the state of others is hidden.
const blockedQuery = pinPath + `SELECT /*avadb:pg/blockers*/ a.pid, COALESCE(NULLIF(a.application_name, ''), 'a session'),
  COALESCE(a.usename::text, ''), COALESCE(a.state, ''), COALESCE(EXTRACT(epoch FROM pg_catalog.now() - a.state_change)::bigint, 0)
FROM pg_catalog.pg_stat_activity a WHERE a.pid = ANY (pg_catalog.pg_blocking_pids(%d)) ORDER BY a.backend_start`

// blockWatch finds out who blocks a statement while it still waits: after the lock_timeout nobody can tell.
type blockWatch struct {
	timer *time.Timer
	stop  context.CancelFunc
	said  chan string
}

// watchBlockers begins to watch the statement that this connection is about to run. Behind a pooler there is no telling which
// backend runs it.
func (c *Conn) watchBlockers(ctx context.Context) *blockWatch {
	if c.Server.Pooler {
		return nil
	}
	look, stop := context.WithCancel(ctx)
	w := &blockWatch{stop: stop, said: make(chan string, 1)}
	target, pid := c.Target, c.PID()
	w.timer = time.AfterFunc(blockedAfter, func() { w.said <- findBlockers(look, target, pid) })
	return w
}

// end ends the watch, and adds to the error of a lock_timeout who has held the lock.
func (w *blockWatch) end(err error) error {
	if w == nil {
		return err
	}
	defer w.stop()
	f := fault.As(err)
	if w.timer.Stop() || f == nil || f.SQLState != "55P03" {
		return err
	}
	select {
	case who := <-w.said:
		if who != "" {
			named := *f
			named.Hint = who
			return &named
		}
	case <-time.After(time.Second):
	}
	return err
}

// findBlockers asks on a connection of its own; empty where that does not work.
func findBlockers(ctx context.Context, t *Target, pid uint32) string {
	bounded, cancel := context.WithTimeout(ctx, blockedAfter)
	defer cancel()
	conn, err := pgconn.ConnectConfig(bounded, &t.config.Copy().Config)
	if err != nil {
		return ""
	}
	defer func() { _ = conn.Close(bounded) }() // it held nothing
	results, err := conn.Exec(bounded, fmt.Sprintf(blockedQuery, pid)).ReadAll()
	if err != nil || len(results) == 0 || len(results[len(results)-1].Rows) == 0 {
		return ""
	}
	rows := results[len(results)-1].Rows
	text := func(column int) string { return string(rows[0][column]) }
	who := "backend pid " + text(0) + ", " + text(1) + " of " + text(2)
	if seconds, err := strconv.Atoi(text(4)); err == nil && text(3) != "" {
		who += ", " + text(3) + " for " + (time.Duration(seconds) * time.Second).String()
	}
	if len(rows) > 1 {
		who += fmt.Sprintf(" (and %d more)", len(rows)-1)
	}
	return who + " holds the lock: wait for its end and try again, or end it with SELECT pg_terminate_backend(" + text(0) + ")"
}
