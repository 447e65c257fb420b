package slowlog

import (
	"context"
	"time"

	"avadb/internal/fault"
	"avadb/internal/pg"
	"avadb/internal/query"
)

// Extent is how much the table holds.
type Extent struct {
	Rows   int64
	Oldest *time.Time // nil where it is empty
	Newest *time.Time
}

// Extent reads how much the table holds, with the rows that an interrupted upgrade has not moved yet. The timestamps of an original are taken for the zone's.
func (t *Table) Extent(ctx context.Context, conn *pg.Conn, zone string) (Extent, error) {
	if !t.MayRead {
		return Extent{}, t.mayNotRead(conn)
	}
	extent, err := one[Extent](ctx, conn, t, "slowlog/extent", t.zoneOf(zone))
	if err != nil || !t.HasLeftover {
		return extent, err
	}
	left, err := one[struct{ Rows int64 }](ctx, conn, t, "slowlog/left")
	extent.Rows += left.Rows
	return extent, err
}

func (t *Table) mayNotRead(conn *pg.Conn) error {
	role := pg.Identifier(conn.Server.Role)
	return fault.New(fault.Privilege, "role %s may not read %s", role, t.Identifier()).
		WithHint("GRANT USAGE ON SCHEMA %s TO %s; GRANT SELECT ON %s TO %s", pg.Identifier(t.Schema), role, t.Identifier(), role)
}

// Bytes is the size of the table with its indexes.
func (t *Table) Bytes(ctx context.Context, conn *pg.Conn) (int64, error) {
	size, err := query.One[struct{ Bytes int64 }](ctx, conn, "slowlog/size", t.Schema)
	return size.Bytes, err
}

// Writer is a role that can INSERT into the table: its owner, or one that was granted it.
type Writer struct {
	Role    string  `json:"role" col:""`           // PUBLIC for everybody
	Owner   bool    `json:"owner" col:""`          // it owns the table
	Ready   bool    `json:"ready" col:"status"`    // an INSERT of it works
	Missing *string `json:"missing" col:"elastic"` // the GRANT that it lacks beside INSERT; null: nothing
}

// Writers gives the roles that can write the table, with what they lack.
func (t *Table) Writers(ctx context.Context, conn *pg.Conn) ([]Writer, error) {
	rows, err := query.Rows[struct {
		Role         string
		Owner        bool
		MayUseSchema bool   `db:"may_use_schema"`
		Sequence     string // that it may not use
	}](ctx, conn, "slowlog/writers", t.Schema)
	if err != nil {
		return nil, err
	}
	writers := make([]Writer, 0, len(rows))
	for _, r := range rows {
		w := Writer{Role: r.Role, Owner: r.Owner, Ready: r.MayUseSchema && r.Sequence == ""}
		grantee := pg.Identifier(r.Role)
		if r.Role == "" {
			w.Role, grantee = "PUBLIC", "PUBLIC"
		}
		switch {
		case !r.MayUseSchema:
			grant := "GRANT USAGE ON SCHEMA " + pg.Identifier(t.Schema) + " TO " + grantee
			w.Missing = &grant
		case r.Sequence != "":
			grant := "GRANT USAGE ON SEQUENCE " + r.Sequence + " TO " + grantee
			w.Missing = &grant
		}
		writers = append(writers, w)
	}
	return writers, nil
}
