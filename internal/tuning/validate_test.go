package tuning_test

import (
	"strings"
	"testing"

	"avadb/internal/fault"
	"avadb/internal/tuning"
	"avadb/internal/units"
)

func TestValuesTheServerWouldRefuse(t *testing.T) {
	for assignment, message := range map[string]string{
		"work_mem=lots":                      "it takes a size, with the unit",
		"work_mem=64mb":                      "it takes a size",
		"work_mem=":                          "it takes a size",
		"work_mem=32kB":                      "it takes 64kB to 2147483647kB",
		"work_mem=4TB":                       "it takes 64kB to 2147483647kB",
		"wal_buffers=3GB":                    "it takes -1 to 2097144kB",
		"max_connections=0":                  "it takes 1 to 262143",
		"max_connections=many":               "it takes a whole number",
		"random_page_cost=-1":                "it takes 0 or more",
		"checkpoint_completion_target=1.5":   "it takes 0 to 1",
		"idle_session_timeout=5 weeks":       "it takes a time",
		"log_disconnections=o":               `cannot be "o"`,
		"wal_level=maximal":                  `cannot be "maximal" on this server`,
		"effective_io_concurrency=1001":      "it takes 0 to 1000",
		"server_version=19":                  "fixed in this server",
		"block_size=16384":                   "fixed in this server",
		"allow_alter_system=on":              "cannot be set with ALTER SYSTEM",
		"transaction_isolation=serializable": "cannot be set with ALTER SYSTEM",
		"shared_preload_libraries=":          "empty list",
		"session_preload_libraries=''":       "empty list",
		"local_preload_libraries= , \"\"":    "empty list",
	} {
		in := fresh(t, 18, "8GB")
		set(&in, assignment)
		_, _, err := tuning.Recommend(in)
		if err == nil {
			t.Errorf("%s was accepted", assignment)
			continue
		}
		wantRefusal(t, err, fault.Usage, message)
	}
}

func TestValuesTheServerTakes(t *testing.T) {
	for _, assignment := range []string{
		"work_mem=64kB", "work_mem= 1.5GB ", "work_mem=65536", "log_disconnections=OFF", "log_disconnections=t", "wal_level=LOGICAL",
		"random_page_cost=1.10", "vacuum_cost_delay=500us", "search_path=", "log_line_prefix=%q'", "shared_preload_libraries=auto_explain",
		"log_connections=receipt,authorization", "wal_buffers=-1", "idle_session_timeout=1d",
	} {
		in := fresh(t, 18, "8GB")
		set(&in, assignment)
		if _, _, err := tuning.Recommend(in); err != nil {
			t.Errorf("%s: %v", assignment, err)
		}
	}
}

