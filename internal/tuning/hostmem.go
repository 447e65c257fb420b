package tuning

import (
	"bufio"
	"bytes"
	"io/fs"
	"path"
	"strconv"
	"strings"

	"avadb/internal/fault"
	"avadb/internal/units"
)

// ReadHostMemory gives the memory in bytes that a process on this host may use: the machine's, or
// the limit of the process's control group (version 1 or 2, with those above it) where that is
// smaller. root is the root folder, os.DirFS("/"); pid is a process of the server, 0 for this one.
// Anywhere but on Linux, and where the process is not on this host, it is a fault.Prerequisite.
func ReadHostMemory(root fs.FS, pid int) (int64, error) {
	total, ok := memTotal(root)
	if !ok {
		return 0, unseen("cannot read the memory of this host from /proc/meminfo")
	}
	process := "self"
	if pid != 0 {
		process = strconv.Itoa(pid)
	}
	groups, err := fs.ReadFile(root, path.Join("proc", process, "cgroup"))
	if err != nil && pid != 0 {
		return 0, unseen("cannot see process %d of the server from here", pid)
	}
	for line := range strings.Lines(string(groups)) {
		total = min(total, groupLimit(root, strings.TrimSpace(line), total))
	}
	return total, nil
}

func unseen(format string, args ...any) error {
	return fault.New(fault.Prerequisite, format, args...).WithHint("give the memory of the server's host, for example --ram 8GB")
}

func memTotal(root fs.FS) (int64, bool) {
	text, err := fs.ReadFile(root, "proc/meminfo")
	if err != nil {
		return 0, false
	}
	lines := bufio.NewScanner(bytes.NewReader(text))
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		if len(fields) == 3 && fields[0] == "MemTotal:" && fields[2] == "kB" {
			n, err := strconv.ParseInt(fields[1], 10, 64)
			return n * units.KB, err == nil && n > 0
		}
	}
	return 0, false
}

// groupLimit reads the limits along one line of /proc/PID/cgroup, id:controllers:path. Inside a
// container the path can be the host's and lead nowhere; the walk up then still ends at the
// container's own group, which is mounted as the top.
func groupLimit(root fs.FS, line string, limit int64) int64 {
	parts := strings.SplitN(line, ":", 3)
	if len(parts) != 3 {
		return limit
	}
	top, file := "sys/fs/cgroup", "memory.max"
	switch {
	case parts[0] == "0" && parts[1] == "":
	case hasController(parts[1], "memory"):
		top, file = "sys/fs/cgroup/memory", "memory.limit_in_bytes"
	default:
		return limit
	}
	// Clean against the root: outside of its namespace a group shows as /../..
	for group := path.Clean("/" + parts[2]); ; group = path.Dir(group) {
		text, err := fs.ReadFile(root, path.Join(top, group, file))
		// memory.max says "max" where there is no limit, which is no number.
		if n, bad := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64); err == nil && bad == nil && n > 0 {
			limit = min(limit, n)
		}
		if group == "/" {
			return limit
		}
	}
}

func hasController(list, name string) bool {
	for one := range strings.SplitSeq(list, ",") {
		if one == name {
			return true
		}
	}
	return false
}
