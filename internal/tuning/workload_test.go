package tuning_test

import (
	"strings"
	"testing"

	"avadb/internal/fault"
	"avadb/internal/tuning"
	"avadb/internal/units"
)

func TestParseProfileAndStorage(t *testing.T) {
	if p, err := tuning.ParseProfile(""); err != nil || p != tuning.QuickWins {
		t.Errorf("got %q, %v", p, err)
	}
	if s, err := tuning.ParseStorage(""); err != nil || s != tuning.SSD {
		t.Errorf("got %q, %v", s, err)
	}
	_, err := tuning.ParseProfile("olap")
	wantRefusal(t, err, fault.Usage, `unknown profile "olap"`)
	_, err = tuning.ParseStorage("tape")
	wantRefusal(t, err, fault.Usage, `unknown storage "tape"`)
}

// What pgtune's users report, and what the server has: none of it gets worse.
func TestWorkloadRespectsTheServer(t *testing.T) {
	for _, c := range []struct {
		name      string
		major     int
		cpus      int
		live      map[string]string
		change    func(*tuning.Input)
		parameter string
		want      string // empty: left alone
		reason    string
	}{
		{"processors not known", 18, 0, nil, nil, "max_worker_processes", "", "give --cpus"},
		{"one processor", 18, 1, nil, nil, "max_parallel_workers_per_gather", "", "fewer than 4 processors"},
		{"never below the default", 18, 4, nil, nil, "max_worker_processes", "8", "PostgreSQL's default"},
		{"never below what extensions have", 18, 16, map[string]string{"max_worker_processes": "40"}, nil, "max_worker_processes", "", "already 40, more than the 16"},
		{"a gather does not take all", 18, 64, nil, nil, "max_parallel_workers_per_gather", "4", "one query"},
		{"io_workers with worker", 18, 64, nil, nil, "io_workers", "16", "busy"},
		{"no io_workers without", 18, 64, map[string]string{"io_method": "sync"}, nil, "io_workers", "", "io_method is sync"},
		{"io_method as it will be", 18, 64, nil, func(in *tuning.Input) { set(in, "IO_method=sync") }, "io_workers", "", "io_method is sync"},
		{"no io_workers before 18", 17, 64, nil, nil, "io_workers", "", "does not have the parameter"},
		{"more autovacuum workers", 18, 64, nil, nil, "autovacuum_max_workers", "5", "large servers"},
		{"lz4 where the build has it", 15, 4, nil, nil, "wal_compression", "lz4", ""},
		{"zstd where it has only that", 15, 4, nil, func(in *tuning.Input) {
			p := in.Parameters["wal_compression"]
			p.EnumVals = []string{"pglz", "zstd", "on", "off"}
			in.Parameters["wal_compression"] = p
		}, "wal_compression", "zstd", ""},
		{"pglz where it has neither", 17, 4, nil, nil, "wal_compression", "pglz", ""},
		{"a switch before 15", 14, 4, nil, nil, "wal_compression", "on", ""},
		{"no prefetch, no value", 14, 4, nil, func(in *tuning.Input) { in.Platform = "PostgreSQL 14.23 on aarch64-apple-darwin23" }, "effective_io_concurrency", "", "posix_fadvise"},
		{"huge_pages stays try", 18, 4, nil, nil, "huge_pages", "try", "of 2MB would hold the shared memory"},
		{"huge_pages on is stricter", 18, 4, map[string]string{"huge_pages": "on"}, nil, "huge_pages", "", "already on"},
		{"WAL that the disk holds", 18, 4, nil, func(in *tuning.Input) { in.WALRoomBytes = 3 * units.GB }, "max_wal_size", "1536MB", "half of the 3.0 GB"},
		{"and min_wal_size below it", 18, 4, nil, func(in *tuning.Input) { in.WALRoomBytes = 3 * units.GB }, "min_wal_size", "384MB", ""},
		{"a disk that cannot be seen", 18, 4, nil, nil, "max_wal_size", "8GB", "cannot be seen from here"},
		{"large segments", 18, 4, map[string]string{"wal_segment_size": "1073741824"}, func(in *tuning.Input) { in.WALRoomBytes = units.GB }, "max_wal_size", "2GB", ""},
		{"more WAL than the rule", 18, 4, map[string]string{"max_wal_size": "65536"}, nil, "max_wal_size", "", "already 64GB"},
		{"more than the disk holds", 18, 4, map[string]string{"max_wal_size": "65536"}, func(in *tuning.Input) { in.WALRoomBytes = 20 * units.GB }, "max_wal_size", "8GB", ""},
		{"a closer look than the profile's", 18, 4, map[string]string{"default_statistics_target": "1000"}, nil, "default_statistics_target", "", "already 1000"},
		{"faster VACUUM by hand", 18, 4, map[string]string{"vacuum_cost_limit": "5000"}, nil, "autovacuum_vacuum_cost_limit", "", "already 5000"},
		{"work_mem with the user's connections", 18, 4, nil, func(in *tuning.Input) { in.Connections = 2000 }, "work_mem", "960kB", "less than the default"},
		{"work_mem with a multiplier", 18, 4, map[string]string{"hash_mem_multiplier": "8"}, nil, "work_mem", "1536kB", "less than the default"},
		{"connections with little memory", 18, 4, nil, func(in *tuning.Input) { in.RAMBytes = units.GB }, "max_connections", "128", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			in := fresh(t, c.major, "8GB")
			in.Profile, in.CPUs = tuning.OLTP, c.cpus
			for name, value := range c.live {
				has(&in, name, value)
			}
			if c.change != nil {
				c.change(&in)
			}
			recs, _ := recommend(t, in)
			rec := find(t, recs, c.parameter)
			if rec.Value != c.want || rec.Skip != (c.want == "") || !strings.Contains(rec.Reason, c.reason) {
				t.Errorf("got %+v", rec)
			}
		})
	}
}

// What --skip and --only leave out still counts for work_mem, with the larger of both values.
func TestWorkMemReckonsWithWhatIsLeftOut(t *testing.T) {
	whole := fresh(t, 18, "1GB")
	whole.Profile = tuning.OLTP
	recs, _ := recommend(t, whole)
	want := find(t, recs, "work_mem").Value
	for _, change := range []func(*tuning.Input){
		func(in *tuning.Input) { in.Only = []string{"work_mem"} },
		func(in *tuning.Input) { in.Skip = []string{"max_connections", "shared_buffers"} },
	} {
		in := fresh(t, 18, "1GB")
		in.Profile = tuning.OLTP
		change(&in)
		recs, _ := recommend(t, in)
		if got := find(t, recs, "work_mem").Value; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestBudgetWarning(t *testing.T) {
	in := fresh(t, 18, "8GB")
	in.Profile = tuning.OLTP
	set(&in, "work_mem=64MB")
	_, warnings := recommend(t, in)
	wantWarning(t, warnings, "can take 41.8 GB of the 8.0 GB: shared_buffers 2GB, work_mem 64MB x hash_mem_multiplier 2 for each of 300 connections")
}

func TestHugePageCount(t *testing.T) {
	in := fresh(t, 18, "64GB")
	in.Profile = tuning.Web
	_, warnings := recommend(t, in)
	wantWarning(t, warnings, "reserve about 8330 of 2MB before the restart (vm.nr_hugepages = 8330)")
	in = fresh(t, 14, "64GB") // says nothing of its shared memory
	in.Profile = tuning.Web
	_, warnings = recommend(t, in)
	wantWarning(t, warnings, "reserve about 8704 of 2MB")
}
