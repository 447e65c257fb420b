package tuning_test

import (
	"testing"
	"testing/fstest"

	"avadb/internal/fault"
	"avadb/internal/tuning"
)

func TestReadHostCPUs(t *testing.T) {
	for _, c := range []struct {
		name  string
		files map[string]string
		want  int
	}{
		{"no control groups", map[string]string{}, 8},
		{"some of them", map[string]string{"proc/7/status": "Name:\tpostgres\nCpus_allowed_list:\t0-1,6\n"}, 3},
		{"version 2, no limit", map[string]string{"proc/7/cgroup": "0::/a\n", "sys/fs/cgroup/a/cpu.max": "max 100000\n"}, 8},
		{"version 2", map[string]string{"proc/7/cgroup": "0::/a/b\n", "sys/fs/cgroup/a/b/cpu.max": "250000 100000\n"}, 3},
		{"version 2, a parent is tighter", map[string]string{"proc/7/cgroup": "0::/a/b\n", "sys/fs/cgroup/a/b/cpu.max": "800000 100000\n", "sys/fs/cgroup/a/cpu.max": "150000 100000\n"}, 2},
		{"version 2, a container's own top", map[string]string{"proc/7/cgroup": "0::/../..\n", "sys/fs/cgroup/cpu.max": "50000 100000\n"}, 1},
		{"version 1", map[string]string{"proc/7/cgroup": "4:cpu,cpuacct:/d\n", "sys/fs/cgroup/cpu/d/cpu.cfs_quota_us": "400000\n", "sys/fs/cgroup/cpu/d/cpu.cfs_period_us": "100000\n"}, 4},
		{"version 1, no limit", map[string]string{"proc/7/cgroup": "4:cpu:/d\n", "sys/fs/cgroup/cpu/d/cpu.cfs_quota_us": "-1\n", "sys/fs/cgroup/cpu/d/cpu.cfs_period_us": "100000\n"}, 8},
		{"more than there are", map[string]string{"proc/7/cgroup": "0::/a\n", "sys/fs/cgroup/a/cpu.max": "6400000 100000\n"}, 8},
		{"nonsense", map[string]string{"proc/7/cgroup": "0::/a\nx\n", "sys/fs/cgroup/a/cpu.max": "1 0\n"}, 8},
	} {
		t.Run(c.name, func(t *testing.T) {
			root := fstest.MapFS{"proc/7/status": {Data: []byte("Cpus_allowed:\tff\nCpus_allowed_list:\t0-7\n")}}
			for name, text := range c.files {
				root[name] = &fstest.MapFile{Data: []byte(text)}
			}
			if got, err := tuning.ReadHostCPUs(root, 7); err != nil || got != c.want {
				t.Errorf("got %d, %v, want %d", got, err, c.want)
			}
		})
	}
}

func TestReadHostCPUsWhereTheyCannotBeSeen(t *testing.T) {
	_, err := tuning.ReadHostCPUs(fstest.MapFS{}, 7)
	wantRefusal(t, err, fault.Prerequisite, "process 7")
	for _, list := range []string{"", "x", "3-1", "0-", "-1"} {
		_, err = tuning.ReadHostCPUs(fstest.MapFS{"proc/self/status": {Data: []byte("Cpus_allowed_list:\t" + list + "\n")}}, 0)
		wantRefusal(t, err, fault.Prerequisite, "/proc")
	}
}

func TestReadKernel(t *testing.T) {
	root := fstest.MapFS{
		"sys/kernel/mm/transparent_hugepage/enabled": {Data: []byte("always [madvise] never\n")},
		"proc/sys/vm/overcommit_memory":              {Data: []byte("2\n")},
	}
	if got := tuning.ReadHugePages(root); got != "madvise" {
		t.Errorf("got %q", got)
	}
	if mode, ok := tuning.ReadOvercommit(root); !ok || mode != 2 {
		t.Errorf("got %d, %v", mode, ok)
	}
	if got := tuning.ReadHugePages(fstest.MapFS{}); got != "" {
		t.Errorf("got %q", got)
	}
	if _, ok := tuning.ReadOvercommit(fstest.MapFS{}); ok {
		t.Error("read what is not there")
	}
}
