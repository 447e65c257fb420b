package main

import (
	"context"
	"fmt"
	"math"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
)

// variant is a set of values.
type variant struct {
	name string
	conf string
	only []string // workloads; empty: all

	hugePages int64  // to reserve, of 2 MB
	tunables  string // GLIBC_TUNABLES of the server
}

func (v variant) measures(workload string) bool {
	return len(v.only) == 0 || slices.Contains(v.only, workload)
}

// machine is what the tools tune for.
type machine struct {
	memory int64 // bytes
	cpus   int
}

func thisMachine() machine {
	m := machine{cpus: runtime.NumCPU(), memory: 8 << 30}
	text, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return m
	}
	for line := range strings.Lines(string(text)) {
		if fields := strings.Fields(line); len(fields) > 1 && fields[0] == "MemTotal:" {
			if kb, err := strconv.ParseInt(fields[1], 10, 64); err == nil {
				m.memory = kb << 10 >> 30 << 30
			}
		}
	}
	return m
}

func (m machine) ram() string { return fmt.Sprintf("%dGB", m.memory>>30) }

// transactions and analysis are the two halves of the workloads.
var (
	transactions = []string{"select-only", "TPC-B-like", "connection a transaction"}
	analysis     = []string{"hash join", "hash aggregate", "sort", "create index"}
)

func (r *rig) variants(ctx context.Context, m machine) ([]variant, error) {
	out := []variant{{name: "defaults"}}
	for _, profile := range []struct {
		name string
		only []string
	}{{"quickwins", nil}, {"oltp", transactions}, {"dw", analysis}} {
		conf, err := r.avadbConf(ctx, "tune", "--ram", m.ram(), "--profile", profile.name, "--cpus", strconv.Itoa(m.cpus), "--no-evidence")
		if err != nil {
			return nil, err
		}
		out = append(out, variant{name: "avadb " + profile.name, conf: conf, only: profile.only})
	}
	return append(out,
		variant{name: "pgtune oltp", conf: pgtune(m, 300, 1, 2048, 8192), only: transactions},
		variant{name: "pgtune dw", conf: pgtune(m, 40, 2, 4096, 16384), only: analysis},
		variant{name: "timescaledb-tune", conf: timescale(m)}), nil
}

// pgtune gives what github.com/le0pard/pgtune publishes for Linux, SSD and PostgreSQL 15, with fewer than 4 processors: connections,
// the divisor of work_mem and the sizes of the WAL in MB differ by profile.
func pgtune(m machine, connections, divisor, minWAL, maxWAL int64) string {
	const kb, workers = 1024, 8
	buffers := m.memory / 4
	workMem := max((m.memory-buffers)/((connections+workers)*3)/divisor, 4<<20)
	maintenance := min(m.memory/16, 8<<30)
	target := 100
	if divisor == 2 {
		maintenance, target = min(m.memory/8, 8<<30), 500
	}
	return fmt.Sprintf(`max_connections = %d
shared_buffers = %dkB
effective_cache_size = %dkB
maintenance_work_mem = %dkB
checkpoint_completion_target = 0.9
wal_buffers = 16MB
default_statistics_target = %d
random_page_cost = %s
effective_io_concurrency = 200
work_mem = %dkB
huge_pages = try
min_wal_size = %dMB
max_wal_size = %dMB
`, connections, buffers/kb, m.memory*3/4/kb, maintenance/kb, target, map[bool]string{true: "4", false: "1.1"}[divisor == 2], workMem/kb, minWAL, maxWAL)
}

// timescale gives what github.com/timescale/timescaledb-tune publishes, without the parameters of its own extension.
func timescale(m machine) string {
	gigabytes := float64(m.memory) / (1 << 30)
	workMem := gigabytes * 400 / 100 / math.Max(1, math.Round(float64(m.cpus)/2))
	return fmt.Sprintf(`shared_buffers = %dMB
effective_cache_size = %dMB
maintenance_work_mem = %dMB
work_mem = %dkB
max_worker_processes = %d
max_parallel_workers_per_gather = %d
max_parallel_workers = %d
wal_buffers = 16MB
min_wal_size = 512MB
max_wal_size = 1GB
checkpoint_completion_target = 0.9
default_statistics_target = 100
random_page_cost = 1.1
max_connections = 100
max_locks_per_transaction = 256
autovacuum_max_workers = 10
autovacuum_naptime = 10
effective_io_concurrency = 256
`, m.memory/4>>20, m.memory*3/4>>20, int64(min(gigabytes*128, 2047)), int64(workMem*1024), 19+m.cpus, int(math.Round(float64(m.cpus)/2)), m.cpus)
}

// backendsOnHugePages lets malloc ask for transparent huge pages, where the kernel grants them on request (`madvise`).
const backendsOnHugePages = "glibc.malloc.hugetlb=1"

// labVariants change one value at a time.
func labVariants(m machine, hugePages bool) []variant {
	quarter := fmt.Sprintf("shared_buffers = %dMB\n", m.memory/4>>20)
	out := []variant{
		{name: "defaults"},
		{name: "backends on huge pages", tunables: backendsOnHugePages, only: analysis},
		{name: "work_mem 16MB", conf: "work_mem = 16MB\n", only: analysis},
		{name: "work_mem 64MB", conf: "work_mem = 64MB\n", only: analysis},
		{name: "work_mem 64MB, backends on huge pages", conf: "work_mem = 64MB\n", tunables: backendsOnHugePages, only: analysis},
		{name: "work_mem 256MB", conf: "work_mem = 256MB\n", only: analysis},
		{name: "shared_buffers RAM/4", conf: quarter},
		{name: "max_wal_size 8GB", conf: "max_wal_size = 8GB\n", only: []string{"TPC-B-like"}},
		{name: "log_connections, log_disconnections", conf: "log_connections = on\nlog_disconnections = on\n", only: []string{"connection a transaction"}},
		{name: "jit off", conf: "jit = off\n", only: analysis},
		{name: "no parallel workers", conf: "max_parallel_workers_per_gather = 0\nmax_parallel_maintenance_workers = 0\n", only: analysis},
		{name: "maintenance_work_mem 1GB", conf: "maintenance_work_mem = 1GB\n", only: []string{"create index"}},
	}
	if hugePages {
		out = append(out, variant{
			name: "shared_buffers RAM/4, huge_pages on", conf: quarter + "huge_pages = on\n",
			hugePages: m.memory/4>>21 + 256, // and what the server keeps beside its buffers
		})
	}
	return out
}
