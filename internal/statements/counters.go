package statements

import (
	"context"
	"time"

	"avadb/internal/fault"
	"avadb/internal/pg"
	"avadb/internal/query"
)

// Counters are one entry of pg_stat_statements: what it has counted since it came into being. Times are milliseconds.
type Counters struct {
	UserID   int64  `db:"userid"`
	DBID     int64  `db:"dbid"`
	Toplevel bool   `db:"toplevel"`
	QueryID  *int64 `db:"queryid"`

	Query    string `db:"query"`
	Database string `db:"database"`
	User     string `db:"user"`

	Calls             int64   `db:"calls"`
	TotalMS           float64 `db:"total_exec_time"`
	MinMS             float64 `db:"min_exec_time"`
	MaxMS             float64 `db:"max_exec_time"`
	MeanMS            float64 `db:"mean_exec_time"`
	StddevMS          float64 `db:"stddev_exec_time"`
	Rows              int64   `db:"rows"`
	SharedBlksHit     int64   `db:"shared_blks_hit"`
	SharedBlksRead    int64   `db:"shared_blks_read"`
	SharedBlksWritten int64   `db:"shared_blks_written"`
	LocalBlksRead     int64   `db:"local_blks_read"`
	LocalBlksWritten  int64   `db:"local_blks_written"`
	TempBlksRead      int64   `db:"temp_blks_read"`
	TempBlksWritten   int64   `db:"temp_blks_written"`
	WALBytes          int64   `db:"wal_bytes"`

	StatsSince       *time.Time `db:"stats_since"`        // 17 and up
	MinmaxStatsSince *time.Time `db:"minmax_stats_since"` // 17 and up
}

// Scope says which entries are read.
type Scope struct {
	Database string // empty: all databases
	User     string // empty: all users
	MinCalls int64
	By       By
	Limit    int // 0: all
}

// By is the order of the answer.
type By string

// The orders, largest first.
const (
	ByTotal By = "total"
	ByMean  By = "mean"
	ByMax   By = "max"
	ByCalls By = "calls"
	ByRows  By = "rows"
	ByIO    By = "io"   // blocks read and written, shared and local
	ByTemp  By = "temp" // temporary blocks read and written
	ByWAL   By = "wal"
)

// Orders are all of them.
func Orders() []By { return []By{ByTotal, ByMean, ByMax, ByCalls, ByRows, ByIO, ByTemp, ByWAL} }

// Weight is what an order looks at, largest first.
func (c *Counters) Weight(by By) float64 {
	switch by {
	case ByTotal:
		return c.TotalMS
	case ByMean:
		return c.MeanMS
	case ByMax:
		return c.MaxMS
	case ByCalls:
		return float64(c.Calls)
	case ByRows:
		return float64(c.Rows)
	case ByIO:
		return float64(c.SharedBlksRead + c.SharedBlksWritten + c.LocalBlksRead + c.LocalBlksWritten)
	case ByTemp:
		return float64(c.TempBlksRead + c.TempBlksWritten)
	case ByWAL:
		return float64(c.WALBytes)
	}
	return 0
}

// CheckScope refuses names that are not there: an empty answer to a typing error would look fine.
func CheckScope(ctx context.Context, conn *pg.Conn, database, user string) error {
	is, err := query.One[struct {
		DatabaseExists bool `db:"database_exists"`
		UserExists     bool `db:"user_exists"`
	}](ctx, conn, "statements/scope", optional(database), optional(user))
	switch {
	case err != nil:
		return err
	case !is.DatabaseExists:
		return fault.New(fault.Usage, "there is no database %q on this server", database).WithHint("SELECT datname FROM pg_database lists them")
	case !is.UserExists:
		return fault.New(fault.Usage, "there is no role %q on this server", user).WithHint("SELECT rolname FROM pg_roles lists them")
	}
	return nil
}

// reading is pg_stat_statements at one moment.
type reading struct {
	TakenAt    time.Time
	StartedAt  time.Time  // of the server's life
	StatsReset *time.Time // nil where the extension is older than 1.9
	Dealloc    *int64     // evictions since StatsReset
	Entries    []Counters
	TotalMS    float64 // of the scope's top-level statements
	NotVisible int64   // entries that the role may not see
	ResetAlone int64   // how often single entries were reset, as far as such statements are counted
}

type info struct {
	StatsReset *time.Time `db:"stats_reset"`
	Dealloc    *int64     `db:"dealloc"`
	TakenAt    time.Time  `db:"taken_at"`
	StartedAt  time.Time  `db:"started_at"`
	MaxEntries int64      `db:"max_entries"` // pg_stat_statements.max
}

func read(ctx context.Context, conn *pg.Conn, ext query.Extension, s Scope) (*reading, error) {
	about, err := query.ExtensionRows[info](ctx, conn, ext, "statements/info")
	if err != nil {
		return nil, err
	}
	type row struct {
		Counters
		ScopeMS    float64 `db:"total_exec_time_of_scope"`
		NotVisible int64   `db:"not_visible"`
		ResetAlone int64   `db:"reset_alone"`
	}
	rows, err := query.ExtensionRows[row](ctx, conn, ext, "statements/top",
		optional(s.Database), optional(s.User), s.MinCalls, string(s.By), limit(s.Limit))
	if err != nil {
		return nil, err
	}
	r := &reading{TakenAt: about[0].TakenAt, StartedAt: about[0].StartedAt, StatsReset: about[0].StatsReset, Dealloc: about[0].Dealloc}
	for _, one := range rows {
		r.TotalMS, r.NotVisible, r.ResetAlone = one.ScopeMS, one.NotVisible, one.ResetAlone
		if one.QueryID != nil {
			r.Entries = append(r.Entries, one.Counters)
		}
	}
	return r, nil
}

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func limit(n int) *int64 {
	if n == 0 {
		return nil
	}
	wide := int64(n)
	return &wide
}
