package checks

import (
	"context"
	"fmt"

	"avadb/internal/pg"
	"avadb/internal/query"
)

// wraparound is the group WRP: how far the oldest database is from the end of its transaction numbers.
func wraparound() []Check {
	// Below vacuum_failsafe_age, 1.6 billion by default (PostgreSQL docs, 25.1.5 Preventing Transaction ID Wraparound
	// Failures), where VACUUM drops everything else to save the server; at 2^31 - 3 million it takes no more writes.
	age := between(1.3e9, 1.4e9)
	return []Check{
		{ID: "WRP01", Title: "age of the oldest transaction ID", Unit: "xids", Threshold: age, Needs: "any role", Run: ageCheck(age, func(o ages) (string, int64) { return o.XIDDatabase, o.XIDAge })},
		{ID: "WRP02", Title: "age of the oldest multixact ID", Unit: "multixacts", Threshold: age, Needs: "any role", Run: ageCheck(age, func(o ages) (string, int64) { return o.MultixactDatabase, o.MultixactAge })},
	}
}

// ages are those of the oldest databases.
type ages struct {
	XIDDatabase       string `db:"xid_database"`
	XIDAge            int64  `db:"xid_age"`
	MultixactDatabase string `db:"multixact_database"`
	MultixactAge      int64  `db:"multixact_age"`
}

const wrapsAt = 1 << 31

func ageCheck(t Threshold, pick func(ages) (database string, age int64)) func(context.Context, *Env) (Outcome, error) {
	return func(ctx context.Context, e *Env) (Outcome, error) {
		all, err := query.One[ages](ctx, e.Conn, "checks/wraparound")
		if err != nil {
			return Outcome{}, err
		}
		database, age := pick(all)
		detail := fmt.Sprintf("%.1f %% of 2^31, in database %s", 100*float64(age)/wrapsAt, pg.Identifier(database))
		if e.Conn.Server.InRecovery {
			detail += "; to be mended on the primary"
		}
		return t.measured(float64(age), detail, "vacuumdb --freeze "+shellWord(database)), nil
	}
}
