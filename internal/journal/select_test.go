package journal

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"avadb/internal/fault"
)

func setting(name, before, ours string) Record {
	r := Record{Kind: SystemSetting, Name: name, Ours: Present(ours), State: Written}
	if before != "" {
		r.Before = Present(before)
	}
	return r
}

// history is what most tests select from: two sets that stand, one undone, a rollback, one left open.
func history() []*Set {
	by := "04"
	return []*Set{
		{ID: "01", State: SetApplied, Items: []Record{setting("work_mem", "4MB", "8MB"), setting("jit", "", "off")}},
		{ID: "02", State: SetApplied, Items: []Record{setting("WORK_MEM", "8MB", "16MB")}},
		{ID: "03", State: SetUndone, UndoneBy: &by, Items: []Record{setting("jit", "off", "on")}},
		{ID: "04", State: SetApplied, Undoes: []string{"03"}, Items: []Record{setting("jit", "on", "off")}},
		{ID: "05", State: SetOpen, Items: []Record{setting("port", "", "1")}},
	}
}

func TestTargets(t *testing.T) {
	for _, c := range []struct {
		name string
		sel  Selection
		want string
		kind fault.Kind
	}{
		{"the newest", Selection{}, "05", ""},
		{"exactly one", Selection{ID: "01"}, "01", ""},
		{"a rollback", Selection{ID: "04"}, "04", ""},
		{"newer than", Selection{To: "01"}, "02 05", ""},
		{"newer than the newest", Selection{To: "05"}, "", ""},
		{"all", Selection{All: true}, "01 02 05", ""},
		{"unknown", Selection{ID: "09"}, "", fault.NotFound},
		{"of several", Selection{To: "0"}, "", fault.Usage},
	} {
		targets, err := Targets(history(), c.sel)
		var ids []string
		for _, s := range targets {
			ids = append(ids, s.ID)
		}
		if strings.Join(ids, " ") != c.want || (err != nil) != (c.kind != "") || err != nil && fault.KindOf(err) != c.kind {
			t.Errorf("%s: %v, %v; want %s", c.name, ids, err, c.want)
		}
	}
	if targets, err := Targets(nil, Selection{}); len(targets) != 0 || err != nil {
		t.Errorf("an empty journal: %v, %v", targets, err)
	}
}

func TestEventsAreNeverTargets(t *testing.T) {
	sets := append(history(), &Set{ID: "06", Command: "slowlog drop", State: SetApplied, Items: []Record{{Kind: EventKind, Name: "drop", State: Written}}})
	for _, sel := range []Selection{{}, {All: true}, {To: "01"}} {
		targets, err := Targets(sets, sel)
		if err != nil || targets[len(targets)-1].ID != "05" {
			t.Errorf("%+v: %v, %v", sel, targets, err)
		}
	}
	if _, err := Targets(sets, Selection{ID: "06"}); err == nil || fault.KindOf(err) != fault.Usage {
		t.Error(err)
	}
}

func TestMergedKeepsRolesOfDifferentCaseApart(t *testing.T) {
	role := func(name string) Record {
		return Record{Kind: RoleSetting, Name: `ROLE "` + name + `" work_mem`, Ours: Present("1MB"), State: Written}
	}
	sets := []*Set{{ID: "01", State: SetApplied, Items: []Record{role("app"), role("APP")}}}
	if merged, err := Merged(sets, []string{"work_mem"}); err != nil || len(merged) != 2 {
		t.Errorf("%+v, %v", merged, err)
	}
}

func TestMerged(t *testing.T) {
	merged, err := Merged(history()[:2], nil)
	if err != nil || len(merged) != 2 {
		t.Fatal(merged, err)
	}
	if r := merged[1]; r.Name != "work_mem" || r.Before.Text() != "4MB" || r.Ours.Text() != "16MB" {
		t.Errorf("the oldest before and the newest ours: %+v", r)
	}
	if merged, err = Merged(history()[:2], []string{"JIT"}); err != nil || len(merged) != 1 || merged[0].Name != "jit" {
		t.Errorf("only jit: %+v, %v", merged, err)
	}
	_, err = Merged(history()[:2], []string{"jit", "port"})
	if f := fault.As(err); f == nil || f.Kind != fault.Usage || !strings.Contains(f.Hint, "work_mem") {
		t.Errorf("an unknown name: %v", err)
	}
}

