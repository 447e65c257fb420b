package activity

import (
	"cmp"
	"slices"
	"strings"

	"avadb/internal/fault"
)

// Group is sessions that have something in common.
type Group struct {
	Application *string  `json:"application" col:""`   // application_name; null where it is not grouped by, as with the others
	User        *string  `json:"user" col:""`          // role of the session
	Database    *string  `json:"database" col:""`      // connected to
	Client      *string  `json:"client" col:""`        // address, local for a socket; null also where it is not visible
	State       *string  `json:"state" col:""`         // as in pg_stat_activity; null also where it is not visible
	Count       int      `json:"count" col:""`         // client backends
	OldestS     *float64 `json:"oldest_s" col:"num.0"` // seconds that the first of them has been in its state; null where it is not visible
}

// Dimensions are what sessions can be grouped by.
func Dimensions() []string { return []string{"application", "user", "database", "client", "state"} }

// CheckDimensions refuses what is none, with a fault.Usage.
func CheckDimensions(by []string) error {
	for _, name := range by {
		if !slices.Contains(Dimensions(), name) {
			return fault.New(fault.Usage, "sessions cannot be grouped by %q", name).WithHint("by one or more of %s", strings.Join(Dimensions(), ", "))
		}
	}
	return nil
}

// key is a group's values, empty where it is not grouped by.
type key struct{ application, user, database, client, state string }

// Groups counts the client backends by some of the Dimensions, the largest group first.
func (s *Snapshot) Groups(by []string) []Group {
	groups := map[key]*Group{}
	for i := range s.Sessions {
		session := &s.Sessions[i]
		if !session.IsClient() {
			continue
		}
		k := keyOf(session, by)
		g := groups[k]
		if g == nil {
			g = &Group{}
			groups[k] = g
			g.fill(session, by)
		}
		g.Count++
		if session.StateS != nil && (g.OldestS == nil || *session.StateS > *g.OldestS) {
			g.OldestS = session.StateS
		}
	}
	rows := make([]Group, 0, len(groups))
	for _, g := range groups {
		rows = append(rows, *g)
	}
	slices.SortFunc(rows, func(a, b Group) int {
		return cmp.Or(b.Count-a.Count, compareText(a.Application, b.Application), compareText(a.User, b.User),
			compareText(a.Database, b.Database), compareText(a.Client, b.Client), compareText(a.State, b.State))
	})
	return rows
}

func keyOf(s *Session, by []string) key {
	var k key
	for _, name := range by {
		switch name {
		case "application":
			k.application = s.Application
		case "user":
			k.user = s.User
		case "database":
			k.database = s.Database
		case "client":
			k.client = s.Client
		case "state":
			k.state = s.State
		}
	}
	return k
}

func (g *Group) fill(s *Session, by []string) {
	for _, name := range by {
		switch name {
		case "application":
			g.Application = &s.Application
		case "user":
			g.User = &s.User
		case "database":
			g.Database = &s.Database
		case "client":
			g.Client = known(s.Client)
		case "state":
			g.State = known(s.State)
		}
	}
}

// known is nil for an empty text.
func known(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

func compareText(a, b *string) int {
	switch {
	case a == nil && b == nil:
		return 0
	case a == nil:
		return -1
	case b == nil:
		return 1
	}
	return cmp.Compare(*a, *b)
}
