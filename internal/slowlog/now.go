package slowlog

import (
	"context"
	"time"

	"avadb/internal/pg"
	"avadb/internal/query"
)

// Now is the server's clock, by which windows and times to keep count.
func Now(ctx context.Context, conn *pg.Conn) (time.Time, error) {
	clock, err := query.One[struct{ Now time.Time }](ctx, conn, "slowlog/now")
	return clock.Now, err
}
