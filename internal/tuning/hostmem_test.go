package tuning_test

import (
	"testing"
	"testing/fstest"

	"avadb/internal/fault"
	"avadb/internal/tuning"
	"avadb/internal/units"
)

const (
	eightGB   = "MemTotal:        8388608 kB\nMemFree:          123456 kB\n"
	unlimited = "9223372036854771712\n" // how version 1 says that there is no limit
)

func TestReadHostMemory(t *testing.T) {
	for _, c := range []struct {
		name  string
		files map[string]string
		pid   int
		want  int64
	}{
		{"no control groups", map[string]string{}, 0, 8 * units.GB},
		{"version 2, no limit", map[string]string{"proc/self/cgroup": "0::/user.slice\n", "sys/fs/cgroup/user.slice/memory.max": "max\n"}, 0, 8 * units.GB},
		{"version 2, nested", map[string]string{
			"proc/self/cgroup": "0::/a.slice/b.service\n", "sys/fs/cgroup/a.slice/b.service/memory.max": "6442450944\n", "sys/fs/cgroup/a.slice/memory.max": "max\n",
		}, 0, 6 * units.GB},
		{"version 2, a parent is tighter", map[string]string{
			"proc/self/cgroup": "0::/a.slice/b.service\n", "sys/fs/cgroup/a.slice/b.service/memory.max": "6442450944\n", "sys/fs/cgroup/a.slice/memory.max": "2147483648\n",
		}, 0, 2 * units.GB},
		{"version 2, a container's own top", map[string]string{"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "1073741824\n"}, 0, units.GB},
		{"version 2, outside of the namespace", map[string]string{"proc/self/cgroup": "0::/../../x\n", "sys/fs/cgroup/memory.max": "1073741824\n"}, 0, units.GB},
		{"version 1", map[string]string{
			"proc/self/cgroup": "11:cpu,cpuacct:/docker/1\n9:memory:/docker/1\n", "sys/fs/cgroup/memory/docker/1/memory.limit_in_bytes": "4294967296\n",
			"sys/fs/cgroup/memory/memory.limit_in_bytes": unlimited,
		}, 0, 4 * units.GB},
		{"version 1, the host's path in a container", map[string]string{
			"proc/self/cgroup": "9:memory:/docker/1\n0::/\n", "sys/fs/cgroup/memory/memory.limit_in_bytes": "4294967296\n",
		}, 0, 4 * units.GB},
		{"version 1, no limit", map[string]string{"proc/self/cgroup": "9:memory:/\n", "sys/fs/cgroup/memory/memory.limit_in_bytes": unlimited}, 0, 8 * units.GB},
		{"a limit above the machine", map[string]string{"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "99999999999\n"}, 0, 8 * units.GB},
		{"the server's group and not ours", map[string]string{
			"proc/self/cgroup": "0::/user\n", "proc/77/cgroup": "0::/postgresql\n",
			"sys/fs/cgroup/user/memory.max": "1073741824\n", "sys/fs/cgroup/postgresql/memory.max": "4294967296\n",
		}, 77, 4 * units.GB},
	} {
		t.Run(c.name, func(t *testing.T) {
			root := fstest.MapFS{"proc/meminfo": {Data: []byte(eightGB)}}
			for name, text := range c.files {
				root[name] = &fstest.MapFile{Data: []byte(text)}
			}
			if got, err := tuning.ReadHostMemory(root, c.pid); err != nil || got != c.want {
				t.Errorf("got %d, %v, want %d", got, err, c.want)
			}
		})
	}
}

func TestReadHostMemoryWhereItCannotBeSeen(t *testing.T) {
	_, err := tuning.ReadHostMemory(fstest.MapFS{}, 0)
	wantRefusal(t, err, fault.Prerequisite, "/proc/meminfo")
	_, err = tuning.ReadHostMemory(fstest.MapFS{"proc/meminfo": {Data: []byte("MemTotal: many kB\n")}}, 0)
	wantRefusal(t, err, fault.Prerequisite, "/proc/meminfo")
	_, err = tuning.ReadHostMemory(fstest.MapFS{"proc/meminfo": {Data: []byte(eightGB)}}, 4711)
	wantRefusal(t, err, fault.Prerequisite, "process 4711")
}
