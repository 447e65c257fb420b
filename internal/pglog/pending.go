package pglog

import (
	"sync"
)

// With log_statement and log_duration a statement stands in one message and its duration in a later one of the same process: pending
// keeps what a process has announced within a block, and seams carries it over to the next.
type pending struct {
	of     map[int32]*announcement
	block  int     // number of the block that is read
	pids   []int32 // that announced or ran something within it
	orphan []orphan
}

type announcement struct {
	block int
	text  []byte
	said  bool // not yet run
}

// state of a process within a block.
type state uint8

const (
	unknown state = iota // it has said nothing within the block
	nothing              // what it said has run
	said
)

// orphan is a bare duration whose statement was announced before the block, if at all.
type orphan struct {
	pid            int32
	us, at, seq    int64
	queryID        int64
	user, database string
}

func (p *pending) begin() {
	p.block++
	p.pids, p.orphan = p.pids[:0], p.orphan[:0]
	if len(p.of) > mostProcesses {
		clear(p.of)
	}
}

const mostProcesses = 10000

func (p *pending) entry(pid int32) *announcement {
	a := p.of[pid]
	if a == nil {
		a = &announcement{}
		p.of[pid] = a
	}
	if a.block != p.block {
		a.block = p.block
		p.pids = append(p.pids, pid)
	}
	return a
}

func (p *pending) announce(pid int32, sql []byte) {
	a := p.entry(pid)
	a.text, a.said = append(a.text[:0], sql...), true
}

func (p *pending) take(pid int32) ([]byte, state) {
	a := p.of[pid]
	switch {
	case a == nil || a.block != p.block:
		return nil, unknown
	case !a.said:
		return nil, nothing
	}
	a.said = false
	return a.text, said
}

// ask leaves a bare duration to seams; the process has run what it said.
func (p *pending) ask(e *Event, us, seq int64) {
	p.entry(e.PID).said = false
	p.orphan = append(p.orphan, orphan{pid: e.PID, us: us, at: e.Time, seq: seq, queryID: e.QueryID, user: string(e.User), database: string(e.Database)})
}

// seam is what a block leaves open at its beginning and at its end.
type seam struct {
	orphans []orphan
	said    map[int32]string // nil text: the process has run what it said
	ran     []int32
	batch   *Batch                   // of executions, where these are wanted
	deliver func(batch *Batch) error // takes the batch when all blocks before it are done
}

func (p *pending) seam() (s seam) {
	s.orphans = append(s.orphans, p.orphan...)
	for _, pid := range p.pids {
		a := p.of[pid]
		if !a.said {
			s.ran = append(s.ran, pid)
			continue
		}
		if s.said == nil {
			s.said = map[int32]string{}
		}
		s.said[pid] = string(a.text)
	}
	return s
}

// seams joins the blocks in the order of the log, whatever order they are done in.
type seams struct {
	mutex   sync.Mutex
	next    int
	waiting map[int]seam
	said    map[int32]string
	err     error // of a delivery: none follows
}

// join takes the seam of a block and settles what it and those that waited for it leave open.
func (s *seams) join(index int, one seam, settle func(batch *Batch, o *orphan, sql string)) error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.waiting == nil {
		s.waiting, s.said = map[int]seam{}, map[int32]string{}
	}
	s.waiting[index] = one
	for {
		one, ok := s.waiting[s.next]
		if !ok || s.err != nil {
			return s.err
		}
		delete(s.waiting, s.next)
		s.next++
		for i := range one.orphans {
			if sql, ok := s.said[one.orphans[i].pid]; ok {
				delete(s.said, one.orphans[i].pid)
				settle(one.batch, &one.orphans[i], sql)
			}
		}
		for _, pid := range one.ran {
			delete(s.said, pid)
		}
		for pid, sql := range one.said {
			s.said[pid] = sql
		}
		if one.deliver != nil {
			s.err = one.deliver(one.batch)
		}
	}
}

// settle adds an execution whose statement stood in an earlier block.
func (d *digest) settle(_ *Batch, o *orphan, sql string) {
	user, database := d.users.of([]byte(o.user)), d.databases.of([]byte(o.database))
	number := d.tallies.number([]byte(sql), KindBare, user.number, database.number)
	if d.tallies.isSlowest(number, o.us, o.seq) {
		d.tallies.setSlowest(number, o.us, example{query: kept(sql, keptExample), at: o.at, seq: o.seq})
	}
	d.tallies.add(number, o.us, o.queryID)
}
