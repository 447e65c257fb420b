package pg

import (
	"context"
	"errors"
	"net"
	"sync/atomic"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// errNothingRuns is of a cancel that nobody needs.
var errNothingRuns = errors.New("nothing runs that could be cancelled")

// dialOnce keeps an attempt to connect that fails from dialling twice. The driver asks the server to cancel what runs on a connection that
// breaks, also where it breaks before anything could run: behind a load balancer whose server is down that doubles what its clients do to it.
func dialOnce(config *pgx.ConnConfig) {
	var established atomic.Bool
	dial, after := config.DialFunc, config.AfterConnect
	config.DialFunc = func(ctx context.Context, network, address string) (net.Conn, error) {
		if _, connecting := ctx.Value(connectBegan{}).(int); !connecting && !established.Load() {
			return nil, errNothingRuns
		}
		return dial(ctx, network, address)
	}
	config.AfterConnect = func(ctx context.Context, c *pgconn.PgConn) error {
		established.Store(true)
		if after != nil {
			return after(ctx, c)
		}
		return nil
	}
}
