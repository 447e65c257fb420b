package pg

import (
	"context"
	"net"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgconn/ctxwatch"
)

const (
	cancelTimeout = 3 * time.Second // for the server to answer a request to cancel
	cancelGrace   = 5 * time.Second // for the cancelled statement to end; then the connection is given up
)

// cancelHandler stops the server's query when a context ends. It waits until the server has answered the
// request: a process that exits earlier leaves its query running, and an old PgBouncer dies of a request
// whose sender has gone. The wait happens while the driver reads on, and the driver does not return before
// HandleCancel has.
type cancelHandler struct {
	conn   net.Conn
	cancel func(context.Context) error
}

func newCancelHandler(c *pgconn.PgConn) ctxwatch.Handler {
	return &cancelHandler{conn: c.Conn(), cancel: c.CancelRequest}
}

// HandleCancel asks the server to stop. The deadline is the way out where the answer never comes.
func (h *cancelHandler) HandleCancel(ended context.Context) {
	_ = h.conn.SetDeadline(time.Now().Add(cancelGrace))
	ctx, stop := context.WithTimeout(context.WithoutCancel(ended), cancelTimeout)
	defer stop()
	if h.cancel(ctx) != nil || ctx.Err() != nil { // the driver takes silence for an answer
		_ = h.conn.SetDeadline(time.Now())
	}
}

// HandleUnwatchAfterCancel makes the connection usable again: the query ended with SQLSTATE 57014.
func (h *cancelHandler) HandleUnwatchAfterCancel() { _ = h.conn.SetDeadline(time.Time{}) }
