package tuning

import "time"

// Evidence is what a server has counted and what its host shows. A pointer is nil where it could not be read, and Unread
// says why: nothing that was not seen counts as fine.
type Evidence struct {
	PeakSessions   *int       `json:"peak_sessions"`             // most sessions at once, as far as they were seen: those of now
	ParallelWanted *int64     `json:"parallel_workers_wanted"`   // by queries, since counters_since; null before 18
	ParallelGot    *int64     `json:"parallel_workers_launched"` // of those wanted
	DBBytes        *int64     `json:"db_bytes"`                  // all databases together
	TempFiles      *int64     `json:"temp_files"`                // of all databases since counters_since
	TempBytes      *int64     `json:"temp_bytes"`                // likewise
	HitRatioPct    *float64   `json:"hit_ratio_pct"`             // of the blocks asked for, found in shared_buffers; since counters_since
	CountersSince  *time.Time `json:"counters_since"`            // when the oldest of the databases' counters began; null: never reset
	Timed          *int64     `json:"checkpoints_timed"`         // since checkpoints_since
	Requested      *int64     `json:"checkpoints_requested"`     // for WAL, or by a command; likewise
	ChecksSince    *time.Time `json:"checkpoints_since"`         // when these counters began
	WALPerSecond   *float64   `json:"wal_bytes_per_s"`           // mean since those counters began
	Spills         []Spill    `json:"spills"`                    // statements with temporary files, the longest on them first
	SpillTimes     bool       `json:"spill_times"`               // whether their time on temporary files was counted
	Tables         []Table    `json:"tables"`                    // of the connected database, with many dead rows, the largest first
	HugePages      *string    `json:"transparent_hugepage"`      // of the host's kernel: always, madvise or never
	Overcommit     *int       `json:"overcommit_memory"`         // vm.overcommit_memory of the host's kernel
	Unread         []Unread   `json:"unread"`                    // what could not be read
}

// Spill is what a statement did with temporary files.
type Spill struct {
	QueryID   string  `db:"queryid" json:"queryid"`               // text: it exceeds 2^53
	Calls     int64   `db:"calls" json:"calls"`                   // finished executions
	BytesCall int64   `db:"bytes_per_call" json:"bytes_per_call"` // written to temporary files, a call
	BlockMS   float64 `db:"block_ms" json:"block_ms"`             // mean time to read or write a block of them
	SharePct  float64 `db:"share_pct" json:"share_pct"`           // of the statement's execution time, spent on them
}

// Table is one with many dead rows.
type Table struct {
	Name  string `db:"name" json:"name"`   // with its schema
	Bytes int64  `db:"bytes" json:"bytes"` // without indexes
	Live  int64  `db:"live" json:"live"`   // rows, estimated
	Dead  int64  `db:"dead" json:"dead"`   // rows, estimated
}

// Unread is a piece of evidence that is missing.
type Unread struct {
	What string `json:"what"` // is not known, and why
	Next string `json:"next"` // the GRANT or command that gives it; empty where nothing does
}

// peak is the most sessions that were seen; 0 without evidence.
func (e *Evidence) peak() int {
	if e == nil || e.PeakSessions == nil {
		return 0
	}
	return *e.PeakSessions
}

const (
	// diskBlockMS separates a block of 8 kB that came from or went to the page cache (a copy: 0.002 to 0.01 ms) from one
	// that waited for a disk (from 0.05 ms on solid-state disks, less the kernel's read-ahead).
	diskBlockMS = 0.025

	// spillSharePct of a statement's time on temporary files is worth the memory.
	spillSharePct = 10
)

// reachesDisk tells whether a statement waited for its temporary files.
func (s Spill) reachesDisk() bool { return s.BlockMS >= diskBlockMS && s.SharePct >= spillSharePct }

// need is the work_mem that would hold what the statement wrote: rows in memory take about twice what they take in a file;
// up to the next power of two.
func (s Spill) need() int64 {
	size := int64(leastWorkMem)
	for size < 2*s.BytesCall && size < 1<<50 {
		size *= 2
	}
	return size
}
