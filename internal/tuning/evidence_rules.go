package tuning

import (
	"fmt"
	"strconv"

	"avadb/internal/units"
)

// filledBytes is where the measured size of the databases begins to count: with less the server is taken for one that is
// not filled yet. A size that the user gives always counts.
const filledBytes = units.GB

// dataBytes is what the databases hold; 0 where it is not known.
func (s *sheet) dataBytes() (size int64, measured bool) {
	if s.in.DBBytes > 0 {
		return s.in.DBBytes, false
	}
	if e := s.in.Evidence; e != nil && e.DBBytes != nil && *e.DBBytes >= filledBytes {
		return *e.DBBytes, true
	}
	return 0, false
}

// fitBuffersToData keeps shared_buffers to twice the databases: more than they hold cannot be used, and they grow.
func (s *sheet) fitBuffersToData(rec *Recommendation, size int64) int64 {
	data, measured := s.dataBytes()
	if e := s.in.Evidence; e != nil && e.HitRatioPct != nil {
		rec.Evidence = fmt.Sprintf("%.1f%% of the blocks asked for were found in shared_buffers", *e.HitRatioPct)
	}
	if e := s.in.Evidence; e != nil && data == 0 && e.DBBytes != nil {
		rec.Evidence = fmt.Sprintf("the databases hold %s, which is taken for a server that is not filled yet (--db-size says what they will hold)", units.HumanSize(*e.DBBytes))
	}
	most := max(wholeStep(2*data), defaultBuffer)
	if data == 0 || size <= most {
		return size
	}
	rec.Reason = fmt.Sprintf("twice the %s that the databases hold: more could not be used", units.HumanSize(data))
	if measured {
		rec.Evidence, rec.Moved = "the databases hold "+units.HumanSize(data), true
	}
	return most
}

// raiseWorkMem goes beyond the default only for statements that waited for temporary files on the disk, and only as far as
// holds them: a raise that does not leaves the files and takes the memory. What the server has already stays where it fits:
// its counters were made with it.
func (s *sheet) raiseWorkMem(rec *Recommendation, size, most int64) int64 {
	e := s.in.Evidence
	if e == nil {
		return size
	}
	rec.Evidence = e.spillText(most)
	for _, spill := range e.Spills {
		if need := spill.need(); spill.reachesDisk() && need <= most && need > size {
			size = need
			rec.Moved, rec.Cost = true, costWorkMem
			rec.Reason = "temporary files of this size reach the disk"
			rec.Evidence = fmt.Sprintf("statement %s writes %s of temporary files a call and spends %.0f%% of its time on them (%.3f ms a block)",
				spill.QueryID, units.HumanSize(spill.BytesCall), spill.SharePct, spill.BlockMS)
		}
	}
	if now := s.nowBytes(rec.Name); now > size && now <= most {
		rec.Moved, rec.Reason = true, "what the server has: nothing shows that less would do, and it fits the memory"
		return now
	}
	return size
}

// spillText says what the counters tell about temporary files, for a work_mem of this size.
func (e *Evidence) spillText(size int64) string {
	if e == nil {
		return ""
	}
	waiting, beyond := 0, 0
	for _, spill := range e.Spills {
		if spill.reachesDisk() {
			waiting++
		}
		if spill.reachesDisk() && spill.need() > size {
			beyond++
		}
	}
	switch {
	case beyond > 0:
		return fmt.Sprintf("%s for temporary files on the disk that %s would not hold: raise it for their role alone", statementsWait(beyond), units.FormatSize(size))
	case waiting > 0:
		return fmt.Sprintf("%s for temporary files on the disk, and %s would hold them", statementsWait(waiting), units.FormatSize(size))
	case e.TempFiles == nil:
		return "whether there are temporary files is not known"
	case *e.TempFiles == 0:
		return "no temporary files were counted"
	case !e.SpillTimes:
		return fmt.Sprintf("%d temporary files of %s were counted; whether they reached the disk is not known", *e.TempFiles, e.tempSize())
	}
	return fmt.Sprintf("%d temporary files of %s were counted; no statement waited for the disk because of them", *e.TempFiles, e.tempSize())
}

func statementsWait(n int) string {
	if n == 1 {
		return "1 statement waits"
	}
	return fmt.Sprintf("%d statements wait", n)
}

// tempSize is all temporary files together.
func (e *Evidence) tempSize() string {
	if e.TempBytes == nil {
		return "unknown size"
	}
	return units.HumanSize(*e.TempBytes)
}

const (
	// fewRequested checkpoints tell nothing: a backup and a CREATE DATABASE ask for one, too.
	fewRequested = 10
	mostWAL      = 64 * units.GB
)

// raiseWAL doubles the profile's max_wal_size, or takes what the WAL of checkpoint_timeout needs, where checkpoints come by
// size: more than half as many requested as timed. max_wal_size spans about two of them.
func (s *sheet) raiseWAL(rec *Recommendation, size int64) int64 {
	e := s.in.Evidence
	if e == nil || e.Requested == nil || e.Timed == nil {
		return size
	}
	rec.Evidence = fmt.Sprintf("%d checkpoints were requested and %d came by time", *e.Requested, *e.Timed)
	if *e.Requested < fewRequested || *e.Requested*2 <= *e.Timed {
		return size
	}
	need := 2 * size
	if seconds := s.now("checkpoint_timeout"); e.WALPerSecond != nil {
		for float64(need) < 2*seconds**e.WALPerSecond && need < mostWAL {
			need *= 2
		}
		rec.Evidence += fmt.Sprintf(", with %s of WAL a second", units.HumanSize(int64(*e.WALPerSecond)))
	}
	rec.Moved, rec.Reason = true, "checkpoints come because the WAL is full: more of it spaces them"
	return max(min(need, mostWAL), size)
}

const (
	bigTable = units.GB
	manyDead = 0.1 // of the rows
)

// worstTable is the first of the big tables with many dead rows; nil without one.
func (s *sheet) worstTable() *Table {
	if s.in.Evidence == nil {
		return nil
	}
	for i, t := range s.in.Evidence.Tables {
		if t.Bytes >= bigTable && float64(t.Dead) >= manyDead*float64(t.Live+t.Dead) && t.Dead > 0 {
			return &s.in.Evidence.Tables[i]
		}
	}
	return nil
}

func (t *Table) text() string {
	return fmt.Sprintf("table %s holds %d dead and %d live rows in %s", t.Name, t.Dead, t.Live, units.HumanSize(t.Bytes))
}

// vacuumEarlier is for big tables whose dead rows pile up: the default waits for a fifth of the rows.
func (s *sheet) vacuumEarlier(rec *Recommendation, scale float64) {
	const earlier = 0.02
	if t := s.worstTable(); t != nil && scale > earlier {
		rec.Value, rec.Moved, rec.Evidence = decimal(earlier), true, t.text()
		rec.Reason = "big tables wait too long for VACUUM"
	}
}

// vacuumFaster doubles the limit for the same tables.
func (s *sheet) vacuumFaster(rec *Recommendation, limit *int) {
	if t := s.worstTable(); t != nil {
		*limit *= 2
		rec.Moved, rec.Evidence = true, t.text()
		rec.Reason, rec.Formula = "VACUUM does not keep up with big tables", rec.Formula+"; twice that: "+strconv.Itoa(*limit)
	}
}
