package tuning

import (
	"io/fs"
	"math"
	"path"
	"strconv"
	"strings"

	"avadb/internal/fault"
)

// ReadHostCPUs gives the processors that a process on this host may use: those it may be scheduled on, or the quota of its
// control group (version 1 or 2, with those above it) where that is smaller, rounded up. root and pid are as for
// ReadHostMemory, and so is the error.
func ReadHostCPUs(root fs.FS, pid int) (int, error) {
	process := "self"
	if pid != 0 {
		process = strconv.Itoa(pid)
	}
	status, err := fs.ReadFile(root, path.Join("proc", process, "status"))
	if err != nil {
		return 0, unseenCPUs("cannot see process %s of the server from here", process)
	}
	count := 0
	for line := range strings.Lines(string(status)) {
		if list, found := strings.CutPrefix(line, "Cpus_allowed_list:"); found {
			count = countList(strings.TrimSpace(list))
		}
	}
	if count == 0 {
		return 0, unseenCPUs("cannot read the processors of this host from /proc")
	}
	groups, err := fs.ReadFile(root, path.Join("proc", process, "cgroup"))
	if err != nil {
		return count, nil //nolint:nilerr // a kernel without control groups has no quota
	}
	for line := range strings.Lines(string(groups)) {
		count = min(count, quota(root, strings.TrimSpace(line), count))
	}
	return count, nil
}

func unseenCPUs(format string, args ...any) error {
	return fault.New(fault.Prerequisite, format, args...).WithHint("give the processors of the server's host, for example --cpus 8")
}

// countList counts a list of the kernel such as 0-3,8; 0 for what is none.
func countList(list string) int {
	sum := 0
	for part := range strings.SplitSeq(list, ",") {
		first, last, isRange := strings.Cut(part, "-")
		a, err := strconv.Atoi(first)
		b := a
		if err == nil && isRange {
			b, err = strconv.Atoi(last)
		}
		if err != nil || b < a || a < 0 || b > 1<<20 {
			return 0
		}
		sum += b - a + 1
	}
	return sum
}

// quota reads the limits along one line of /proc/PID/cgroup and gives the smallest, or most.
func quota(root fs.FS, line string, most int) int {
	parts := strings.SplitN(line, ":", 3)
	if len(parts) != 3 {
		return most
	}
	top, isV1 := "sys/fs/cgroup", false
	switch {
	case parts[0] == "0" && parts[1] == "":
	case hasController(parts[1], "cpu"):
		top, isV1 = "sys/fs/cgroup/cpu", true
	default:
		return most
	}
	for group := path.Clean("/" + parts[2]); ; group = path.Dir(group) {
		if n, ok := groupQuota(root, path.Join(top, group), isV1); ok {
			most = min(most, n)
		}
		if group == "/" {
			return most
		}
	}
}

// groupQuota reads one group: "200000 100000" is two processors, "max" and -1 are no limit.
func groupQuota(root fs.FS, folder string, isV1 bool) (int, bool) {
	text, err := fs.ReadFile(root, path.Join(folder, "cpu.max"))
	if isV1 {
		var period []byte
		text, err = fs.ReadFile(root, path.Join(folder, "cpu.cfs_quota_us"))
		period, _ = fs.ReadFile(root, path.Join(folder, "cpu.cfs_period_us"))
		text = []byte(string(text) + " " + string(period))
	}
	fields := strings.Fields(string(text))
	if err != nil || len(fields) != 2 {
		return 0, false
	}
	share, bad := strconv.ParseFloat(fields[0], 64)
	period, worse := strconv.ParseFloat(fields[1], 64)
	if bad != nil || worse != nil || share <= 0 || period <= 0 || share/period > 1<<20 {
		return 0, false
	}
	return int(math.Ceil(share / period)), true
}

// ReadHugePages gives the kernel's choice of transparent huge pages, the word in brackets; empty where it cannot be read.
func ReadHugePages(root fs.FS) string {
	text, _ := fs.ReadFile(root, "sys/kernel/mm/transparent_hugepage/enabled")
	_, rest, found := strings.Cut(string(text), "[")
	word, _, closed := strings.Cut(rest, "]")
	if !found || !closed {
		return ""
	}
	return word
}

// ReadOvercommit gives vm.overcommit_memory; not ok where it cannot be read.
func ReadOvercommit(root fs.FS) (mode int, ok bool) {
	text, err := fs.ReadFile(root, "proc/sys/vm/overcommit_memory")
	if err != nil {
		return 0, false
	}
	mode, err = strconv.Atoi(strings.TrimSpace(string(text)))
	return mode, err == nil
}
