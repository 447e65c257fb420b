package tuning

import (
	"fmt"
	"slices"

	"avadb/internal/units"
)

func walRules(w workload) []rule {
	return []rule{
		{"max_wal_size", "the profile's: " + units.FormatSize(w.maxWAL) + ", at most half of the room on pg_wal's disk", "checkpoints come by time and not by size", fromPgtuneWAL, w.decideMaxWAL, "up to this much of the disk; a longer recovery after a crash"},
		{"min_wal_size", "the profile's: " + units.FormatSize(w.minWAL) + ", at most a quarter of max_wal_size", "WAL files are kept for reuse", fromPgtuneWAL, w.decideMinWAL, "this much of the disk at all times"},
		{"checkpoint_completion_target", formulaFixed, "spreads a checkpoint's writes over the interval", fromPgtuneWAL, fixed("0.9"), ""},
		{"wal_compression", "lz4 or zstd where the build has it, else pglz", "full page images take less WAL", fromPgtuneWAL, decideCompression, "processor time for each full page image; most with pglz"},
	}
}

func (w workload) decideMaxWAL(s *sheet, rec *Recommendation) {
	size := s.raiseWAL(rec, w.maxWAL)
	if room := s.in.WALRoomBytes; room == 0 {
		rec.Reason += "; whether the disk of pg_wal holds that cannot be seen from here"
	} else if room/2 < size {
		size = room / 2 / units.MB * units.MB
		rec.Reason = fmt.Sprintf("half of the %s that the disk of pg_wal has for it", units.HumanSize(room))
		rec.Moved = rec.Moved && size > w.maxWAL // else the disk alone decides
	}
	size = max(size, s.leastWAL())
	if now := s.nowBytes(rec.Name); now > size && (s.in.WALRoomBytes == 0 || now <= s.in.WALRoomBytes/2) {
		*rec = leave(*rec, "already %s; %s would only make checkpoints more frequent", units.FormatSize(now), units.FormatSize(size))
		return
	}
	rec.Value = units.FormatSize(size)
}

// leastWAL is what the server starts with at the least: two segments.
func (s *sheet) leastWAL() int64 { return 2 * s.nowBytes("wal_segment_size") }

func (w workload) decideMinWAL(s *sheet, rec *Recommendation) {
	size := w.minWAL
	if most, ok := s.bytes("max_wal_size"); ok && most/4 < size {
		size = most / 4 / units.MB * units.MB
	}
	size = max(size, s.leastWAL())
	if now := s.nowBytes(rec.Name); now > size && now <= s.mostMinWAL() {
		*rec = leave(*rec, "already %s, more than the %s of the rule", units.FormatSize(now), units.FormatSize(size))
		return
	}
	rec.Value = units.FormatSize(size)
}

// mostMinWAL is the largest min_wal_size that makes sense: that of max_wal_size.
func (s *sheet) mostMinWAL() int64 {
	most, _ := s.bytes("max_wal_size")
	return most
}

// decideCompression takes what this build accepts: lz4 costs the least processor time, zstd less than pglz. Before 15 the
// parameter is a switch for pglz.
func decideCompression(s *sheet, rec *Recommendation) {
	p := s.in.Parameters[rec.Name]
	rec.Value = "on"
	for _, method := range []string{"lz4", "zstd", "pglz"} {
		if slices.Contains(p.EnumVals, method) {
			rec.Value = method
			return
		}
	}
}
