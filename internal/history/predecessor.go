package history

import (
	"context"
	"strings"
	"time"

	"avadb/internal/query"
	"avadb/internal/statements"
)

// candidate is a server whose history ended before another's began.
type candidate struct {
	ID         int32
	Node       string
	SameSystem bool `db:"same_system"`
	Newest     time.Time
}

const standbyPrefix = "standby "

// heir is what makes one server's history the continuation of another's.
type heir string

const (
	failedOver heir = "that node was the primary until then"
	promoted   heir = "it was a standby until then"
	upgraded   heir = "the cluster was made anew then, as an upgrade does"
)

// predecessor picks the one whose work a server took over; nil where there is none. A store on another server holds many clusters of
// the same port and folder: there only the system identifier tells which belong together.
func predecessor(node string, foreign bool, ended []candidate) (*candidate, heir) {
	isStandby := func(name string) bool { return strings.HasPrefix(name, standbyPrefix) }
	if isStandby(node) {
		return nil, "" // it works for nobody else
	}
	for i := range ended {
		if c := &ended[i]; c.SameSystem && !isStandby(c.Node) {
			return c, failedOver
		}
	}
	if c := theStandby(node, ended); c != nil {
		return c, promoted
	}
	for i := range ended {
		if c := &ended[i]; !c.SameSystem && !foreign && !isStandby(c.Node) {
			return c, upgraded
		}
	}
	return nil, ""
}

// theStandby is the one that became a primary. Of two with the same layout nobody can tell which.
func theStandby(node string, ended []candidate) (found *candidate) {
	for i := range ended {
		c := &ended[i]
		slot, is := strings.CutSuffix(c.Node, " "+node)
		if !c.SameSystem || !is || slot+" " != standbyPrefix && !strings.HasPrefix(slot, standbyPrefix) {
			continue
		}
		if found != nil {
			return nil
		}
		found = c
	}
	return found
}

// predecessorOf looks for it in the store.
func (s *Store) predecessorOf(ctx context.Context, server int32, node string) (*candidate, heir, error) {
	ended, err := query.Rows[candidate](ctx, s.Conn, "history/predecessors", server)
	if err != nil {
		return nil, "", err
	}
	c, why := predecessor(node, s.Foreign, ended)
	return c, why, nil
}

// mostPredecessors bounds how far back a window is followed.
const mostPredecessors = 5

// lineage is a server and its predecessors, itself first.
func (s *Store) lineage(ctx context.Context, server *Server) ([]int32, error) {
	ids, node := []int32{server.ID}, server.Node
	for len(ids) <= mostPredecessors {
		before, _, err := s.predecessorOf(ctx, ids[len(ids)-1], node)
		if err != nil || before == nil {
			return ids, err
		}
		ids, node = append(ids, before.ID), before.Node
	}
	return ids, nil
}

// addEarlier adds what predecessors hold of a window's part before a server's own history.
func (s *Store) addEarlier(ctx context.Context, server *Server, scope statements.Scope, a *answer, found bool) (bool, error) {
	id, node := server.ID, server.Node
	for range mostPredecessors {
		if found && !a.from.After(a.span.From) {
			break
		}
		before, why, err := s.predecessorOf(ctx, id, node)
		if err != nil || before == nil {
			return found, err
		}
		id, node = before.ID, before.Node
		earlier := &answer{span: Span{From: a.span.From, To: a.span.To}, groups: map[groupKey]*group{}}
		if found {
			earlier.span.To = a.from
		}
		there, err := s.piece(ctx, nil, id, earlier.span, scope, earlier)
		if err != nil {
			return found, err
		}
		if there && earlier.from.Before(earlier.to) {
			a.join(earlier, found)
			a.because("what ran before %s is from the history of %s, joined by the statements' signatures: %s", stamp(earlier.to), before.Node, why)
			found = true
		}
	}
	return found, nil
}

// join puts an earlier part before what the answer has. What ran between the two is not counted.
func (a *answer) join(earlier *answer, found bool) {
	if found {
		a.lose(earlier.to, a.from)
		a.because("between %s and %s neither of them counted: what ran then is not in the answer", stamp(earlier.to), stamp(a.from))
	} else {
		a.to = earlier.to
	}
	a.from = earlier.from
	a.lost += earlier.lost
	a.weak = a.weak || earlier.weak
	a.reasons = append(earlier.reasons, a.reasons...)
	for _, g := range earlier.groups {
		a.add(g)
	}
}
