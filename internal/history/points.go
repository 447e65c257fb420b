package history

import (
	"context"
	"time"

	"avadb/internal/fingerprint"
	"avadb/internal/query"
)

// Point is what a signature's statements counted in one step of a window. Times are milliseconds.
type Point struct {
	From    time.Time `json:"from"`     // begin of the step: the snapshot before its first, where it has one
	To      time.Time `json:"to"`       // its end: its last snapshot, where it has one
	Calls   *int64    `json:"calls"`    // finished executions; null where no snapshot was taken in the step
	TotalMS *float64  `json:"total_ms"` // of execution; likewise
	MeanMS  *float64  `json:"mean_ms"`  // of execution, a call; null where there was none
	MaxMS   *float64  `json:"max_ms"`   // the longest; null where it is not known
}

// Known is what the history holds of a signature in one database and of one role.
type Known struct {
	Database, User *string // nil where it was dropped
	Query          string
	FirstSeen      time.Time `db:"first_seen"`
}

// Signature looks one up; none where the history does not know it.
func (s *Store) Signature(ctx context.Context, server *Server, of fingerprint.Signature) ([]Known, error) {
	servers, err := s.lineage(ctx, server)
	if err != nil {
		return nil, err
	}
	return query.Rows[Known](ctx, s.Conn, "history/signature", servers, int64(of)) //nolint:gosec // the same bits
}

// mostPoints is how many steps a window is cut into: what fits a line. A step is no shorter than a collector usually needs.
const (
	mostPoints   = 48
	shortestStep = time.Minute
)

// Points gives what a signature counted in each step of a window. What was counted since the newest snapshot is in none.
func (s *Store) Points(ctx context.Context, server *Server, of fingerprint.Signature, span Span) ([]Point, error) {
	steps := min(max(int(span.To.Sub(span.From)/shortestStep), 1), mostPoints)
	servers, err := s.lineage(ctx, server)
	if err != nil {
		return nil, err
	}
	type row struct {
		From, To time.Time
		Calls    *int64
		TotalMS  *float64 `db:"total_ms"`
		MaxMS    *float64 `db:"max_ms"`
	}
	rows, err := query.Rows[row](ctx, s.Conn, "history/signature_points", servers, int64(of), span.From, span.To, steps) //nolint:gosec // the same bits
	points := make([]Point, 0, len(rows))
	for _, r := range rows {
		p := Point{From: r.From.UTC(), To: r.To.UTC(), Calls: r.Calls, TotalMS: r.TotalMS, MaxMS: r.MaxMS}
		if r.Calls != nil && *r.Calls > 0 {
			mean := *r.TotalMS / float64(*r.Calls)
			p.MeanMS = &mean
		}
		points = append(points, p)
	}
	return points, err
}

// SnapshotTimes are those of a window and of the snapshot before it, in order.
func (s *Store) SnapshotTimes(ctx context.Context, server *Server, span Span) ([]time.Time, error) {
	rows, err := query.Rows[struct {
		TakenAt time.Time `db:"taken_at"`
	}](ctx, s.Conn, "history/snapshot_times", server.ID, span.From, span.To)
	times := make([]time.Time, 0, len(rows))
	for _, r := range rows {
		times = append(times, r.TakenAt)
	}
	return times, err
}
