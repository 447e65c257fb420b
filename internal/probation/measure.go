package probation

import (
	"context"
	"time"

	"avadb/internal/pg"
	"avadb/internal/query"
	"avadb/internal/statements"
)

// Moment is what a server has counted so far.
type Moment struct {
	At        time.Time // on the server's clock
	StartedAt time.Time // of the server's life

	WithoutStatements error // why the statements could not be read; nil where they were, or were not asked for

	databases  map[int64]counter
	statements statements.Reading // empty where they were not read
}

type counter struct {
	transactions int64
	statsReset   *time.Time
}

// Throughput reads the transactions alone.
func Throughput(ctx context.Context, conn *pg.Conn) (Moment, error) {
	rows, err := query.Rows[struct {
		Database     int64      `db:"database"`
		Transactions int64      `db:"transactions"`
		StatsReset   *time.Time `db:"stats_reset"`
		TakenAt      time.Time  `db:"taken_at"`
		StartedAt    time.Time  `db:"started_at"`
	}](ctx, conn, "probation/transactions")
	if err != nil {
		return Moment{}, err
	}
	m := Moment{databases: map[int64]counter{}}
	for _, r := range rows {
		m.At, m.StartedAt = r.TakenAt, r.StartedAt
		m.databases[r.Database] = counter{r.Transactions, r.StatsReset}
	}
	return m, nil
}

// Read reads the transactions and, where they can be seen, the statements.
func Read(ctx context.Context, conn *pg.Conn) (Moment, error) {
	m, err := Throughput(ctx, conn)
	if err != nil {
		return m, err
	}
	m.statements, m.WithoutStatements = statements.Read(ctx, conn)
	if m.WithoutStatements != nil { // a server that went away answers neither
		return m, conn.Alive(ctx)
	}
	return m, nil
}

// Window is what a server did between two moments.
type Window struct {
	Seconds      float64  `json:"seconds"`      // measured
	Transactions int64    `json:"transactions"` // committed and rolled back, in all databases
	TPS          float64  `json:"tps"`          // transactions a second
	MeanMS       *float64 `json:"mean_ms"`      // per call, of the statements that ran before and after, each weighted by its calls before; null: not known
	Calls        *int64   `json:"calls"`        // of those statements; null: not known

	timings statements.Timings
}

// Until gives the window between two moments; ok is false where the counters began anew in between, so that the numbers
// would lie: a reset, or a crash of the server.
func (m Moment) Until(later Moment) (w Window, ok bool) {
	w.Seconds = later.At.Sub(m.At).Seconds()
	for database, now := range later.databases {
		before := m.databases[database]
		if now.transactions < before.transactions || before.statsReset != nil && (now.statsReset == nil || !now.statsReset.Equal(*before.statsReset)) {
			return w, false
		}
		w.Transactions += now.transactions - before.transactions
	}
	if w.Seconds > 0 {
		w.TPS = float64(w.Transactions) / w.Seconds
	}
	w.timings = m.statements.Until(later.statements)
	return w, w.Seconds > 0
}
