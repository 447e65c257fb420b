package activity

import (
	"cmp"
	"math"
	"slices"
)

// limitRow is a limit as the server has it.
type limitRow struct {
	Kind  string // SERVER, ROLE or DATABASE
	Name  string
	Limit int `db:"connection_limit"`
	// Reserved connections are no ordinary role's: superuser_reserved_connections and, from 16 on, reserved_connections.
	Reserved int
}

// Limits is how full the server is.
type Limits struct {
	MaxConnections int     `json:"max_connections"` // of the server
	Reserved       int     `json:"reserved"`        // of them, those that no ordinary role gets
	Used           int     `json:"used"`            // client backends, avadb's own too; at most so many where not_visible is above 0
	UsedPct        float64 `json:"used_pct"`        // of max_connections - reserved
	NotVisible     int     `json:"not_visible"`     // sessions that show this role neither state nor times; they count as used
}

// Saturation is one limit and what of it is used.
type Saturation struct {
	Kind    string  `json:"kind" col:""`          // SERVER, ROLE or DATABASE
	Name    string  `json:"name" col:""`          // of the role or database
	Used    int     `json:"used" col:""`          // client backends
	Limit   int     `json:"limit" col:""`         // max_connections - reserved, or the CONNECTION LIMIT
	UsedPct float64 `json:"used_pct" col:"num.1"` // used / limit
	Status  string  `json:"status" col:"status"`  // OK, WARN above 80 %, FAIL above 95 %: those of CNX01 and CNX02
}

// From 80 % on a burst reaches the limit; at 95 % the next one does. They are those of CNX01 and CNX02.
const (
	saturationWarn = 80
	saturationFail = 95
)

// Saturation gives the server's limit first, then those of roles and databases, the fullest first.
func (s *Snapshot) Saturation() []Saturation {
	rows := make([]Saturation, 0, len(s.limits))
	for _, l := range s.limits {
		usable := max(l.Limit-l.Reserved, 1)
		used := s.count(func(session *Session) bool { return l.holds(session) })
		percent := math.Round(1000*float64(used)/float64(usable)) / 10
		rows = append(rows, Saturation{Kind: l.Kind, Name: l.Name, Used: used, Limit: usable, UsedPct: percent, Status: statusOf(percent)})
	}
	slices.SortStableFunc(rows, func(a, b Saturation) int {
		switch {
		case a.Kind == server && b.Kind != server:
			return -1
		case b.Kind == server && a.Kind != server:
			return 1
		}
		return cmp.Compare(b.UsedPct, a.UsedPct)
	})
	return rows
}

// server is the kind of the limit that holds for all.
const server = "SERVER"

// holds tells whether a session counts for the limit.
func (l limitRow) holds(s *Session) bool {
	switch l.Kind {
	case "ROLE":
		return s.User == l.Name
	case "DATABASE":
		return s.Database == l.Name
	}
	return true
}

func (s *Snapshot) count(which func(*Session) bool) int {
	n := 0
	for i := range s.Sessions {
		if s.Sessions[i].IsClient() && which(&s.Sessions[i]) {
			n++
		}
	}
	return n
}

// Limits is the server's own saturation.
func (s *Snapshot) Limits() Limits {
	l := Limits{NotVisible: s.Hidden()}
	for _, row := range s.limits {
		if row.Kind == server {
			l.MaxConnections, l.Reserved = row.Limit, row.Reserved
		}
	}
	for _, row := range s.Saturation() {
		if row.Kind == server {
			l.Used, l.UsedPct = row.Used, row.UsedPct
		}
	}
	return l
}

func statusOf(percent float64) string {
	switch {
	case percent > saturationFail:
		return "FAIL"
	case percent > saturationWarn:
		return "WARN"
	}
	return "OK"
}
