package tuning_test

import (
	"strings"
	"testing"

	"avadb/internal/tuning"
	"avadb/internal/units"
)

func ptr[T any](v T) *T { return &v }

// counted is what a server tells that has nothing to complain about.
func counted() *tuning.Evidence {
	return &tuning.Evidence{
		PeakSessions: ptr(5), DBBytes: ptr(100 * units.GB), TempFiles: ptr(int64(0)), TempBytes: ptr(int64(0)),
		Timed: ptr(int64(100)), Requested: ptr(int64(2)), WALPerSecond: ptr(1e5), SpillTimes: true,
	}
}

// spill is a statement that waits for its temporary files on the disk.
func spill(bytes int64) tuning.Spill {
	return tuning.Spill{QueryID: "77", Calls: 9, BytesCall: bytes, BlockMS: 0.2, SharePct: 40}
}

func TestEvidenceMovesValues(t *testing.T) {
	big := tuning.Table{Name: "shop.orders", Bytes: 20 * units.GB, Live: 900, Dead: 100}
	for _, c := range []struct {
		name      string
		profile   tuning.Profile
		change    func(*tuning.Input, *tuning.Evidence)
		parameter string
		want      string // empty: left alone
		moved     bool
		evidence  string
	}{
		{"no temporary files", tuning.OLTP, nil, "work_mem", "4MB", false, "no temporary files were counted"},
		{"a warehouse's sorts", tuning.DW, nil, "work_mem", "64MB", false, "no temporary files were counted"},
		{"files that wait", tuning.Web, func(_ *tuning.Input, e *tuning.Evidence) { e.Spills = []tuning.Spill{spill(3 * units.MB)} }, "work_mem", "8MB", true, "statement 77 writes 3.0 MB of temporary files a call and spends 40% of its time on them (0.200 ms a block)"},
		{"the largest that can be held", tuning.Mixed, func(_ *tuning.Input, e *tuning.Evidence) {
			e.Spills = []tuning.Spill{spill(5 * units.MB), spill(30 * units.MB), spill(30 * units.GB)}
		}, "work_mem", "64MB", true, "statement 77 writes 30.0 MB"},
		{"nothing holds them", tuning.Mixed, func(_ *tuning.Input, e *tuning.Evidence) { e.Spills = []tuning.Spill{spill(30 * units.GB)} }, "work_mem", "4MB", false, "1 statement waits for temporary files on the disk that"},
		{"files in the page cache", tuning.Mixed, func(_ *tuning.Input, e *tuning.Evidence) {
			s := spill(30 * units.MB)
			s.BlockMS = 0.005
			e.TempFiles, e.TempBytes, e.Spills = ptr(int64(12)), ptr(units.GB), []tuning.Spill{s}
		}, "work_mem", "4MB", false, "12 temporary files of 1.0 GB were counted; no statement waited for the disk"},
		{"a small part of the time", tuning.Mixed, func(_ *tuning.Input, e *tuning.Evidence) {
			s := spill(30 * units.MB)
			s.SharePct = 1
			e.Spills = []tuning.Spill{s}
		}, "work_mem", "4MB", false, "no temporary files"},
		{"times not counted", tuning.Mixed, func(_ *tuning.Input, e *tuning.Evidence) { e.TempFiles, e.SpillTimes = ptr(int64(12)), false }, "work_mem", "4MB", false, "whether they reached the disk is not known"},
		{"temporary files not known", tuning.Mixed, func(_ *tuning.Input, e *tuning.Evidence) { e.TempFiles = nil }, "work_mem", "4MB", false, "is not known"},
		{"a raise stays", tuning.Mixed, func(in *tuning.Input, _ *tuning.Evidence) { has(in, "work_mem", "32768") }, "work_mem", "32MB", true, "no temporary files"},
		{"but not beyond the memory", tuning.OLTP, func(in *tuning.Input, _ *tuning.Evidence) { has(in, "work_mem", "4194304") }, "work_mem", "4MB", false, "no temporary files"},
		{"quickwins only says it", tuning.QuickWins, func(_ *tuning.Input, e *tuning.Evidence) { e.Spills = []tuning.Spill{spill(units.GB)} }, "work_mem", "256MB", false, "that 256MB would not hold: raise it for their role alone"},

		{"checkpoints by time", tuning.Web, nil, "max_wal_size", "4GB", false, "2 checkpoints were requested and 100 came by time"},
		{"checkpoints by size", tuning.Web, func(_ *tuning.Input, e *tuning.Evidence) { e.Requested = ptr(int64(80)) }, "max_wal_size", "8GB", true, "80 checkpoints were requested and 100 came by time, with 97.7 kB of WAL a second"},
		{"much WAL", tuning.Web, func(_ *tuning.Input, e *tuning.Evidence) {
			e.Requested, e.WALPerSecond = ptr(int64(800)), ptr(40e6)
		}, "max_wal_size", "32GB", true, "800 checkpoints"},
		{"as much as there may be", tuning.Web, func(_ *tuning.Input, e *tuning.Evidence) {
			e.Requested, e.WALPerSecond = ptr(int64(800)), ptr(1e12)
		}, "max_wal_size", "64GB", true, "800 checkpoints"},
		{"a small disk", tuning.Web, func(in *tuning.Input, e *tuning.Evidence) {
			e.Requested, in.WALRoomBytes = ptr(int64(800)), 5*units.GB
		}, "max_wal_size", "2560MB", false, "800 checkpoints"},
		{"too few to tell", tuning.Web, func(_ *tuning.Input, e *tuning.Evidence) { e.Requested, e.Timed = ptr(int64(9)), ptr(int64(0)) }, "max_wal_size", "4GB", false, "9 checkpoints"},

		{"more sessions than the profile", tuning.Mixed, func(_ *tuning.Input, e *tuning.Evidence) { e.PeakSessions = ptr(160) }, "max_connections", "200", true, "160 sessions were seen at once"},
		{"quickwins looks at the sessions of now", tuning.QuickWins, func(_ *tuning.Input, e *tuning.Evidence) { e.PeakSessions = ptr(260) }, "max_connections", "200", false, ""},

		{"databases smaller than the cache", tuning.Web, func(_ *tuning.Input, e *tuning.Evidence) { e.DBBytes = ptr(3 * units.GB) }, "shared_buffers", "6GB", true, "the databases hold 3.0 GB"},
		{"a server that is not filled yet", tuning.Web, func(_ *tuning.Input, e *tuning.Evidence) { e.DBBytes = ptr(30 * units.MB) }, "shared_buffers", "16GB", false, "the databases hold 30.0 MB, which is taken for a server that is not filled yet"},
		{"a size that was given", tuning.Web, func(in *tuning.Input, e *tuning.Evidence) { in.DBBytes = 30 * units.MB }, "shared_buffers", "128MB", false, ""},
		{"a warehouse within the memory", tuning.DW, func(_ *tuning.Input, e *tuning.Evidence) { e.DBBytes = ptr(30 * units.GB) }, "random_page_cost", "1.1", true, "the databases hold 30.0 GB"},
		{"a warehouse beyond it", tuning.DW, nil, "random_page_cost", "4", false, ""},

		{"dead rows", tuning.Web, func(_ *tuning.Input, e *tuning.Evidence) { e.Tables = []tuning.Table{big} }, "autovacuum_vacuum_scale_factor", "0.02", true, "table shop.orders holds 100 dead and 900 live rows in 20.0 GB"},
		{"dead rows, faster", tuning.Web, func(_ *tuning.Input, e *tuning.Evidence) { e.Tables = []tuning.Table{big} }, "autovacuum_vacuum_cost_limit", "2000", true, "shop.orders"},
		{"dead rows of a small table", tuning.Web, func(_ *tuning.Input, e *tuning.Evidence) {
			e.Tables = []tuning.Table{{Name: "a.b", Bytes: units.MB, Live: 1, Dead: 1}}
		}, "autovacuum_vacuum_scale_factor", "0.1", false, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			in := fresh(t, 17, "64GB")
			in.Profile, in.CPUs, in.Evidence = c.profile, 16, counted()
			if c.change != nil {
				c.change(&in, in.Evidence)
			}
			recs, _ := recommend(t, in)
			rec := find(t, recs, c.parameter)
			if rec.Value != c.want || rec.Moved != c.moved || !strings.Contains(rec.Evidence, c.evidence) {
				t.Errorf("got %+v", rec)
			}
		})
	}
}

