package statements

import (
	"cmp"
	"math"
	"slices"
)

// identity is what two windows' rows are matched by.
type identity struct {
	signature, query, database, user, origin string
	nested                                   bool
}

func (s *Statement) identity() identity {
	i := identity{database: deref(s.Database), user: deref(s.User), origin: s.Origin, nested: slices.Contains(s.Flags, "nested"), signature: deref(s.Signature)}
	if i.signature == "" {
		i.query = s.Query
	}
	return i
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// Compare puts another window's figures beside those of now: before and change_pct of each row, the flag new where it did not run
// then, and a row of no calls with the flag vanished, at the end, where it ran then alone. Both must hold all rows.
func Compare(now, before *Slow) {
	then := make(map[identity]*Statement, len(before.Statements))
	for i := range before.Statements {
		s := &before.Statements[i]
		then[s.identity()] = s
	}
	for i := range now.Statements {
		s := &now.Statements[i]
		key := s.identity()
		old, ran := then[key]
		delete(then, key)
		switch {
		case ran:
			s.setBefore(old)
			s.Flags = slices.DeleteFunc(s.Flags, func(flag string) bool { return flag == "new" }) // its entry was, and it is not
		case !slices.Contains(s.Flags, "new"):
			s.Flags = append(s.Flags, "new")
		}
	}
	var gone []Statement
	for _, old := range then {
		gone = append(gone, old.vanished())
	}
	slices.SortFunc(gone, func(x, y Statement) int {
		return cmp.Or(-cmp.Compare(x.Before.TotalMS, y.Before.TotalMS), cmp.Compare(x.Query, y.Query))
	})
	now.Statements = append(now.Statements, gone...)
	w := before.Window
	now.Compared = &w
}

func (s *Statement) setBefore(old *Statement) {
	s.Before = &Before{Calls: old.Calls, TotalMS: old.TotalMS, MeanMS: old.MeanMS}
	if old.TotalMS > 0 {
		change := math.Round(10000*(s.TotalMS-old.TotalMS)/old.TotalMS) / 100
		s.ChangePct = &change
	}
}

// vanished is a row for a statement that ran in the other window alone.
func (s *Statement) vanished() Statement {
	v := Statement{
		Signature: s.Signature, QueryID: s.QueryID, Database: s.Database, User: s.User, Origin: s.Origin, Query: s.Query,
		Confidence: s.Confidence, Flags: []string{"vanished"},
	}
	v.setBefore(s)
	return v
}

// Weight is what an order looks at, of the orders that every source knows: total, mean, max and calls. What is not known weighs nothing.
func (s *Statement) Weight(by By) float64 {
	c := Counters{TotalMS: s.TotalMS, MeanMS: s.MeanMS, Calls: s.Calls}
	if s.MaxMS != nil {
		c.MaxMS = *s.MaxMS
	}
	return c.Weight(by)
}
