package warmup

import (
	"context"
	"slices"
	"time"

	"avadb/internal/fault"
	"avadb/internal/pg"
	"avadb/internal/query"
)

// Relation is a candidate.
type Relation struct {
	OID        int64
	Tablespace int64
	Filenode   int64
	Name       string // quoted, with its schema
	Table      string // bare name, of an index its table's; empty: no statement names it
	Kind       string // catalog, index, table, toast or matview
	Blocks     int64
	Asked      int64 // blocks asked for since the counters began, found in the buffers or not
	Read       int64 // of them, those that were not
	Readable   bool  // the role may SELECT from the table

	told   float64         // blocks asked for by the statements of the history; 0: not known
	pieces map[int64]int64 // blocks in the buffers by piece; nil: not known
}

// Unseen is what the role could not see, and the statement or command that shows it.
type Unseen struct {
	What string `json:"what"` // is not known, and why
	Next string `json:"next"` // the GRANT or command that gives it
}

// Buffers are shared_buffers.
type Buffers struct {
	Bytes     int64  `json:"bytes"`      // shared_buffers
	UsedBytes *int64 `json:"used_bytes"` // before anything was loaded; null: not known (pg_buffercache)
}

// State is what a server showed.
type State struct {
	BlockSize     int64      `db:"block_size"`
	NBuffers      int64      `db:"buffers"`
	Now           time.Time  `db:"now"`
	StartedAt     time.Time  `db:"started_at"`
	CountersSince *time.Time `db:"counters_since"`
	TimeoutMS     int64      `db:"statement_timeout_ms"`

	Relations []Relation `db:"-"`
	Buffers   Buffers    `db:"-"`
	Unseen    []Unseen   `db:"-"`
	NotMine   int        `db:"-"` // relations that the role may not read

	OthersAsked bool `db:"-"` // some of those were asked for
}

// young is how long counters that began with or after the server's start tell too little of what it does.
const young = time.Hour

// Lost tells whether the counters were lost not long ago, as after a crash: what is needed most is then not among what was
// asked for since.
func (s *State) Lost() bool {
	return s.CountersSince != nil && !s.CountersSince.Before(s.StartedAt) && s.Now.Sub(*s.CountersSince) < young
}

// Blind tells whether the counters do not say what is needed: they were lost, somebody has reset them, or they are of relations that
// the role may not read.
func (s *State) Blind() bool {
	return s.Lost() || !slices.ContainsFunc(s.Relations, func(r Relation) bool { return r.wanted() })
}

// wanted tells whether a table or an index of somebody's was asked for.
func (r *Relation) wanted() bool { return r.Kind != "catalog" && r.Kind != "toast" && r.Asked > 0 }

// Read looks at the connected database.
func Read(ctx context.Context, conn *pg.Conn) (*State, error) {
	s, err := query.One[State](ctx, conn, "warmup/server")
	if err != nil {
		return nil, err
	}
	s.Buffers.Bytes = s.NBuffers * s.BlockSize
	all, err := query.Rows[Relation](ctx, conn, "warmup/relations")
	if err != nil {
		return nil, err
	}
	for _, r := range all {
		if r.Readable {
			s.Relations = append(s.Relations, r)
		} else {
			s.NotMine++
			s.OthersAsked = s.OthersAsked || r.wanted()
		}
	}
	return &s, s.readResident(ctx, conn)
}

// readResident asks pg_buffercache what is there already; it is left unknown where that cannot be.
func (s *State) readResident(ctx context.Context, conn *pg.Conn) error {
	const what = "what is in the buffers already"
	found, err := Find(ctx, conn, "pg_buffercache")
	if err != nil {
		return err
	}
	if found.Version == "" {
		s.Unseen = append(s.Unseen, Unseen{What: what, Next: "CREATE EXTENSION pg_buffercache, in database " + conn.Server.Database})
		return nil
	}
	rows, err := query.ExtensionRows[struct {
		Tablespace, Filenode, Piece *int64
		Blocks                      int64
	}](ctx, conn, found.extension(), "warmup/resident", int64(pieceBlocks))
	if f := fault.As(err); f != nil && f.Kind == fault.Privilege {
		s.Unseen = append(s.Unseen, Unseen{What: what + ": " + f.Message, Next: "GRANT pg_monitor TO " + pg.Identifier(conn.Server.Role)})
		return nil
	}
	if err != nil {
		return err
	}
	type key struct{ tablespace, filenode int64 }
	at := map[key]*Relation{}
	for i := range s.Relations {
		r := &s.Relations[i]
		r.pieces = map[int64]int64{}
		at[key{r.Tablespace, r.Filenode}] = r
	}
	var used int64
	for _, row := range rows {
		used += row.Blocks
		if row.Filenode == nil {
			continue
		}
		if r := at[key{*row.Tablespace, *row.Filenode}]; r != nil {
			r.pieces[*row.Piece] += row.Blocks
		}
	}
	used *= s.BlockSize
	s.Buffers.UsedBytes = &used
	return nil
}

// resident is how many of a relation's blocks are in the buffers; nil where that is not known.
func (r *Relation) resident() *int64 {
	if r.pieces == nil {
		return nil
	}
	var n int64
	for _, blocks := range r.pieces {
		n += blocks
	}
	n = min(n, r.Blocks)
	return &n
}
