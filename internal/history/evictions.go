package history

import (
	"context"

	"avadb/internal/query"
)

// Evictions is how often entries were evicted in a window; nil where it holds no snapshot.
func (s *Store) Evictions(ctx context.Context, server *Server, span Span) (*int64, error) {
	row, err := query.One[struct{ Evictions *int64 }](ctx, s.Conn, "history/window_evictions", server.ID, span.From, span.To)
	return row.Evictions, err
}
