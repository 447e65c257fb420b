package history

import (
	"context"
	"time"

	"avadb/internal/query"
)

// Status is how much a server's history holds and costs.
type Status struct {
	Snapshots   *int64     `json:"snapshots" col:""`     // of pg_stat_statements; null where the store cannot be read
	From        *time.Time `json:"history_from" col:""`  // the first of them; null where there is none
	To          *time.Time `json:"history_to" col:""`    // the last of them; likewise
	TableBytes  *int64     `json:"history_bytes" col:""` // of the history of all servers in the store, with indexes; null where there is none
	BytesPerDay *int64     `json:"bytes_per_day" col:""` // of rows, without indexes, at the pace of the last day; null where that is not known
	LastCollect *Collect   `json:"last_collect"`         // null before the first
	Gaps        []Gap      `json:"gaps"`                 // the newest first, at most 100
}

// Collect is what the last collection did.
type Collect struct {
	At    time.Time `json:"at"`    // by the watched server's clock: the last one that was written
	MS    float64   `json:"ms"`    // it cost the watched server at most
	Bytes int64     `json:"bytes"` // of rows that it wrote, without indexes
	Error *string   `json:"error"` // what the last attempt failed with; null where it did not
}

// Gap is an interval that does not join the one before with certainty.
type Gap struct {
	From  time.Time `json:"from"`  // the snapshot before
	To    time.Time `json:"to"`    // the snapshot after
	Flags []string  `json:"flags"` // why: reset, node or away; beside these what else happened
}

// mostGaps is how many gaps a status names.
const mostGaps = 100

// Status reads what the store holds of a server.
func (s *Store) Status(ctx context.Context, server *Server) (*Status, error) {
	type row struct {
		Snapshots      int64
		Oldest, Newest *time.Time
		BytesPerDay    *int64 `db:"bytes_per_day"`
		TableBytes     int64  `db:"table_bytes"`
	}
	held, err := query.One[row](ctx, s.Conn, "history/status", server.ID)
	if err != nil {
		return nil, err
	}
	status := &Status{Snapshots: &held.Snapshots, From: utc(held.Oldest), To: utc(held.Newest), BytesPerDay: held.BytesPerDay, TableBytes: &held.TableBytes, Gaps: []Gap{}}
	newest, err := query.Rows[struct {
		At    time.Time
		MS    float64 `db:"ms"`
		Bytes int64
	}](ctx, s.Conn, "history/newest", server.ID)
	if err != nil {
		return nil, err
	}
	for _, n := range newest {
		status.LastCollect = &Collect{At: n.At.UTC(), MS: n.MS, Bytes: n.Bytes, Error: server.Error}
	}
	gaps, err := query.Rows[struct {
		From, To time.Time
		Flags    []string
	}](ctx, s.Conn, "history/gaps", server.ID, mostGaps)
	for _, g := range gaps {
		status.Gaps = append(status.Gaps, Gap{From: g.From.UTC(), To: g.To.UTC(), Flags: g.Flags})
	}
	return status, err
}

func utc(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	u := t.UTC()
	return &u
}

// Knows tells whether statements of a database and a role of these names were counted; an empty name is known.
func (s *Store) Knows(ctx context.Context, server *Server, database, user string) (bool, error) {
	is, err := query.One[struct{ Known bool }](ctx, s.Conn, "history/names_known", server.ID, nameOrNil(database), nameOrNil(user))
	return is.Known, err
}

func nameOrNil(name string) *string {
	if name == "" {
		return nil
	}
	return &name
}
