package activity

import (
	"cmp"
	"maps"
	"slices"
)

// waitRow is a wait, or a holder of what somebody waits for.
type waitRow struct {
	Object    string // the same for both
	Waiting   bool
	PID       int32
	GID       string `db:"gid"`
	Mode      string
	LockType  string
	WaitS     *float64
	BlockedBy []int32
	Relation  string
	// RelationDatabase is that of a relation that has no name in this one; empty: the relation is of this one, or there is none.
	RelationDatabase string
}

// Blocking is a session, or a prepared transaction, that blocks others or waits for a lock. The rows are a tree, depth first: below each
// one stand those that wait for it. Who waits for several stands below the one that holds the lock.
type Blocking struct {
	Depth       int      `json:"depth" col:""`             // 0: it waits for nobody
	PID         *int32   `json:"pid" col:""`               // null: a prepared transaction, which has no session
	GID         *string  `json:"gid" col:""`               // of a prepared transaction, else null
	RootPID     *int32   `json:"root_pid" col:""`          // of the session at depth 0 above it; null: a prepared transaction
	BlockedBy   []int32  `json:"blocked_by" col:""`        // all that it waits for, 0 is a prepared transaction; empty at depth 0
	Blocks      int      `json:"blocks" col:""`            // sessions that wait for it, directly or not, wherever they stand
	WaitS       *float64 `json:"wait_s" col:"num.0"`       // seconds it has waited; null: it does not, or has just begun
	XactS       *float64 `json:"xact_s" col:"num.0"`       // age of its transaction; null: none, or not visible
	User        string   `json:"user" col:""`              // role of the session, or owner
	Application string   `json:"application" col:""`       // application_name
	Database    string   `json:"database" col:""`          // connected to
	Client      *string  `json:"client" col:""`            // address, local for a socket; null where it is not visible
	State       *string  `json:"state" col:""`             // as in pg_stat_activity; null where it is not visible
	LockType    *string  `json:"lock_type" col:""`         // of what it waits for: relation, tuple, transactionid, ...; null: it does not wait
	LockMode    *string  `json:"lock_mode" col:""`         // that it waits for; null: it does not wait
	HeldType    *string  `json:"held_type" col:""`         // of what it holds, as lock_type; transactionid: it has changed or locked a row
	HeldMode    *string  `json:"held_mode" col:""`         // that it holds on what others wait for; null: it only waits ahead of them
	Relation    *string  `json:"relation" col:""`          // that it waits for, at depth 0 that it holds; null: not known
	RelationDB  *string  `json:"relation_database" col:""` // where the relation is a number: the database in which it has a name; else null
	Deadlock    bool     `json:"deadlock" col:""`          // it is part of a circle, which the server ends after deadlock_timeout
	Pooled      *string  `json:"pooled_client" col:""`     // who uses it through PgBouncer: application and address; null: nobody, or not asked
	Query       *string  `json:"query" col:"elastic"`      // running, or the last one; null where it is not visible
	End         *string  `json:"end" col:"elastic"`        // at depth 0: the command that ends it
	EndSQL      *string  `json:"end_sql" col:""`           // the same as a statement
}

// party is a session or a prepared transaction in a tree of waits.
type party struct {
	pid int32
	gid string
}

// wait is what one session waits for.
type wait struct {
	waitRow
	blockers []party // all of them, each once, holders first
	held     map[party]string
}

// web is all waits of a server.
type web struct {
	waits    map[party]*wait
	order    []party           // those that wait, the longest first
	above    map[party]party   // whom each stands below
	below    map[party][]party // the reverse
	inCircle map[party]bool
	blocks   map[party]int // how many wait for each, directly or not
}

// newWeb reads the rows of activity/waits.
func newWeb(rows []waitRow) *web {
	w := &web{waits: map[party]*wait{}, above: map[party]party{}, below: map[party][]party{}, inCircle: map[party]bool{}}
	holders := map[string][]waitRow{}
	for _, row := range rows {
		if !row.Waiting {
			holders[row.Object] = append(holders[row.Object], row)
		} else if who := (party{pid: row.PID}); w.waits[who] == nil {
			w.waits[who] = &wait{waitRow: row, held: map[party]string{}}
			w.order = append(w.order, who)
		}
	}
	for who, one := range w.waits {
		for _, h := range holders[one.Object] {
			if holder := (party{h.PID, h.GID}); holder != who && conflict(h.Mode, one.Mode) {
				one.held[holder] = stronger(one.held[holder], h.Mode)
			}
		}
		one.findBlockers()
	}
	w.arrange()
	w.countBlocked()
	return w
}

func stronger(a, b string) string {
	if strength(b) > strength(a) {
		return b
	}
	return a
}

