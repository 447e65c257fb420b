package tuning

import (
	"strings"

	"avadb/internal/units"
)

// ruleSharedBuffers judges against the memory the user named: the server does not start when it
// cannot get its buffers, and beyond 40% they take from the operating system's cache what they give.
func ruleSharedBuffers(v *validation) {
	buffers, ok := v.future.bytes("shared_buffers")
	ram := v.in.RAMBytes
	switch {
	case !ok:
	case buffers >= ram:
		v.refuse([]string{"shared_buffers"}, "a quarter of the memory is right for most servers; give --ram the memory the server has",
			"the server would not start: shared_buffers = %s with %s of memory", v.future.shown("shared_buffers"), units.HumanSize(ram))
	case buffers > ram/5*2:
		v.warn("shared_buffers", "shared_buffers = %s is more than 40%% of the memory (%s)", v.future.shown("shared_buffers"), units.HumanSize(ram))
	}
}

// ruleHost compares the memory the user named with what the server's host has. The kernel and its
// firmware keep some of the memory for themselves, so a host sold as 8 GB shows less: an eighth is
// allowed for that.
func ruleHost(v *validation) {
	host := v.in.HostRAMBytes
	if host == 0 || host >= v.in.RAMBytes/8*7 {
		return
	}
	v.risk("shared_buffers", "give the memory of the host, or --ram auto; --force if the server moves to a larger one before its next start",
		"the server's host has %s of memory, less than the %s to tune for", units.HumanSize(host), units.HumanSize(v.in.RAMBytes))
}

// ruleHugePages: with on, and not try, the server does not start unless the pages are there, which
// cannot be seen from here.
func ruleHugePages(v *validation) {
	if !v.future.asked("huge_pages") || !strings.EqualFold(v.future.text("huge_pages"), "on") {
		return
	}
	v.risk("huge_pages", "use huge_pages=try, or --force once the kernel has reserved the pages",
		"huge_pages = on: the server does not start unless the kernel has reserved enough huge pages")
}

func ruleIOUring(v *validation) {
	if v.future.asked("io_method") && strings.EqualFold(v.future.text("io_method"), "io_uring") {
		v.warn("io_method", "io_method = io_uring: the server does not start where the kernel forbids io_uring, as many containers do")
	}
}
