package warmup

import (
	"slices"
	"testing"
	"time"
)

const block = 8192

func state(relations ...Relation) *State {
	at := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	since := at.Add(-48 * time.Hour)
	return &State{BlockSize: block, NBuffers: 16384, Now: at, StartedAt: at.Add(-time.Minute), CountersSince: &since, Relations: relations, Buffers: Buffers{Bytes: 16384 * block}}
}

func names(p *Plan) []string {
	var out []string
	for _, r := range p.Rows {
		out = append(out, r.Relation)
	}
	return out
}

func TestLargestBenefitFirst(t *testing.T) {
	p := NewPlan(state(
		Relation{Name: "scanned twice", Kind: "table", Blocks: 1000, Asked: 2000},
		Relation{Name: "hot index", Kind: "index", Blocks: 10, Asked: 900},
		Relation{Name: "never", Kind: "table", Blocks: 10},
		Relation{Name: "catalogue", Kind: "catalog", Blocks: 20, Asked: 100},
	), 0)
	if want := []string{"hot index", "catalogue", "scanned twice"}; !slices.Equal(names(p), want) || p.BySize {
		t.Errorf("%q", names(p))
	}
	if p.Memory != 12288*block || p.PlannedBytes() != 1030*block {
		t.Errorf("memory %d, planned %d", p.Memory, p.PlannedBytes())
	}
}

func TestBySizeWhereTheCountersAreLost(t *testing.T) {
	s := state(
		Relation{Name: "big", Kind: "table", Blocks: 1000},
		Relation{Name: "small", Kind: "table", Blocks: 10},
		Relation{Name: "index", Kind: "index", Blocks: 500},
		Relation{Name: "catalogue", Kind: "catalog", Blocks: 700},
		Relation{Name: "asked since", Kind: "table", Blocks: 2000, Asked: 1},
	)
	since := s.StartedAt.Add(time.Second)
	s.CountersSince = &since
	p := NewPlan(s, 0)
	if want := []string{"asked since", "catalogue", "index", "small", "big"}; !slices.Equal(names(p), want) || !p.BySize {
		t.Errorf("%q", names(p))
	}
	s.Now = s.Now.Add(2 * time.Hour) // by then they tell enough
	if NewPlan(s, 0).BySize {
		t.Error("counters of two hours count as lost")
	}
}

func TestMemoryIsKeptTo(t *testing.T) {
	relations := []Relation{
		{Name: "a", Kind: "index", Blocks: 100, Asked: 1000},
		{Name: "b", Kind: "table", Blocks: 5000, Asked: 10000},
		{Name: "c", Kind: "table", Blocks: 5000, Asked: 5000},
	}
	p := NewPlan(state(relations...), 3000*block)
	if p.PlannedBytes() != 3000*block || p.Rows[1].PlannedBytes != 2900*block || p.Rows[1].Reason == "" || p.Rows[2].Action != NoRoom {
		t.Errorf("%+v", p.Rows)
	}
	if last := p.Rows[1].ranges[len(p.Rows[1].ranges)-1]; last.last != 2899 {
		t.Errorf("%+v", p.Rows[1].ranges)
	}
}

func TestWhatIsThereIsLeftOut(t *testing.T) {
	used := int64(15000 * block)
	s := state(
		Relation{Name: "whole", Kind: "table", Blocks: 3000, Asked: 9000, pieces: map[int64]int64{0: 2048, 1: 952}},
		Relation{Name: "half", Kind: "table", Blocks: 5000, Asked: 5000, pieces: map[int64]int64{0: 2048, 1: 48}},
	)
	s.Buffers.UsedBytes = &used
	p := NewPlan(s, 0)
	if p.Memory != 1384*block { // what is free
		t.Errorf("memory %d", p.Memory/block)
	}
	whole, half := p.Rows[0], p.Rows[1]
	if whole.Action != Resident || whole.PlannedBytes != 0 || half.ranges[0].first != 2048 || half.PlannedBytes != 1384*block {
		t.Errorf("%+v", p.Rows)
	}
	p = NewPlan(s, 1<<40)
	if got := p.Rows[1]; got.PlannedBytes != (5000-2096)*block || *got.ResidentBytes != 2096*block || len(got.ranges) != 2 {
		t.Errorf("%+v", got)
	}
}

func TestGuess(t *testing.T) {
	s := state(
		Relation{Name: "public.orders", Table: "orders"}, Relation{Name: "public.orders_pkey", Table: "orders"},
		Relation{Name: `public."Odd name"`, Table: "Odd name"}, Relation{Name: "public.lines", Table: "lines"}, Relation{Name: "pg_catalog.pg_class"},
	)
	s.guess([]told{
		{Query: "SELECT * FROM ORDERS AS o JOIN lines ON lines.id = o.id WHERE note = 'Odd name' AND orders.x = $1", Blocks: 300},
		{Query: `SELECT * FROM "Odd name", "orders"`, Blocks: 30},
		{Query: `SELECT * FROM orders_pkey, "Lines", "public.lines"`, Blocks: 1000},
	})
	var got []float64
	for _, r := range s.Relations {
		got = append(got, r.told)
	}
	if want := []float64{110, 110, 10, 100, 0}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestFolded(t *testing.T) {
	half, four := 0.5, 4.0
	rows := []Row{
		{Relation: "a", Kind: "index", Action: Loaded},
		{Relation: "pg_class", Kind: "catalog", Bytes: 100, PlannedBytes: 50, LoadedBytes: 50, Benefit: &four, Action: Loaded},
		{Relation: "b", Kind: "table", Action: Skipped, Reason: "why"},
		{Relation: "pg_proc", Kind: "catalog", Bytes: 300, Benefit: &half, Action: Resident},
	}
	folded := Folded(rows)
	whole := folded[1]
	if len(folded) != 3 || folded[0].Relation != "a" || folded[2].Reason != "why" || whole.Action != Loaded || whole.Bytes != 400 || whole.PlannedBytes != 50 || *whole.Benefit != 1.375 {
		t.Errorf("%+v", folded)
	}
	rows[3].Action = Skipped
	if whole := Folded(rows)[1]; whole.Action != Partial || whole.Reason == "" {
		t.Errorf("%+v", whole)
	}
	rows[1].Action, rows[3].Action = Resident, Resident
	if whole := Folded(rows)[1]; whole.Action != Resident {
		t.Errorf("%+v", whole)
	}
	if *rows[1].Benefit != 4 || rows[1].Bytes != 100 {
		t.Error("the rows themselves were changed")
	}
}
