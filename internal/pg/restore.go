package pg

import (
	"context"
	"slices"

	"github.com/sethvargo/go-retry"
)

// Lost tells that one of several connections is gone.
func Lost(conns []*Conn) bool {
	return slices.ContainsFunc(conns, func(c *Conn) bool { return c.raw.IsClosed() })
}

// Restore connects those again that are gone, however long that takes. Each new reason why it cannot goes to waiting. The error is the
// context's.
func Restore(ctx context.Context, conns []*Conn, waiting func(error)) error {
	told := ""
	err := retry.Do(ctx, backoff(), func(ctx context.Context) error {
		err := reconnect(ctx, conns)
		if err == nil {
			return nil
		}
		if reason := err.Error(); reason != told && ctx.Err() == nil {
			told = reason
			waiting(err)
		}
		return retry.RetryableError(err)
	})
	if err != nil {
		return Describe(ctx, ctx.Err())
	}
	return nil
}

func reconnect(ctx context.Context, conns []*Conn) error {
	for _, c := range conns {
		if !c.raw.IsClosed() {
			continue
		}
		if err := c.Reconnect(ctx); err != nil {
			return err
		}
	}
	return nil
}