// What a record says is only worth what became of it: one that was undone stands no more, one left by a crash may stand.
func TestMergedByProgress(t *testing.T) {
	in := func(state Progress, before, ours string) Record {
		r := setting("work_mem", before, ours)
		r.State = state
		return r
	}
	same := func(a, b State) bool { return a.Present == b.Present && a.Text() == b.Text() }
	for _, c := range []struct {
		name    string
		records []Record // one a set, oldest first
		now     string
		want    Action
	}{
		{"the newer one undone", []Record{in(Written, "4MB", "8MB"), in(RolledBack, "8MB", "16MB")}, "8MB", Restored},
		{"the older one undone", []Record{in(RolledBack, "4MB", "8MB"), in(Written, "5MB", "16MB")}, "5MB", Unchanged},
		{"never written", []Record{in(Written, "4MB", "8MB"), in(Pending, "8MB", "16MB")}, "8MB", Restored},
		{"written before the crash", []Record{in(Written, "4MB", "8MB"), in(Pending, "8MB", "16MB")}, "16MB", Restored},
		{"failed twice", []Record{in(Written, "4MB", "8MB"), in(FailedItem, "8MB", "16MB"), in(FailedItem, "8MB", "32MB")}, "8MB", Restored},
		{"failed, then written", []Record{in(FailedItem, "4MB", "8MB"), in(Written, "4MB", "16MB")}, "8MB", Kept},
		{"somebody else's", []Record{in(Written, "4MB", "8MB"), in(Pending, "8MB", "16MB")}, "9MB", Kept},
	} {
		var sets []*Set
		for _, r := range c.records {
			sets = append(sets, &Set{State: SetApplied, Items: []Record{r}})
		}
		merged, err := Merged(sets, nil)
		if err != nil || len(merged) != 1 {
			t.Errorf("%s: %+v, %v", c.name, merged, err)
			continue
		}
		if got, _ := Decide(merged[0], Present(c.now), same, false); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestMergedOfWhatWasUndone(t *testing.T) {
	undone := setting("jit", "", "off")
	undone.State = RolledBack
	for _, c := range []struct {
		name  string
		state SetState
		only  []string
		want  string
	}{
		{"the rest of a set", SetApplied, nil, "work_mem"},
		{"asked for by name", SetApplied, []string{"jit"}, "jit"},
		{"a set gone over wholly, by its ID", SetUndone, nil, "work_mem jit"},
	} {
		merged, err := Merged([]*Set{{State: c.state, Items: []Record{undone, setting("work_mem", "", "1MB")}}}, c.only)
		if got := strings.Join(names(merged), " "); err != nil || got != c.want {
			t.Errorf("%s: %s, %v; want %s", c.name, got, err, c.want)
		}
	}
}

func TestLibraryLeavesLast(t *testing.T) {
	library := Record{Kind: PreloadEntry, Name: "x", Ours: Present("x")}
	extension := Record{Kind: ExtensionKind, Name: "x", Database: "app", Ours: Present("1")}
	merged, err := Merged([]*Set{{Items: []Record{extension}}, {Items: []Record{library}}}, nil)
	if err != nil || len(merged) != 2 || merged[0].Kind != ExtensionKind {
		t.Errorf("%+v, %v", merged, err)
	}
}

func TestDecide(t *testing.T) {
	same := func(a, b State) bool { return a.Present == b.Present && a.Text() == b.Text() }
	final := setting("x", "1", "2")
	final.Irreversible = true
	created := setting("x", "", "2")
	created.Irreversible = true
	for _, c := range []struct {
		name   string
		record Record
		now    State
		force  bool
		want   Action
	}{
		{"as before", setting("x", "1", "2"), Present("1"), false, Unchanged},
		{"absent as before", setting("x", "", "2"), Absent(), false, Unchanged},
		{"as avadb wrote", setting("x", "1", "2"), Present("2"), false, Restored},
		{"somebody else's", setting("x", "1", "2"), Present("3"), false, Kept},
		{"taken out by somebody", setting("x", "1", "2"), Absent(), false, Kept},
		{"an empty value is not absent", setting("x", "", "2"), Present(""), false, Kept},
		{"forced", setting("x", "1", "2"), Present("3"), true, Restored},
		{"irreversible", final, Present("2"), true, Kept},
		{"irreversible, back by itself", final, Present("1"), false, Unchanged},
		{"irreversible, of what avadb made", created, Present("2"), false, Restored},
	} {
		got, reason := Decide(c.record, c.now, same, c.force)
		if got != c.want || (reason != "") != (got == Kept) {
			t.Errorf("%s: %s (%s), want %s", c.name, got, reason, c.want)
		}
	}
}

// Each item that was kept is named with the oldest set that holds it: --force on a newer one would bring back avadb's own value.
func TestStillKept(t *testing.T) {
	set := func(id string, names ...string) *Set {
		s := &Set{ID: id}
		for _, name := range names {
			s.Items = append(s.Items, Record{Kind: SystemSetting, Name: name})
		}
		return s
	}
	targets := []*Set{set("a", "x", "y"), set("b", "x", "z", "w"), set("c", "y")}
	item := func(name string, action Action, reason string) Undo {
		return Undo{Kind: SystemSetting, Name: name, Action: action, Reason: reason}
	}
	items := []Undo{item("x", Kept, ChangedSince), item("y", Restored, ""), item("z", Kept, ChangedSince), item("w", Kept, "it cannot be undone")}
	want := []KeptOf{{"b", []string{"z"}}, {"a", []string{"x"}}}
	if got := StillKept(targets, items); !reflect.DeepEqual(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

// Sets keep their order where the clock goes back, or is that of another host.
func TestNextID(t *testing.T) {
	first, err := NextID(nil, time.Now())
	if err != nil || first <= "0190" {
		t.Fatal(first, err)
	}
	ahead := "02f00000-0000-7fff-bfff-ffffffffffff" // the year 2072
	var sets []*Set
	for _, id := range []string{ahead, first} {
		sets = append(sets, &Set{ID: id})
	}
	for range 3 {
		next, err := NextID(sets, time.Now())
		if err != nil || next <= ahead || !strings.HasPrefix(next, "02f00000-000") || next[14] != '7' {
			t.Fatal(next, err)
		}
		ahead, sets = next, append(sets, &Set{ID: next})
	}
	for _, id := range []string{"ffffffff-ffff-7fff-bfff-ffffffffffff", "not one"} {
		if next, err := NextID([]*Set{{ID: id}}, time.Now()); err != nil || next < first[:8] {
			t.Error(id, next, err)
		}
	}
}

func TestFindAndShortIDs(t *testing.T) {
	sets := []*Set{
		{ID: "01990000-aaaa-7000-8000-000000000001"},
		{ID: "01990000-aaaa-7000-8000-000000000002"},
		{ID: "01990000-bbbb-7000-8000-000000000003"},
		{ID: "02000000-aaaa-7000-8000-000000000004"},
	}
	short := ShortIDs(sets)
	for _, s := range sets {
		if found, err := Find(sets, strings.ToUpper(short[s.ID])); err != nil || found != s {
			t.Errorf("%s for %s: %v", short[s.ID], s.ID, err)
		}
	}
	if short[sets[3].ID] != "02000000" || short[sets[2].ID] != "01990000-b" {
		t.Errorf("%v", short)
	}
	if _, err := Find(sets, ""); fault.KindOf(err) != fault.NotFound {
		t.Errorf("an empty prefix: %v", err)
	}
	if _, err := Find(sets, "0199"); fault.KindOf(err) != fault.Usage || !strings.Contains(fault.As(err).Hint, sets[0].ID) {
		t.Errorf("of several: %v", err)
	}
}

func TestConclude(t *testing.T) {
	undo := func(name string, a Action) Undo { return Undo{Kind: SystemSetting, Name: name, Action: a} }
	for _, c := range []struct {
		name  string
		items []Undo
		state SetState
		marks string
	}{
		{"all of it", []Undo{undo("work_mem", Restored), undo("jit", Unchanged)}, SetUndone, "undone undone"},
		{"one kept", []Undo{undo("work_mem", Kept), undo("jit", Restored)}, SetUndone, "kept undone"},
		{"one failed", []Undo{undo("work_mem", Failing), undo("jit", Restored)}, SetApplied, "applied undone"},
		{"a part", []Undo{undo("jit", Restored)}, SetApplied, "applied undone"},
	} {
		sets := history()
		changed := Conclude(sets, sets[:1], c.items, "06")
		marks := string(sets[0].Items[0].State) + " " + string(sets[0].Items[1].State)
		if sets[0].State != c.state || marks != c.marks || (sets[0].UndoneBy != nil) != (c.state == SetUndone) || !slices.Equal(changed, sets[:1]) {
			t.Errorf("%s: %s, %s", c.name, sets[0].State, marks)
		}
	}
	sets := history()
	Conclude(sets, sets[3:4], []Undo{undo("jit", Restored)}, "06") // undoes the rollback 04
	if sets[3].State != SetUndone || sets[2].State != SetApplied || sets[2].UndoneBy != nil || sets[2].Items[0].State != Written {
		t.Errorf("the set that stands again: %+v", sets[2])
	}
	sets = history()
	sets[0].Items[1].State = RolledBack // by a rollback of this one item, which left the set as it was
	sets = append(sets, &Set{ID: "06", State: SetApplied, Undoes: []string{"01"}, Items: []Record{setting("jit", "off", "")}})
	changed := Conclude(sets, sets[5:], []Undo{undo("jit", Restored)}, "07")
	if len(changed) != 2 || sets[0].State != SetApplied || sets[0].Items[1].State != Written {
		t.Errorf("after the rollback of a part was undone: %+v", sets[0])
	}
	by := "08"
	sets[0].State, sets[0].UndoneBy = SetUndone, &by // by a later one
	Conclude(sets, sets[5:], []Undo{undo("jit", Restored)}, "09")
	if sets[0].State != SetApplied || sets[0].UndoneBy != nil {
		t.Errorf("a set that a later rollback closed: %+v", sets[0])
	}
	sets = append(history(), &Set{ID: "06", State: SetOpen, Undoes: []string{"05"}})
	Conclude(sets, sets[4:5], []Undo{undo("port", Restored)}, "07")
	if sets[5].State != SetUndone || *sets[5].UndoneBy != "07" {
		t.Errorf("the interrupted rollback: %+v", sets[5])
	}
}

func TestNodeIs(t *testing.T) {
	one := Node{SystemIdentifier: "7", Port: 5432, DataDirectory: "/a", Address: "local"}
	for _, c := range []struct {
		other Node
		want  bool
	}{
		{Node{SystemIdentifier: "7", Port: 5432, DataDirectory: "/a", Address: "127.0.0.1"}, true},
		{Node{SystemIdentifier: "7", Port: 5432}, true},
		{Node{SystemIdentifier: "7", Port: 5433, DataDirectory: "/a"}, false},
		{Node{SystemIdentifier: "7", Port: 5432, DataDirectory: "/b"}, false},
		{Node{SystemIdentifier: "8", Port: 5432, DataDirectory: "/a"}, false},
	} {
		if one.Is(c.other) != c.want || c.other.Is(one) != c.want {
			t.Errorf("%+v: want %v", c.other, c.want)
		}
	}
}

// The newer of two sets had lost the item before the rollback that is now undone: only the older one's value comes back.
func TestStandingAgainAfterAPart(t *testing.T) {
	by := "06"
	sets := history()[:2]
	for _, s := range sets {
		s.State, s.UndoneBy, s.Items[0].State = SetUndone, &by, RolledBack
	}
	sets = append(sets, &Set{ID: "06", State: SetApplied, Undoes: []string{"01", "02"}, Items: []Record{setting("work_mem", "8MB", "4MB")}})
	Conclude(sets, sets[2:], []Undo{{Kind: SystemSetting, Name: "work_mem", Before: Present("8MB"), Action: Restored}}, "07")
	if sets[0].State != SetApplied || sets[0].Items[0].State != Written || sets[1].Items[0].State != RolledBack || sets[1].State != SetUndone {
		t.Errorf("%+v, %+v", sets[0], sets[1])
	}
}

// Two hosts in the usual layout have port and data directory in common.
func TestNodeIsAfterAPromotion(t *testing.T) {
	node := func(timeline int, inRecovery bool) Node {
		return Node{SystemIdentifier: "7", Port: 5432, DataDirectory: "/a", Timeline: timeline, InRecovery: inRecovery}
	}
	for _, c := range []struct {
		name      string
		then, now Node
		want      bool
	}{
		{"after a crash", node(1, false), node(1, false), true},
		{"a standby was promoted", node(1, false), node(2, false), false},
		{"a standby promoted itself", node(1, true), node(2, false), false},
		{"its standby", node(1, false), node(1, true), false},
		{"a standby follows a new primary", node(1, true), node(2, true), true},
		{"not known then", node(0, false), node(2, false), true},
		{"not known now", node(1, false), node(0, false), true},
	} {
		if got := c.then.Is(c.now); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

// What a journal names becomes a path.
func TestParseSet(t *testing.T) {
	const id = "01990000-aaaa-7000-8000-000000000001"
	for _, c := range []struct {
		id, system string
		valid      bool
	}{
		{id, "7361234567890123456", true},
		{"../../x", "7361234567890123456", false},
		{"", "7361234567890123456", false},
		{strings.ToUpper(id), "7361234567890123456", false},
		{"{" + id + "}", "7361234567890123456", false},
		{id, "..", false},
		{id, "", false},
		{id, "+7", false},
		{id, "7/..", false},
	} {
		set, err := parseSet([]byte(`{"id": "` + c.id + `", "node": {"system_identifier": "` + c.system + `"}}`))
		if (err == nil) != c.valid || (set != nil) != c.valid {
			t.Errorf("%q of %q: %v", c.id, c.system, err)
		}
	}
}

func TestEscapeNonASCII(t *testing.T) {
	for text, want := range map[string]string{"a": "a", "\u00e9": `\u00e9`, "\U0001F418": `\ud83d\udc18`, `{"x":"\u4e2d"}`: `{"x":"\u4e2d"}`, "\u4e2d": `\u4e2d`} {
		if got := escapeNonASCII([]byte(text)); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}
