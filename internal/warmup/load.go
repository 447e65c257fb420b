package warmup

import (
	"context"
	"fmt"
	"time"

	"avadb/internal/fault"
	"avadb/internal/pg"
	"avadb/internal/query"
)

// Loader carries a plan out.
type Loader struct {
	Conn      *pg.Conn
	Extension Installed
	Budget    time.Duration     // 0: none
	TimeoutMS int64             // statement_timeout of the connection; 0: none
	Progress  func(bytes int64) // called after each piece
}

// smallest is the smallest piece that a short statement_timeout makes of one, in blocks.
const smallest = 16

// Run loads what is planned, in the order of the plan, and writes into its rows what became of it. It ends early where the time is
// over, and with an error where the context ends, the connection is lost, or somebody cancels the statement.
func (l *Loader) Run(ctx context.Context, p *Plan) (outOfTime bool, err error) {
	end := time.Now().Add(l.Budget)
	over := func() bool { return l.Budget > 0 && !time.Now().Before(end) }
	for i := range p.Rows {
		row := &p.Rows[i]
		if row.Action != Planned {
			continue
		}
		if err == nil && !outOfTime {
			outOfTime, err = l.relation(ctx, p, row, over)
		}
		row.conclude(outOfTime, err)
	}
	return outOfTime, err
}

// conclude says what became of a row that was planned.
func (r *Row) conclude(outOfTime bool, err error) {
	switch {
	case r.Action == Skipped:
	case r.LoadedBytes >= r.PlannedBytes && r.LoadedBytes > 0:
		r.Action = Loaded
		if r.Reason != "" { // the memory was used up within it
			r.Action = Partial
		}
	default:
		r.Action = NoTime
		if r.LoadedBytes > 0 {
			r.Action = Partial
		}
		switch {
		case outOfTime:
			r.Reason = "the time of --budget is over"
		case err != nil:
			r.Reason = "it ended here: " + err.Error()
		}
	}
}

// relation loads one. An error of its own, such as that it was dropped meanwhile, leaves the rest of it out.
func (l *Loader) relation(ctx context.Context, p *Plan, row *Row, over func() bool) (outOfTime bool, err error) {
	began := time.Now()
	defer func() { row.MS = float64(time.Since(began).Microseconds()) / 1000 }()
	for _, part := range row.ranges {
		for size := part.blocks(); part.first <= part.last; {
			if over() {
				return true, nil
			}
			piece := blockRange{first: part.first, last: min(part.first+size-1, part.last)}
			started := time.Now()
			blocks, err := l.load(ctx, row.oid, piece)
			if err != nil && l.timedOut(ctx, err, time.Since(started)) {
				if size > smallest {
					size = max(size/2, smallest)
					continue
				}
				row.Action, row.Reason = Skipped, fmt.Sprintf("statement_timeout is %d ms: even %d blocks took longer, or somebody holds a lock on it", l.TimeoutMS, smallest)
				return false, nil
			}
			if err != nil {
				return false, l.refused(ctx, row, err)
			}
			known := min(part.here, blocks)
			part.here -= known
			row.LoadedBytes += (blocks - known) * p.BlockSize
			part.first = piece.last + 1
			if l.Progress != nil {
				l.Progress(p.LoadedBytes())
			}
		}
	}
	return false, nil
}

func (l *Loader) load(ctx context.Context, oid int64, piece blockRange) (int64, error) {
	rows, err := query.ExtensionRows[struct{ Blocks int64 }](ctx, l.Conn, l.Extension.extension(), "warmup/prewarm", oid, piece.first, piece.last)
	if err != nil {
		return 0, err
	}
	return rows[0].Blocks, nil
}

// timedOut tells a statement_timeout from a statement that somebody cancelled: both are SQLSTATE 57014.
func (l *Loader) timedOut(ctx context.Context, err error, took time.Duration) bool {
	f := fault.As(err)
	return ctx.Err() == nil && f != nil && f.SQLState == "57014" && l.TimeoutMS > 0 && took >= time.Duration(l.TimeoutMS)*time.Millisecond
}

// refused decides whether an error is about this relation alone.
func (l *Loader) refused(ctx context.Context, row *Row, err error) error {
	f := fault.As(err)
	if ctx.Err() != nil || f == nil || f.SQLState == "57014" {
		return err
	}
	switch f.SQLState {
	case "42501":
		row.Reason = fmt.Sprintf("the role may not read it: %s", f.Message)
	case "55P03":
		row.Reason = "somebody holds a lock on it: " + f.Message
	case "22023", "XX000", "42P01", "42704":
		row.Reason = "it was dropped, or became shorter, meanwhile: " + f.Message
	default:
		return err
	}
	row.Action = Skipped
	return nil
}