// Each of these is accepted by ALTER SYSTEM and fatal, or wrong, later.
func TestCrossRules(t *testing.T) {
	for _, c := range []struct {
		name    string
		major   int
		set     []string
		live    map[string]string
		change  func(*tuning.Input)
		kind    fault.Kind // empty: accepted
		message string     // of the refusal, or of a warning
	}{
		{name: "reserved eat all", set: []string{"superuser_reserved_connections=200"}, kind: fault.Usage, message: "it reserves 200 of max_connections = 200"},
		{name: "both reserves eat all", set: []string{"superuser_reserved_connections=100", "reserved_connections=100"}, kind: fault.Usage, message: "it reserves 200"},
		{name: "reserve already set", set: []string{"max_connections=5"}, live: map[string]string{"reserved_connections": "2"}, kind: fault.Usage, message: "it reserves 5 of max_connections = 5"},
		{name: "one connection left", set: []string{"superuser_reserved_connections=199"}},
		{name: "14 has no reserved_connections", major: 14, set: []string{"max_connections=3"}, kind: fault.Usage, message: "it reserves 3"},
		{name: "the server is wrong by itself", live: map[string]string{"superuser_reserved_connections": "100"}, change: only("work_mem"), kind: fault.Prerequisite, message: "it reserves 100 of max_connections = 100"},

		{name: "too few for the sessions", set: []string{"max_connections=50"}, change: func(in *tuning.Input) { in.SessionsInUse = 48 }, kind: fault.Usage, message: "too few for the 48 sessions in use and 3 reserved"},
		{name: "enough for the sessions", set: []string{"max_connections=51"}, change: func(in *tuning.Input) { in.SessionsInUse = 48 }},
		{name: "--connections too few", change: func(in *tuning.Input) { in.SessionsInUse, in.Connections = 48, 40 }, kind: fault.Usage, message: "max_connections = 40 is too few"},
		{name: "--connections negative", change: func(in *tuning.Input) { in.Connections = -1 }, kind: fault.Usage, message: "max_connections cannot be -1"},

		{name: "all backends", set: []string{"max_connections=262000", "max_worker_processes=200"}, kind: fault.Usage, message: "must stay below 262142"},
		{name: "last backend", set: []string{"max_connections=262107"}}, // 16 slots, 8 workers, 10 senders: 262141
		{name: "first backend too many", set: []string{"max_connections=262108"}, kind: fault.Usage, message: "= 262142 must stay"},
		{name: "no such bound on 14", major: 14, set: []string{"max_connections=262143"}},
		{name: "workers without slots", set: []string{"autovacuum_max_workers=20"}, message: "more than autovacuum_worker_slots = 16"},

		{name: "minimal with senders", set: []string{"wal_level=minimal"}, kind: fault.Usage, message: "wal_level = minimal with max_wal_senders = 10"},
		{name: "minimal without senders", set: []string{"wal_level=minimal", "max_wal_senders=0"}},
		{name: "minimal with archive", set: []string{"wal_level=minimal", "max_wal_senders=0", "archive_mode=always"}, kind: fault.Usage, message: "archive_mode = always"},
		{name: "minimal with summaries", set: []string{"wal_level=minimal", "max_wal_senders=0", "summarize_wal=yes"}, kind: fault.Usage, message: "summarize_wal = on"},
		{name: "senders on minimal", set: []string{"max_wal_senders=5"}, live: map[string]string{"wal_level": "minimal", "max_wal_senders": "0"}, kind: fault.Usage, message: "max_wal_senders = 5"},

		{name: "min_wal_size", set: []string{"min_wal_size=31MB"}, kind: fault.Usage, message: "min_wal_size = 31MB is less than two WAL segments of 16MB"},
		{name: "max_wal_size", set: []string{"max_wal_size=16MB", "min_wal_size=32MB"}, kind: fault.Usage, message: "max_wal_size = 16MB is less than two"},
		{name: "larger segments", live: map[string]string{"wal_segment_size": "67108864"}, kind: fault.Prerequisite, message: "min_wal_size = 80MB is less than two WAL segments of 64MB"},
		{name: "max below min", set: []string{"max_wal_size=64MB"}, kind: fault.Usage, message: "max_wal_size = 64MB is less than min_wal_size = 80MB"},
		{name: "max below min, both with units", set: []string{"max_wal_size=32MB"}, live: map[string]string{"min_wal_size": "80MB"}, kind: fault.Usage, message: "max_wal_size = 32MB is less than min_wal_size = 80MB"},
		{name: "segments in a file", live: map[string]string{"min_wal_size": "16MB"}, kind: fault.Prerequisite, message: "min_wal_size = 16MB is less than two WAL segments of 16MB"},
		{name: "minimal with archiving off by another word", set: []string{"wal_level=minimal", "max_wal_senders=0"}, live: map[string]string{"archive_mode": "no"}},
		{name: "two segments", set: []string{"min_wal_size=32MB", "max_wal_size=32MB"}},

		{name: "buffers beyond memory", set: []string{"shared_buffers=8GB"}, kind: fault.Usage, message: "shared_buffers = 8GB with 8.0 GB of memory"},
		{name: "buffers beyond memory already", change: func(in *tuning.Input) { has(in, "shared_buffers", "2097152"); in.Only = []string{"work_mem"} }, kind: fault.Prerequisite, message: "shared_buffers = 16GB"},
		{name: "buffers beyond memory in a file", change: func(in *tuning.Input) { has(in, "shared_buffers", "16GB"); in.Only = []string{"work_mem"} }, kind: fault.Prerequisite, message: "shared_buffers = 16GB"},
		{name: "buffers beyond 40%", set: []string{"shared_buffers=4GB"}, message: "more than 40% of the memory"},
		{name: "smaller host", change: func(in *tuning.Input) { in.HostRAMBytes = 4 * units.GB }, kind: fault.Prerequisite, message: "has 4.0 GB of memory, less than the 8.0 GB"},
		{name: "smaller host forced", change: func(in *tuning.Input) { in.HostRAMBytes, in.Force = 4*units.GB, true }, message: "has 4.0 GB of memory"},
		{name: "smaller host in a dry run", change: func(in *tuning.Input) { in.HostRAMBytes, in.DryRun = 4*units.GB, true }, message: "has 4.0 GB of memory"},
		{name: "what the kernel keeps", change: func(in *tuning.Input) { in.HostRAMBytes = 7700 * units.MB }},

		{name: "fsync off", set: []string{"fsync=off"}, kind: fault.Usage, message: "fsync = off: a crash of the machine can leave the whole cluster corrupt"},
		{name: "fsync off, forced", set: []string{"fsync=no"}, change: func(in *tuning.Input) { in.Force = true }, message: "fsync = no: a crash"},
		{name: "fsync on", set: []string{"fsync=on"}},
		{name: "fsync off already", live: map[string]string{"fsync": "off"}},
		{name: "damaged pages", set: []string{"zero_damaged_pages=on"}, kind: fault.Usage, message: "its rows are gone"},
		{name: "autovacuum off", set: []string{"autovacuum=off"}, message: "against wraparound"},
		{name: "commits that may be lost", set: []string{"synchronous_commit=off"}, message: "lose the last transactions"},
		{name: "commits of another kind", set: []string{"synchronous_commit=remote_apply"}},

		{name: "huge pages", set: []string{"huge_pages=on"}, kind: fault.Usage, message: "huge_pages = on"},
		{name: "huge pages forced", set: []string{"huge_pages=on"}, change: func(in *tuning.Input) { in.Force = true }, message: "huge_pages = on"},
		{name: "huge pages tried", set: []string{"huge_pages=try"}},
		{name: "huge pages in use", live: map[string]string{"huge_pages": "on"}},
		{name: "io_uring refused by the build", set: []string{"io_method=io_uring"}, change: without("io_method", "io_uring"), kind: fault.Usage, message: `io_method cannot be "io_uring"`},
		{name: "io_uring", set: []string{"io_method=io_uring"}, change: with("io_method", "io_uring"), message: "kernel forbids io_uring"},

		{name: "standby below primary", set: []string{"max_worker_processes=4"}, change: standby("8"), kind: fault.Usage, message: "max_worker_processes = 4 is less than the primary's 8"},
		{name: "standby below today", set: []string{"max_worker_processes=4"}, change: standby(""), message: "if the primary has more"},
		{name: "standby", change: standby(""), message: "the primary needs its own tune"},
		{name: "raise with standbys", change: func(in *tuning.Input) { in.Standbys = 2 }, message: "max_connections is raised and 2 standbys are attached"},
		{name: "library that is not there", set: []string{"shared_preload_libraries=nosuch"}, change: missing("shared_preload_libraries", "nosuch"), kind: fault.Usage, message: "shared_preload_libraries names nosuch, and there is no /there/nosuch"},
		{name: "library that is not there by itself", live: map[string]string{"shared_preload_libraries": "nosuch"}, change: missing("shared_preload_libraries", "nosuch"), kind: fault.Prerequisite, message: "the server would not start"},
		{name: "library of sessions", set: []string{"session_preload_libraries=nosuch"}, change: missing("session_preload_libraries", "nosuch"), kind: fault.Usage, message: "no session could start"},
		{name: "certificate that is not there", set: []string{"ssl=on"}, change: missing("ssl_cert_file", "server.crt"), kind: fault.Usage, message: "the file of ssl_cert_file is not there: /there/server.crt"},
		{name: "logical slots", set: []string{"wal_level=replica"}, change: func(in *tuning.Input) { in.Slots, in.LogicalSlots = 2, 1 }, kind: fault.Usage, message: "wal_level = replica with 1 logical replication slots"},
		{name: "physical slots alone", set: []string{"wal_level=replica"}, change: func(in *tuning.Input) { in.Slots = 2 }},
		{name: "slots without a level", set: []string{"wal_level=minimal", "max_wal_senders=0"}, change: func(in *tuning.Input) { in.Slots = 2 }, kind: fault.Usage, message: "wal_level = minimal with 2 replication slots"},
		{name: "room for slots", set: []string{"max_replication_slots=1"}, change: func(in *tuning.Input) { in.Slots = 2 }, kind: fault.Usage, message: "max_replication_slots = 1 with 2 replication slots"},
		{name: "room for prepared transactions", set: []string{"max_prepared_transactions=0"}, change: func(in *tuning.Input) { in.PreparedTransactions = 1 }, kind: fault.Usage, message: "max_prepared_transactions = 0 with 1 prepared transactions"},
		{name: "prepared transactions fit", set: []string{"max_prepared_transactions=1"}, change: func(in *tuning.Input) { in.PreparedTransactions = 1 }},
		{name: "small /dev/shm", change: func(in *tuning.Input) { in.SharedMemoryFSBytes = 64 * units.MB }, message: "a parallel hash can take 384.0 MB of shared memory (work_mem x hash_mem_multiplier x 3 processes), and /dev/shm of the server has 64.0 MB"},
		{name: "no parallel workers", set: []string{"max_parallel_workers_per_gather=0"}, change: func(in *tuning.Input) { in.SharedMemoryFSBytes = 64 * units.MB }},
		{name: "lower with a standby", set: []string{"max_connections=50"}, change: func(in *tuning.Input) { in.Standbys = 1 }, message: "max_connections is lowered and a standby is attached"},
	} {
		t.Run(c.name, func(t *testing.T) {
			in := fresh(t, 18, "8GB")
			if c.major == 14 {
				in = fresh(t, 14, "8GB")
			}
			set(&in, c.set...)
			for name, value := range c.live {
				has(&in, name, value)
			}
			if c.change != nil {
				c.change(&in)
			}
			recs, warnings, err := tuning.Recommend(in)
			if c.kind != "" {
				wantRefusal(t, err, c.kind, c.message)
				if recs != nil {
					t.Error("half a recommendation")
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if c.message != "" {
				wantWarning(t, warnings, c.message)
			}
		})
	}
}

func only(name string) func(*tuning.Input) {
	return func(in *tuning.Input) { in.Only = []string{name} }
}

func standby(primaryWorkers string) func(*tuning.Input) {
	return func(in *tuning.Input) {
		in.Standby = true
		if primaryWorkers != "" {
			in.PrimaryHas = map[string]string{"max_worker_processes": primaryWorkers}
		}
	}
}

func missing(parameter, file string) func(*tuning.Input) {
	return func(in *tuning.Input) {
		in.Missing = []tuning.MissingFile{{Parameter: parameter, File: file, Path: "/there/" + file}}
	}
}

func with(name, value string) func(*tuning.Input) {
	return func(in *tuning.Input) {
		p := in.Parameters[name]
		p.EnumVals = append(p.EnumVals, value)
		in.Parameters[name] = p
	}
}

func without(name, value string) func(*tuning.Input) {
	return func(in *tuning.Input) {
		p := in.Parameters[name]
		var rest []string
		for _, known := range p.EnumVals {
			if known != value {
				rest = append(rest, known)
			}
		}
		p.EnumVals = rest
		in.Parameters[name] = p
	}
}

func TestAllViolationsAtOnce(t *testing.T) {
	in := fresh(t, 18, "8GB")
	set(&in, "work_mem=1", "wal_level=minimal", "shared_buffers=9GB", "min_wal_size=2MB")
	_, _, err := tuning.Recommend(in)
	wantRefusal(t, err, fault.Usage, "for 4 reasons", "work_mem", "wal_level = minimal", "shared_buffers = 9GB", "min_wal_size")

	in = fresh(t, 18, "8GB")
	set(&in, "wrok_mem=1MB", "jti=off")
	_, _, err = tuning.Recommend(in)
	wantRefusal(t, err, fault.Usage, `"wrok_mem"`, `"jti"`)
}

func TestWorstCaseMemory(t *testing.T) {
	in := fresh(t, 18, "8GB")
	recs, warnings := recommend(t, in)
	if got, want := tuning.WorstCase(in, recs), (tuning.Memory{WorstCaseBytes: 200 * 64 * units.MB, PlannedBytes: 32229031936, RAMBytes: 8 * units.GB}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	wantWarning(t, warnings, "work_mem 64MB x 200 connections = 12.5 GB", "with 8.0 GB of RAM", "hash_mem_multiplier (2)")

	in.Only = []string{"random_page_cost"} // 100 connections x 4MB fit
	recs, warnings = recommend(t, in)
	if got := tuning.WorstCase(in, recs).WorstCaseBytes; got != 400*units.MB {
		t.Errorf("got %d", got)
	}
	for _, w := range warnings {
		if strings.Contains(w.Message, "worst-case") {
			t.Errorf("warned: %s", w.Message)
		}
	}
}

// TestValuesAsAFileHasThem is a second run: what the first one wrote stands in the file with its units.
func TestValuesAsAFileHasThem(t *testing.T) {
	in := fresh(t, 18, "8GB")
	has(&in, "work_mem", "64MB")
	has(&in, "shared_buffers", "2GB")
	has(&in, "min_wal_size", "80MB")
	in.Only = []string{"max_connections"}
	recs, warnings := recommend(t, in)
	if got := tuning.WorstCase(in, recs).WorstCaseBytes; got != 200*64*units.MB {
		t.Errorf("worst case: %d bytes", got)
	}
	wantWarning(t, warnings, "work_mem 64MB x 200 connections = 12.5 GB beside shared_buffers 2GB, with 8.0 GB of RAM")

	has(&in, "work_mem", "a lot") // not known: no warning, and no 0 bytes beside the buffers
	recs, warnings = recommend(t, in)
	if got := tuning.WorstCase(in, recs).WorstCaseBytes; got != 0 || len(warnings) != 0 {
		t.Errorf("unknown work_mem: %d bytes, %v", got, warnings)
	}
	in.Only, in.Standbys = []string{"work_mem"}, 1
	has(&in, "max_connections", "0x40") // 64, as the server reads it
	has(&in, "work_mem", "64MB")
	if _, warnings = recommend(t, in); len(warnings) != 0 {
		t.Errorf("64 x 64MB fit, and nothing has moved: %v", warnings)
	}
}