// What the evidence raised stays where it is at the next run, whose counters tell less.
func TestEvidenceIsStable(t *testing.T) {
	in := fresh(t, 17, "64GB")
	in.Profile, in.CPUs, in.Evidence = tuning.Web, 16, counted()
	in.Evidence.Spills, in.Evidence.Requested = []tuning.Spill{spill(3 * units.MB)}, ptr(int64(800))
	first, _ := recommend(t, in)
	for _, name := range []string{"work_mem", "max_wal_size"} {
		n, _ := effective(t, in, find(t, first, name))
		has(&in, name, units.FormatSize(int64(n)*map[string]int64{"work_mem": units.KB, "max_wal_size": units.MB}[name]))
	}
	in.Evidence = counted()
	second, _ := recommend(t, in)
	for _, name := range []string{"work_mem", "max_wal_size"} {
		a, _ := effective(t, in, find(t, first, name))
		b, _ := effective(t, in, find(t, second, name))
		if a != b {
			t.Errorf("%s: %v, then %v: %+v", name, a, b, find(t, second, name))
		}
	}
}

// The flag that leaves the evidence out gives the rules of a server that nothing is known of.
func TestWithoutEvidence(t *testing.T) {
	in := fresh(t, 17, "64GB")
	in.Profile, in.CPUs = tuning.OLTP, 16
	recs, _ := recommend(t, in)
	for _, rec := range recs {
		if rec.Moved || rec.Evidence != "" {
			t.Errorf("got %+v", rec)
		}
	}
}
