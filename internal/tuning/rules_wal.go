package tuning

import (
	"strings"

	"avadb/internal/units"
)

// ruleMinimalWAL: wal_level minimal leaves nothing to archive, to stream or to summarize, and the
// server does not start with any of them.
func ruleMinimalWAL(v *validation) {
	if !strings.EqualFold(v.future.text("wal_level"), "minimal") {
		return
	}
	if senders, ok := v.future.number("max_wal_senders"); ok && senders > 0 {
		v.refuse([]string{"wal_level", "max_wal_senders"}, "set max_wal_senders=0 with it, or keep wal_level",
			"the server would not start: wal_level = minimal with max_wal_senders = %.0f", senders)
	}
	mode := v.future.text("archive_mode")
	if on, isBool := units.ParseBool(mode); mode != "" && (on || !isBool) { // a file may say off as false or no
		v.refuse([]string{"wal_level", "archive_mode"}, "set archive_mode=off with it, or keep wal_level",
			"the server would not start: wal_level = minimal with archive_mode = %s", strings.ToLower(mode))
	}
	if summarize, ok := units.ParseBool(v.future.text("summarize_wal")); ok && summarize { // since 17
		v.refuse([]string{"wal_level", "summarize_wal"}, "set summarize_wal=off with it, or keep wal_level",
			"the server would not start: wal_level = minimal with summarize_wal = on")
	}
}

// ruleWALSizes: the server reloads a size below two segments without a word and then does not start.
func ruleWALSizes(v *validation) {
	segment, known := v.future.bytes("wal_segment_size")
	least, okLeast := v.future.bytes("min_wal_size")
	most, okMost := v.future.bytes("max_wal_size")
	for _, name := range []string{"min_wal_size", "max_wal_size"} {
		if size, ok := v.future.bytes(name); ok && known && size < 2*segment {
			v.refuse([]string{name}, "give "+name+" at least "+units.FormatSize(2*segment),
				"the server would not start: %s = %s is less than two WAL segments of %s", name, v.future.shown(name), units.FormatSize(segment))
		}
	}
	names := []string{"min_wal_size", "max_wal_size"}
	if okLeast && okMost && most < least && v.future.asked(names...) {
		v.refuse(names, "give max_wal_size at least min_wal_size",
			"max_wal_size = %s is less than min_wal_size = %s", v.future.shown("max_wal_size"), v.future.shown("min_wal_size"))
	}
}
