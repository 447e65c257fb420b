package tuning

import (
	"fmt"
	"math"

	"avadb/internal/units"
)

// manyPages is where huge pages begin to matter for shared_buffers: pgtune's threshold.
const manyPages = 2 * units.GB

// hugePages estimates how many huge pages the server's shared memory will take, and their size in bytes. From 15 up the
// server says what it takes now; before, shared_buffers and a sixteenth on top is taken. Not ok where it has no huge pages.
func hugePages(in Input, v values) (count, size int64, ok bool) {
	buffers, known := v.bytes("shared_buffers")
	size = 2 * units.MB
	if given, has := v.bytes("huge_page_size"); has && given > 0 {
		size = given
	}
	total := buffers + buffers/16
	memory, hasMemory := standing(in.Parameters["shared_memory_size"])
	pages, hasPages := standing(in.Parameters["shared_memory_size_in_huge_pages"])
	if hasMemory && hasPages {
		if pages <= 0 {
			return 0, 0, false
		}
		now, _ := standing(in.Parameters["shared_buffers"])
		unit, _ := units.BytesPerUnit(in.Parameters["shared_buffers"].Unit)
		size = roundPage(memory * float64(units.MB) / pages)
		grown := buffers - int64(now)*unit
		total = int64(memory)*units.MB + grown + grown/64 // each buffer has its descriptor
	}
	if !known || total <= 0 {
		return 0, 0, false
	}
	return (total + size - 1) / size, size, true
}

// roundPage gives the power of two nearest to what the server's rounded numbers make of its page size.
func roundPage(bytes float64) int64 {
	return int64(1) << int(math.Round(math.Log2(max(bytes, 1))))
}

// ruleHugePageCount says how many pages to reserve: huge_pages = try takes them only where they are.
func ruleHugePageCount(v *validation) {
	buffers, _ := v.future.bytes("shared_buffers")
	count, size, ok := hugePages(v.in, v.future)
	if v.in.IsReference() || !ok || buffers < manyPages || v.future.text("huge_pages") == "off" {
		return
	}
	v.warn("huge_pages", "for shared memory on huge pages reserve about %d of %s before the restart (vm.nr_hugepages = %d); without them the server starts on small ones",
		count, units.FormatSize(size), count)
}

// pagesText is the count for the explanation of huge_pages.
func pagesText(in Input, v values) string {
	count, size, ok := hugePages(in, v)
	if !ok {
		return ""
	}
	return fmt.Sprintf("; about %d of %s would hold the shared memory", count, units.FormatSize(size))
}
