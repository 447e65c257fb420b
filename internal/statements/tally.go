package statements

import (
	"context"
	"time"

	"avadb/internal/fault"
	"avadb/internal/fingerprint"
	"avadb/internal/pg"
	"avadb/internal/query"
)

// Tally is all that pg_stat_statements counts at one moment, without the texts.
type Tally struct {
	TakenAt      time.Time // by the server's clock, just before the counters were read
	StartedAt    time.Time // of the server's life
	StatsReset   time.Time // since when it counts
	Dealloc      int64     // evictions since StatsReset, before the counters were read
	DeallocAfter int64     // the same afterwards: what was evicted in between may be missing
	MaxEntries   int64     // pg_stat_statements.max
	Extension    string    // its version
	Entries      []Counters
	NotVisible   int64 // entries that the role may not see
}

// windowVersion is the first extension whose keys do not repeat, and that says since when it counts.
const windowVersion = "1.9"

// CheckWindows refuses where the extension is missing, not loaded or too old to tell one reading from the next.
func CheckWindows(ctx context.Context, conn *pg.Conn) error {
	found, err := usable(ctx, conn)
	if err == nil {
		_, err = readInfo(ctx, conn, found)
	}
	return unreadable(ctx, conn, err)
}

// readAttempts bounds how often a reading is begun anew because somebody reset the counters within it.
const readAttempts = 3

// ReadCounters reads all counters. A reset that comes in between would let small counters pass for those of the epoch before:
// such a reading is thrown away.
func ReadCounters(ctx context.Context, conn *pg.Conn) (*Tally, error) {
	found, err := usable(ctx, conn)
	if err != nil {
		return nil, err
	}
	for attempt := 1; ; attempt++ {
		r, steady, err := readSteady(ctx, conn, found)
		switch {
		case err != nil:
			return nil, unreadable(ctx, conn, err)
		case steady:
			return r, nil
		case attempt == readAttempts:
			return nil, fault.New(fault.Failed, "pg_stat_statements was reset %d times while it was read", attempt)
		}
	}
}

func readSteady(ctx context.Context, conn *pg.Conn, found Installed) (r *Tally, steady bool, err error) {
	before, err := readInfo(ctx, conn, found)
	if err != nil {
		return nil, false, err
	}
	entries, err := query.ExtensionRows[Counters](ctx, conn, found.extension(), "statements/counters")
	if err != nil {
		return nil, false, err
	}
	after, err := readInfo(ctx, conn, found)
	if err != nil {
		return nil, false, err
	}
	r = &Tally{
		TakenAt: before.TakenAt, StartedAt: before.StartedAt, StatsReset: *before.StatsReset, Dealloc: *before.Dealloc,
		DeallocAfter: *after.Dealloc, MaxEntries: before.MaxEntries, Extension: found.Version, Entries: entries[:0],
	}
	for _, e := range entries {
		if e.QueryID == nil {
			r.NotVisible++
			continue
		}
		r.Entries = append(r.Entries, e)
	}
	return r, before.StatsReset.Equal(*after.StatsReset), nil
}

// readInfo refuses an extension that is too old for windows.
func readInfo(ctx context.Context, conn *pg.Conn, found Installed) (info, error) {
	rows, err := query.ExtensionRows[info](ctx, conn, found.extension(), "statements/info")
	if err != nil {
		return info{}, err
	}
	if rows[0].StatsReset == nil || rows[0].Dealloc == nil {
		return info{}, fault.New(fault.Prerequisite, "windows need pg_stat_statements %s, and database %s has %s", windowVersion, conn.Server.Database, found.Version).
			WithHint("avadb enable-stats %s updates it", conn.Target.CommandFlags())
	}
	return rows[0], nil
}

// Text is what a statement says, and who ran it where.
type Text struct {
	UserID    int64 `db:"userid"`
	DBID      int64 `db:"dbid"`
	Toplevel  bool
	QueryID   int64                 `db:"queryid"`
	Query     *string               // with secrets masked; nil where the server has lost it
	Database  *string               // nil where it was dropped
	User      *string               // nil where it was dropped
	Own       bool                  // one of avadb's
	Signature fingerprint.Signature `db:"-"` // of the text before its secrets were masked; 0 where it is not known
}

// Key is the entry's.
func (t *Text) Key() Key { return Key{t.DBID, t.UserID, t.QueryID, t.Toplevel} }

// ReadTexts reads the texts of statements by their queryids. An entry that was evicted meanwhile has none.
func ReadTexts(ctx context.Context, conn *pg.Conn, queryids []int64) ([]Text, error) {
	found, err := usable(ctx, conn)
	if err != nil {
		return nil, err
	}
	texts, err := query.ExtensionRows[Text](ctx, conn, found.extension(), "statements/texts", queryids)
	if err != nil {
		return nil, unreadable(ctx, conn, err)
	}
	for i, t := range texts {
		if t.Query != nil {
			texts[i].Signature = fingerprint.Of(*t.Query)
			masked := fingerprint.MaskSecrets(*t.Query)
			texts[i].Query = &masked
		}
	}
	return texts, nil
}
