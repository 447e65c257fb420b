package history

import (
	"strings"
	"testing"
	"time"

	"avadb/internal/fingerprint"
)

func TestPredecessor(t *testing.T) {
	const me = "port 5432 /data"
	old, replaced, itself := candidate{ID: 1, Node: me}, candidate{ID: 2, Node: "port 5433 /other", SameSystem: true}, candidate{ID: 3, Node: "standby " + me, SameSystem: true}
	for _, c := range []struct {
		name, node string
		foreign    bool
		ended      []candidate
		want       int32
		why        heir
	}{
		{"nobody", me, false, nil, 0, ""},
		{"upgraded in place", me, false, []candidate{old}, 1, upgraded},
		{"a store of many servers knows no upgrade", me, true, []candidate{old}, 0, ""},
		{"failed over", me, true, []candidate{old, itself, replaced}, 2, failedOver},
		{"promoted, and the primary was not watched", me, true, []candidate{itself, old}, 3, promoted},
		{"promoted, of two with slots", me, true, []candidate{{ID: 5, Node: "standby b port 1 /x", SameSystem: true}, {ID: 6, Node: "standby a " + me, SameSystem: true}}, 6, promoted},
		{"one of two standbys of one layout", me, true, []candidate{{ID: 5, Node: "standby b " + me, SameSystem: true}, {ID: 6, Node: "standby a " + me, SameSystem: true}}, 0, ""},
		{"another standby's work was its own", me, false, []candidate{{ID: 4, Node: "standby port 1 /x", SameSystem: true}}, 0, ""},
		{"a standby has none", "standby " + me, false, []candidate{old, replaced}, 0, ""},
		{"the latest", me, false, []candidate{{ID: 9, Node: "port 1", SameSystem: true}, replaced}, 9, failedOver},
	} {
		got, why := predecessor(c.node, c.foreign, c.ended)
		var id int32
		if got != nil {
			id = got.ID
		}
		if id != c.want || why != c.why {
			t.Errorf("%s: server %d because %q, want %d because %q", c.name, id, why, c.want, c.why)
		}
	}
}

// An upgrade and a failover are what they are for a store: the server is known by another name from then on.
func TestWindowOverPredecessors(t *testing.T) {
	r := newRig(t)
	begin := time.Now().Add(-time.Minute)
	for _, name := range []string{"system_identifier = '1'", "node = 'port 1 /elsewhere'"} {
		c := r.collector(t)
		collect(t, c)
		r.count(t, 2)
		collect(t, c)
		stop(t, c)
		r.count(t, 1) // nobody is there to count it
		run(t, r.admin, "UPDATE avadb.server SET "+name+" WHERE id = (SELECT max(id) FROM avadb.server)")
	}
	before := r.lastSnapshot(t)
	c := r.collector(t)
	collect(t, c)
	r.count(t, 4)
	answer := r.window(t, begin, time.Now(), true)
	if calls, _, _ := callsOf(answer, "counting"); calls != 8 || len(answer.Statements) == 0 {
		t.Errorf("%d calls, want 2 + 2 + 4", calls)
	}
	all := strings.Join(answer.Window.Reasons, "\n")
	for _, want := range []string{string(upgraded), string(failedOver), "port 1 /elsewhere", "the first snapshot of the window", "neither of them counted"} {
		if !strings.Contains(all, want) {
			t.Errorf("the reasons do not say %q:\n%s", want, all)
		}
	}
	if answer.Window.Confidence != "lower_bound" || *answer.Window.CoveragePct >= 100 {
		t.Errorf("the window is %s and covered to %g%%", answer.Window.Confidence, *answer.Window.CoveragePct)
	}
	past := r.window(t, begin, before, false) // it ends before the server's own history begins
	if calls, _, _ := callsOf(past, "counting"); calls != 4 || past.Window.CoveredTo.After(before) {
		t.Errorf("%d calls up to %s, want 4 up to %s", calls, past.Window.CoveredTo, before)
	}
}

// The course of a statement goes over its predecessors, too.
func TestPoints(t *testing.T) {
	r := newRig(t)
	begin := time.Now().Add(-time.Hour)
	for range 2 {
		c := r.collector(t)
		collect(t, c)
		r.count(t, 2)
		collect(t, c)
		stop(t, c)
		run(t, r.admin, "UPDATE avadb.server SET node = 'port 1 /elsewhere' WHERE id = 1")
	}
	conn := connect(t, shared.DSN(r.Name))
	store, err := Open(t.Context(), conn, r.options().StoreOptions)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	server, err := store.Find(t.Context(), conn.Server)
	if err != nil {
		t.Fatal(err)
	}
	of := fingerprint.Of(counting)
	known, err := store.Signature(t.Context(), server, of)
	if err != nil || len(known) != 1 || *known[0].Database != r.Name || fingerprint.Of(known[0].Query) != of {
		t.Fatalf("known is %+v, %v", known, err)
	}
	points, err := store.Points(t.Context(), server, of, Span{From: begin, To: time.Now()})
	if err != nil || len(points) != mostPoints {
		t.Fatalf("%d points, %v", len(points), err)
	}
	if first := points[0]; first.Calls != nil || first.MeanMS != nil || !first.From.Equal(begin.Truncate(time.Microsecond)) {
		t.Errorf("the first step is %+v, and nobody has collected in it", first)
	}
	if end := points[mostPoints-1]; end.Calls == nil || *end.Calls != 4 || end.MeanMS == nil || *end.MeanMS <= 0 {
		t.Errorf("the last step is %+v, want 2 + 2 calls", end)
	}
	if few, err := store.Points(t.Context(), server, of, Span{From: begin, To: begin.Add(150 * time.Second)}); err != nil || len(few) != 2 {
		t.Errorf("%d points of 150 seconds, %v; a step is a minute or longer", len(few), err)
	}
}

func (r *rig) lastSnapshot(t *testing.T) time.Time {
	t.Helper()
	var at time.Time
	if err := r.admin.QueryRow(t.Context(), "SELECT max(taken_at) FROM avadb.snapshot").Scan(&at); err != nil {
		t.Fatal(err)
	}
	return at
}
