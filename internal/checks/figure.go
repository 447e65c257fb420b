package checks

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"avadb/internal/fault"
	"avadb/internal/journal"
	"avadb/internal/pg"
)

// Figure is one measure that a run keeps, to be compared with a later one: what was promised of a change is measured and
// not believed.
type Figure struct {
	Name   string // such as avg_query_ms; part of the JSON contract
	Unit   string // ms, pct
	Better direction
	// Measure gives the value now. before is what an earlier run kept, nil where there is none: counters that only go up
	// are compared between the two.
	Measure func(ctx context.Context, e *Env, before *Kept) (Kept, error)

	health bool // it is read from the endpoints of --health-url
}

// direction says what an improvement is.
type direction int

const (
	lower  direction = iota // less is better; the improvement is relative to before
	higher                  // more is better, of a share of a whole: the improvement is in points, because before may be 0
)

// Kept is one figure as a file keeps it.
type Kept struct {
	Figure string          `json:"figure"`
	Unit   string          `json:"unit"`
	Value  *float64        `json:"value"`           // null: it could not be measured; the detail says why
	Detail string          `json:"detail"`          // how the value came about
	State  json.RawMessage `json:"state,omitempty"` // of the figure itself, for the next comparison
}

// Compared is one figure before and after.
type Compared struct {
	Figure      string   `json:"figure" col:""`               // such as avg_query_ms
	Unit        string   `json:"unit" col:""`                 // of before and after
	Before      *float64 `json:"before" col:"num.2"`          // of the file; null without --against, or where it could not be measured
	After       *float64 `json:"after" col:"num.2"`           // measured now; null where it could not be
	Improvement *float64 `json:"improvement_pct" col:"num.1"` // positive is better; null where one of them is missing
	Detail      string   `json:"detail" col:"elastic"`        // how the values came about, or why they are missing
}

// Figures are all of them, in their order.
func Figures() []Figure {
	return append([]Figure{averageQuery(), connectionShare(), slowVisibility()}, healthFigures()...)
}

// Measure takes all figures now; those of the endpoints where some are named. before may be nil. One that cannot be measured has no value and says why; the error is
// that of a lost connection or of the context's end.
func Measure(ctx context.Context, e *Env, before *Saved) ([]Kept, error) {
	var kept []Kept
	for _, f := range Figures() {
		if f.health && e.Endpoints == nil {
			continue
		}
		earlier := before.figure(f.Name)
		var measured Kept
		outcome, err := e.bounded(ctx, "verify", func(ctx context.Context, e *Env) (Outcome, error) {
			m, err := f.Measure(ctx, e, earlier)
			measured = m
			return Outcome{Status: OK}, err
		})
		if err != nil {
			return nil, err
		}
		if outcome.Status == Skip {
			measured = Kept{Detail: outcome.Detail}
			if strings.HasPrefix(outcome.Fix, "GRANT ") {
				measured.Detail += "; next: " + outcome.Fix
			}
		}
		measured.Figure, measured.Unit = f.Name, f.Unit
		if measured.Value != nil {
			value := rounded(*measured.Value)
			measured.Value = &value
		}
		kept = append(kept, measured)
	}
	return kept, nil
}

// Compare sets what was measured now beside what was kept; before may be nil.
func Compare(now []Kept, before *Saved) []Compared {
	rows := make([]Compared, 0, len(now))
	for _, f := range Figures() {
		i := slices.IndexFunc(now, func(k Kept) bool { return k.Figure == f.Name })
		if i < 0 {
			continue
		}
		row := Compared{Figure: f.Name, Unit: f.Unit, After: now[i].Value, Detail: now[i].Detail}
		if earlier := before.figure(f.Name); earlier != nil {
			row.Before = earlier.Value
			if earlier.Detail != now[i].Detail {
				row.Detail = "before: " + earlier.Detail + "; after: " + now[i].Detail
			}
			row.Improvement = f.Better.improvement(row.Before, row.After)
		} else if before != nil {
			row.Detail += "; the file has no such figure"
		}
		rows = append(rows, row)
	}
	return rows
}

// improvement is positive where it became better; nil where it cannot be told.
func (d direction) improvement(before, after *float64) *float64 {
	if before == nil || after == nil {
		return nil
	}
	points := *after - *before
	if d == lower {
		if *before == 0 {
			return nil
		}
		points = 100 * (*before - *after) / *before
	}
	points = math.Round(points*10) / 10
	return &points
}

// Saved is what --save keeps: the figures of one server at one moment.
type Saved struct {
	SchemaVersion    int          `json:"schema_version"`
	Name             string       `json:"name"`
	SystemIdentifier string       `json:"system_identifier"`
	Node             journal.Node `json:"node"` // a standby shares the identifier of its primary
	SavedAt          time.Time    `json:"saved_at"`
	Database         string       `json:"database"` // connected to
	Figures          []Kept       `json:"figures"`
	// SessionEnds are what CNX07 compares; nil in a file of an older avadb.
	SessionEnds []SessionEnds `json:"session_ends,omitempty"`
}

func (s *Saved) figure(name string) *Kept {
	if s == nil {
		return nil
	}
	for i := range s.Figures {
		if s.Figures[i].Figure == name {
			return &s.Figures[i]
		}
	}
	return nil
}

// NewSaved makes what is to be kept of a server.
func NewSaved(name string, conn *pg.Conn, now time.Time, figures []Kept) (*Saved, error) {
	id := conn.Server.SystemIdentifier
	if id == "" {
		return nil, fault.New(fault.Privilege, "the server's system identifier cannot be read, and figures are kept by it").
			WithHint("GRANT EXECUTE ON FUNCTION pg_catalog.pg_control_system() TO %s", pg.Identifier(conn.Server.Role))
	}
	return &Saved{
		SchemaVersion: 1, Name: name, SystemIdentifier: id, Node: nodeOf(conn.Server), SavedAt: now.UTC(),
		Database: conn.Server.Database, Figures: figures,
	}, nil
}

// KeepSessionEnds adds the counters of CNX07.
func (s *Saved) KeepSessionEnds(ctx context.Context, e *Env) (err error) {
	s.SessionEnds, err = readSessionEnds(ctx, e)
	return err
}

// OfNode tells whether the figures can be this very server's, and not those of another one of its cluster.
func (s *Saved) OfNode(server pg.Server) bool { return s.Node.Is(nodeOf(server)) }

// String names a saved file for a person.
func (s *Saved) String() string {
	return fmt.Sprintf("%s of %s", s.Name, s.SavedAt.Format(time.RFC3339))
}