// findBlockers lists whom a session waits for: who holds a lock in its way before who only waits ahead of it.
func (w *wait) findBlockers() {
	all := map[party]bool{}
	for _, blocker := range w.BlockedBy {
		if blocker != 0 {
			all[party{pid: blocker}] = true
		}
	}
	if slices.Contains(w.BlockedBy, 0) {
		w.addPrepared(all)
	}
	w.blockers = slices.SortedFunc(maps.Keys(all), func(a, b party) int {
		return cmp.Or(cmp.Compare(strength(w.held[b]), strength(w.held[a])), cmp.Compare(a.pid, b.pid), cmp.Compare(a.gid, b.gid))
	})
}

// addPrepared adds the prepared transactions in the way: the server tells no more than that there are some.
func (w *wait) addPrepared(all map[party]bool) {
	found := false
	for holder := range w.held {
		if holder.pid == 0 {
			all[holder], found = true, true
		}
	}
	if !found { // it ended, or began, between the two looks
		all[party{}] = true
	}
}

// candidates are those that a session may stand below: the holders, and only without one who waits ahead.
func (w *wait) candidates() []party {
	holders := 0
	for _, b := range w.blockers {
		if _, holds := w.held[b]; holds {
			holders++
		}
	}
	if holders > 0 {
		return w.blockers[:holders]
	}
	return w.blockers
}

// arrange puts each session below one that it waits for, as near to the root as it gets. What cannot be reached from a root is a circle:
// whoever has waited the longest in it is taken for its root.
func (w *web) arrange() {
	level := w.roots()
	for {
		for len(level) > 0 {
			level = w.descend(level)
		}
		left := slices.IndexFunc(w.order, func(p party) bool { _, placed := w.above[p]; return !placed })
		if left < 0 {
			return
		}
		first := w.circleFrom(w.order[left])
		w.above[first] = first
		level = []party{first}
	}
}

// roots are those that others wait for and that wait for nobody.
func (w *web) roots() []party {
	var roots []party
	seen := map[party]bool{}
	for _, who := range w.order {
		for _, blocker := range w.waits[who].blockers {
			if w.waits[blocker] == nil && !seen[blocker] {
				seen[blocker] = true
				roots = append(roots, blocker)
			}
		}
	}
	return roots
}

// descend places whoever waits for one of these, and gives them.
func (w *web) descend(level []party) (next []party) {
	in := map[party]bool{}
	for _, p := range level {
		in[p] = true
	}
	for _, who := range w.order {
		if _, placed := w.above[who]; placed {
			continue
		}
		candidates := w.waits[who].candidates()
		if i := slices.IndexFunc(candidates, func(p party) bool { return in[p] }); i >= 0 {
			w.above[who] = candidates[i]
			w.below[candidates[i]] = append(w.below[candidates[i]], who)
			next = append(next, who)
		}
	}
	return next
}

// circleFrom follows the waits from a session that no root leads to until it meets itself, and marks that circle.
func (w *web) circleFrom(start party) party {
	var path []party
	for at := start; ; {
		if i := slices.Index(path, at); i >= 0 {
			for _, p := range path[i:] {
				w.inCircle[p] = true
			}
			return at
		}
		path = append(path, at)
		next := slices.IndexFunc(w.waits[at].candidates(), func(p party) bool {
			_, placed := w.above[p]
			return w.waits[p] != nil && !placed
		})
		if next < 0 {
			return at
		}
		at = w.waits[at].candidates()[next]
	}
}

// Blocking gives the trees of waits, the one with the most sessions first.
func (s *Snapshot) Blocking(ends Ends) []Blocking {
	w := newWeb(s.waits)
	roots := w.roots()
	for p := range w.above {
		if w.above[p] == p {
			roots = append(roots, p)
		}
	}
	slices.SortStableFunc(roots, func(a, b party) int {
		return cmp.Or(w.blocks[b]-w.blocks[a], cmp.Compare(a.pid, b.pid), cmp.Compare(a.gid, b.gid))
	})
	var rows []Blocking
	for _, root := range roots {
		rows = append(rows, w.branch(s, root, root, 0, ends)...)
	}
	return rows
}

// countBlocked counts for each party who waits for it, wherever that one stands in the tree: a set of bits for each wait says for whom it is.
func (w *web) countBlocked() {
	number, parties := map[party]int{}, []party{}
	for _, who := range w.order {
		for _, p := range append([]party{who}, w.waits[who].blockers...) {
			if _, known := number[p]; !known {
				number[p] = len(parties)
				parties = append(parties, p)
			}
		}
	}
	const bits = 64
	waitsFor := make([][]uint64, len(parties))
	for i := range waitsFor {
		waitsFor[i] = make([]uint64, len(parties)/bits+1)
	}
	for changed := true; changed; {
		changed = false
		for _, who := range w.order {
			mine := waitsFor[number[who]]
			for _, blocker := range w.waits[who].blockers {
				b := number[blocker]
				changed = include(mine, waitsFor[b], b/bits, 1<<(b%bits)) || changed
			}
		}
	}
	w.blocks = map[party]int{}
	for _, who := range w.order {
		for i, p := range parties {
			if p != who && waitsFor[number[who]][i/bits]&(1<<(i%bits)) != 0 {
				w.blocks[p]++
			}
		}
	}
}

