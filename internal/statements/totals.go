package statements

import (
	"context"
	"time"

	"avadb/internal/fault"
	"avadb/internal/pg"
	"avadb/internal/query"
)

// Totals are the counters of all top-level statements of the server together, without avadb's own.
type Totals struct {
	Calls      int64      `json:"calls"`
	TotalMS    float64    `json:"total_ms"`
	StatsReset *time.Time `json:"stats_reset"` // since when they run; nil where the extension is older than 1.9
	Dealloc    *int64     `json:"dealloc"`     // evictions since StatsReset, each of which took counters away
	TakenAt    time.Time  `json:"taken_at"`    // by the server's clock; zero in files of older versions
}

// MeanMS is the average execution time of a call; nil where there was none.
func (t Totals) MeanMS() *float64 {
	if t.Calls == 0 {
		return nil
	}
	mean := t.TotalMS / float64(t.Calls)
	return &mean
}

// Since is what was counted between an earlier reading and this one. The reason is given where the counters of the two
// do not continue each other.
func (t Totals) Since(earlier Totals) (between Totals, reason string) {
	switch {
	case t.StatsReset == nil || earlier.StatsReset == nil:
		return Totals{}, "the extension is too old to tell a reset"
	case !t.StatsReset.Equal(*earlier.StatsReset):
		return Totals{}, "the counters were reset in between"
	case t.Dealloc != nil && earlier.Dealloc != nil && *t.Dealloc != *earlier.Dealloc:
		return Totals{}, "entries were evicted in between"
	case t.Calls < earlier.Calls || t.TotalMS < earlier.TotalMS:
		return Totals{}, "single counters were reset in between"
	}
	t.Calls -= earlier.Calls
	t.TotalMS -= earlier.TotalMS
	return t, ""
}

// ReadTotals reads them in the connected database. It refuses where the extension is missing or not loaded, and where the
// role does not see all statements: a part of them has another average.
func ReadTotals(ctx context.Context, conn *pg.Conn) (Totals, error) {
	found, err := Find(ctx, conn)
	if err != nil {
		return Totals{}, err
	}
	if found.Version == "" || found.old() {
		return Totals{}, fault.New(fault.Prerequisite, "there is no pg_stat_statements %s or newer in database %s", oldestVersion, conn.Server.Database).
			WithHint("avadb enable-stats")
	}
	about, err := query.ExtensionRows[info](ctx, conn, found.extension(), "statements/info")
	if err != nil {
		return Totals{}, err
	}
	rows, err := query.ExtensionRows[struct {
		Calls      int64
		TotalMS    float64 `db:"total_ms"`
		NotVisible int64   `db:"not_visible"`
	}](ctx, conn, found.extension(), "statements/totals")
	if err != nil {
		return Totals{}, err
	}
	if rows[0].NotVisible > 0 {
		return Totals{}, fault.New(fault.Privilege, "%d statements of other roles are not visible", rows[0].NotVisible).
			WithHint("GRANT pg_read_all_stats TO %s", pg.Identifier(conn.Server.Role))
	}
	return Totals{Calls: rows[0].Calls, TotalMS: rows[0].TotalMS, StatsReset: about[0].StatsReset, Dealloc: about[0].Dealloc, TakenAt: about[0].TakenAt}, nil
}
