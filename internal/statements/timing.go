package statements

import (
	"context"
	"fmt"

	"avadb/internal/pg"
)

// Reading is what pg_stat_statements has counted at one moment, of the top-level statements of all databases.
type Reading struct{ *reading }

// Timing is what one statement took within a window.
type Timing struct {
	Calls   int64
	TotalMS float64
}

// Timings are those of a window, by statement: an entry of the same user, database and queryid has the same key in each
// window.
type Timings map[string]Timing

// Read reads the counters. The error, a fault.Prerequisite, says where they cannot be: no extension in the connected
// database, or not loaded.
func Read(ctx context.Context, conn *pg.Conn) (Reading, error) {
	found, err := usable(ctx, conn)
	if err != nil {
		return Reading{}, err
	}
	r, err := read(ctx, conn, found.extension(), Scope{By: ByTotal})
	return Reading{r}, unreadable(ctx, conn, err)
}

// Until gives what was counted between two readings; nil where the counters began anew in between. A statement whose
// entry was evicted or began anew is left out: its time is not known.
func (r Reading) Until(later Reading) Timings {
	if r.reading == nil || later.reading == nil || r.StatsReset != nil && later.StatsReset != nil && !r.StatsReset.Equal(*later.StatsReset) {
		return nil
	}
	before := make(map[Key]Counters, len(r.Entries))
	for _, c := range r.Entries {
		before[c.Key()] = c
	}
	timings := Timings{}
	for _, c := range later.Entries {
		old := before[c.Key()]
		if !c.Toplevel || old.Calls > 0 && c.restarted(old) {
			continue
		}
		if calls := c.Calls - old.Calls; calls > 0 {
			timings[fmt.Sprint(c.DBID, c.UserID, *c.QueryID)] = Timing{Calls: calls, TotalMS: c.TotalMS - old.TotalMS}
		}
	}
	return timings
}