// include adds a set and one more bit to another set, and tells whether that had lacked any.
func include(set, other []uint64, word int, bit uint64) (changed bool) {
	for i := range set {
		more := set[i] | other[i]
		if i == word {
			more |= bit
		}
		changed = changed || more != set[i]
		set[i] = more
	}
	return changed
}

func (w *web) branch(s *Snapshot, p, root party, depth int, ends Ends) []Blocking {
	row := w.row(s, p)
	row.Depth = depth
	if root.pid != 0 {
		row.RootPID = &root.pid
	}
	if depth == 0 {
		row.end(s, p, ends)
	}
	rows := []Blocking{row}
	for _, child := range w.below[p] {
		rows = append(rows, w.branch(s, child, root, depth+1, ends)...)
	}
	return rows
}

func (w *web) row(s *Snapshot, p party) Blocking {
	row := Blocking{Blocks: w.blocks[p], Deadlock: w.inCircle[p]}
	if held, one := w.holds(p); held != "" {
		row.HeldType, row.HeldMode, row.Relation, row.RelationDB = &one.LockType, &held, known(one.Relation), known(one.RelationDatabase)
	}
	if one := w.waits[p]; one != nil {
		row.BlockedBy, row.WaitS = slices.Compact(slices.Sorted(slices.Values(one.BlockedBy))), one.WaitS
		row.LockType, row.LockMode, row.Relation, row.RelationDB = &one.LockType, &one.Mode, known(one.Relation), known(one.RelationDatabase)
	}
	row.describe(s, p)
	return row
}

// holds gives the strongest mode in which a party holds what others wait for, and the first wait for that: of several, one that knows
// the relation.
func (w *web) holds(p party) (mode string, first *wait) {
	for _, who := range w.order {
		one := w.waits[who]
		held := one.held[p]
		if strength(held) > strength(mode) || held != "" && held == mode && first.Relation == "" && one.Relation != "" && one.LockType == first.LockType {
			mode, first = held, one
		}
	}
	return mode, first
}

// Lock tells in words what a session waits for, else what it holds that others wait for; empty where neither is known. It says nothing of the
// relation.
func (b *Blocking) Lock() string {
	switch {
	case b.LockMode != nil:
		return b.waitsFor()
	case b.HeldMode == nil:
		return ""
	case *b.HeldType == "transactionid" && b.Relation != nil: // the mode of a transaction's lock on itself says nothing
		return "changed or locked a row"
	case *b.HeldType == "transactionid", *b.HeldType == "virtualxid":
		return "holds its transaction"
	case *b.HeldType == "relation":
		return "holds " + *b.HeldMode
	}
	return "holds " + *b.HeldMode + " (" + *b.HeldType + ")"
}

func (b *Blocking) waitsFor() string {
	switch {
	case *b.LockType == "relation":
		return "waits for " + *b.LockMode
	case *b.LockType == "tuple", *b.LockType == "transactionid" && b.Relation != nil:
		return "waits for a row"
	case *b.LockType == "transactionid", *b.LockType == "virtualxid":
		return "waits for a transaction"
	}
	return "waits for " + *b.LockMode + " (" + *b.LockType + ")"
}

func (b *Blocking) describe(s *Snapshot, p party) {
	if p.pid == 0 {
		gid, state := p.gid, "prepared"
		b.GID, b.State = &gid, &state
		for _, prepared := range s.prepared {
			if prepared.GID == p.gid {
				b.User, b.Database, b.XactS = prepared.User, prepared.Database, &prepared.XactS
			}
		}
		return
	}
	b.PID = &p.pid
	session := s.session(p.pid)
	if session == nil { // it came after the sessions were read
		return
	}
	b.User, b.Application, b.Database, b.XactS = session.User, session.Application, session.Database, session.XactS
	b.Client, b.State, b.Pooled = known(session.Client), known(session.State), s.pooledClient(p.pid)
	if session.BackendType != "" {
		b.Query = &session.Query
	}
}

// end is how to end a root.
func (b *Blocking) end(s *Snapshot, p party, ends Ends) {
	command, statement := "", ""
	switch session := s.session(p.pid); {
	case p.pid == 0 && p.gid == "":
		return
	case p.pid == 0:
		command, statement = s.endPrepared(p.gid)
	case session == nil:
		return
	default:
		command, statement = ends.session(session), EndSQL(p.pid)
	}
	b.End, b.EndSQL = known(command), known(statement)
}
