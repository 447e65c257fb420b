package warmup

import (
	"cmp"
	"fmt"
	"slices"
)

// pieceBlocks is how many blocks one call loads: 16 MB. Between two the time, the budget and an interrupt are looked at.
const pieceBlocks = 2048

// What became of a relation.
const (
	Planned  = "planned"
	Loaded   = "loaded"
	Partial  = "partial"  // a part of it: the memory or the time was over, or it ended there
	Resident = "resident" // it was in the buffers already
	NoRoom   = "no_room"  // the memory was over before
	NoTime   = "no_time"  // the time was over, or the command ended before
	Skipped  = "skipped"  // the server refused
)

// Row is a relation in the plan.
type Row struct {
	Relation      string   `json:"relation" col:""`       // quoted, with its schema
	Kind          string   `json:"kind" col:""`           // catalog, index, table, toast or matview
	Bytes         int64    `json:"bytes" col:""`          // its size, without its other forks
	ResidentBytes *int64   `json:"resident_bytes" col:""` // in the buffers before; null: not known
	Asked         int64    `json:"blocks_asked" col:""`   // since the counters began, found in the buffers or not
	Read          int64    `json:"blocks_read"`           // of them, those that were not found
	Benefit       *float64 `json:"benefit" col:"num.1"`   // how often each of its blocks was asked for: the rank; null: ranked by size
	RankedBy      string   `json:"ranked_by" col:""`      // counters, history or size
	PlannedBytes  int64    `json:"planned_bytes" col:""`  // to load
	LoadedBytes   int64    `json:"loaded_bytes" col:""`   // that were
	MS            float64  `json:"ms" col:"num.1"`        // it took
	Action        string   `json:"action" col:"status"`   // planned, loaded, partial, resident, no_room, no_time or skipped
	Reason        string   `json:"reason" col:"elastic"`  // of what was not loaded

	oid    int64
	ranges []blockRange
}

// blockRange is a range of blocks to load, both ends in it.
type blockRange struct {
	first, last int64
	here        int64 // of them in the buffers already, where that is known
}

func (b blockRange) blocks() int64 { return b.last - b.first + 1 }

// Plan is what to load, in this order.
type Plan struct {
	Rows      []Row
	BySize    bool   // the counters were lost, or are empty: what nobody is known to have asked for is ranked by size
	Memory    int64  // bytes that may be loaded
	MemoryWhy string // where that is from
	BlockSize int64
}

// PlannedBytes are those of all rows.
func (p *Plan) PlannedBytes() int64 {
	var sum int64
	for _, r := range p.Rows {
		sum += r.PlannedBytes
	}
	return sum
}

// LoadedBytes are those of all rows.
func (p *Plan) LoadedBytes() int64 {
	var sum int64
	for _, r := range p.Rows {
		sum += r.LoadedBytes
	}
	return sum
}

// share of shared_buffers that is loaded where it is not known what they hold: the rest is for those who work meanwhile, and
// to load more would throw out what was loaded first.
const share = 0.75

// NewPlan ranks the relations and fills the memory; 0 stands for the default.
func NewPlan(s *State, memory int64) *Plan {
	p := &Plan{BlockSize: s.BlockSize, Memory: memory, MemoryWhy: "--memory"}
	switch {
	case memory > 0:
	case s.Buffers.UsedBytes != nil:
		p.Memory, p.MemoryWhy = max(s.Buffers.Bytes-*s.Buffers.UsedBytes, 0), "the free part of shared_buffers: nothing that is in use is thrown out"
	default:
		p.Memory, p.MemoryWhy = int64(share*float64(s.Buffers.Bytes)), fmt.Sprintf("%.0f %% of shared_buffers: what they hold is not known", 100*share)
	}
	p.BySize = s.Blind()
	ranked := rank(s.Relations, p.BySize)
	left := p.Memory / s.BlockSize
	for i := range ranked {
		row := p.row(&ranked[i], &left)
		p.Rows = append(p.Rows, row)
	}
	return p
}

// rank puts the largest benefit a block first: how often each block was asked for. What nobody asked for is left out, unless the
// counters do not tell: then the catalogue comes, the indexes, and the rest, each with the smallest first, because that makes most
// relations warm with the same memory.
func rank(relations []Relation, bySize bool) []Relation {
	ranked := slices.DeleteFunc(slices.Clone(relations), func(r Relation) bool { return r.asked() == 0 && !bySize })
	slices.SortStableFunc(ranked, func(a, b Relation) int {
		if c := cmp.Compare(b.benefit(), a.benefit()); c != 0 {
			return c
		}
		return cmp.Or(cmp.Compare(a.class(), b.class()), cmp.Compare(a.Blocks, b.Blocks), cmp.Compare(a.Name, b.Name))
	})
	return ranked
}

// asked is how many blocks were asked for, by whichever source knows of more.
func (r *Relation) asked() float64 { return max(float64(r.Asked), r.told) }

func (r *Relation) benefit() float64 { return r.asked() / float64(r.Blocks) }

func (r *Relation) rankedBy() string {
	switch {
	case r.asked() == 0:
		return "size"
	case r.told > float64(r.Asked):
		return "history"
	}
	return "counters"
}

func (r *Relation) class() int {
	switch r.Kind {
	case "catalog":
		return 0
	case "index":
		return 1
	default:
		return 2
	}
}

// row takes what is missing of a relation, as far as there is room.
func (p *Plan) row(r *Relation, left *int64) Row {
	row := Row{Relation: r.Name, Kind: r.Kind, Bytes: r.Blocks * p.BlockSize, Asked: r.Asked, Read: r.Read, RankedBy: r.rankedBy(), Action: Planned, oid: r.OID}
	if r.asked() > 0 {
		benefit := r.benefit()
		row.Benefit = &benefit
	}
	if n := r.resident(); n != nil {
		bytes := *n * p.BlockSize
		row.ResidentBytes = &bytes
		if *n == r.Blocks {
			row.Action, row.Reason = Resident, "it is in the buffers already"
			return row
		}
	}
	for _, part := range r.missing() {
		need := part.blocks() - part.here
		if need > *left {
			row.Reason = "the memory of the plan is used up"
			part = blockRange{first: part.first, last: part.first + *left - 1}
			need = *left
		}
		if need <= 0 {
			break
		}
		row.ranges = append(row.ranges, part)
		row.PlannedBytes += need * p.BlockSize
		*left -= need
	}
	if row.PlannedBytes == 0 {
		row.Action = NoRoom
	}
	return row
}

// missing gives the pieces that are not in the buffers as a whole. To load again what is there costs next to nothing.
func (r *Relation) missing() []blockRange {
	var out []blockRange
	for first := int64(0); first < r.Blocks; first += pieceBlocks {
		last := min(first+pieceBlocks, r.Blocks) - 1
		if here := r.pieces[first/pieceBlocks]; here < last-first+1 {
			out = append(out, blockRange{first, last, here})
		}
	}
	return out
}
