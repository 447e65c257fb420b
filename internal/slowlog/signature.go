package slowlog

import (
	"context"
	"time"

	"avadb/internal/fingerprint"
	"avadb/internal/pg"
	"avadb/internal/query"
	"avadb/internal/statements"
)

// Application is what one of them ran of a signature. Times are milliseconds.
type Application struct {
	Application *string `json:"application" col:""` // null where the row's writer gave none
	Origin      string  `json:"origin" col:""`      // who wrote the rows: app, activity or log
	Calls       int64   `json:"calls" col:""`       // single executions in the table
	TotalMS     float64 `json:"total_ms" col:"num.2" db:"total_ms"`
	MeanMS      float64 `json:"mean_ms" col:"num.2" db:"mean_ms"`
	MaxMS       float64 `json:"max_ms" col:"num.2" db:"max_ms"`
}

// Example is one execution of a signature, with its constants where its writer gave them.
type Example struct {
	At         time.Time `json:"at" col:""`                                // when it was written down
	DurationMS float64   `json:"duration_ms" col:"num.2" db:"duration_ms"` // of the execution
	Origin     string    `json:"origin" col:""`                            // who wrote the row
	Query      string    `json:"query" col:"elastic"`                      // secrets masked
}

// mostExamples is how many a page shows.
const mostExamples = 3

// Signature reads what the table knows of a signature in a window: who ran it, and its longest executions. The times of the history's
// snapshots tell which rows are of one and the same execution.
func (t *Table) Signature(ctx context.Context, conn *pg.Conn, of fingerprint.Signature, from, to time.Time, snapshots []time.Time) (apps []Application, examples []Example, err error) {
	if err := t.readable(conn, statements.Scope{By: statements.ByTotal}); err != nil {
		return nil, nil, err
	}
	if snapshots == nil {
		snapshots = []time.Time{}
	}
	zone := ""
	if t.zoneless() {
		if zone, err = t.Zone(ctx, conn, ""); err != nil {
			return nil, nil, err
		}
	}
	apps, err = query.ExtensionRows[Application](ctx, conn, t.in(), "slowlog/applications", t.zoneOf(zone), from, to, of.String(), snapshots)
	if err != nil {
		return nil, nil, err
	}
	examples, err = query.ExtensionRows[Example](ctx, conn, t.in(), "slowlog/examples", t.zoneOf(zone), from, to, of.String(), snapshots, mostExamples)
	for i := range examples {
		examples[i].At, examples[i].Query = examples[i].At.UTC(), fingerprint.MaskSecrets(examples[i].Query)
	}
	return apps, examples, err
}
