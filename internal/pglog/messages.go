package pglog

import (
	"bytes"

	"avadb/internal/fingerprint"
)

// load is what one statement cost beside its time: files, or waits.
type load struct {
	query string
	seq   int64
	count int64
	sum   int64 // bytes, or microseconds
}

// mostLoads bounds how many statements are told apart by what they cost beside their time.
const mostLoads = 100_000

func (d *digest) load(of map[fingerprint.Signature]*load, e *Event, sum int64) {
	if len(e.Statement) == 0 {
		return
	}
	s := fingerprint.Of(text(e.Statement))
	one := of[s]
	if one == nil {
		if len(of) >= mostLoads {
			return
		}
		one = &load{query: kept(text(e.Statement), keptExample), seq: d.seq(e)}
		of[s] = one
	}
	one.count++
	one.sum += sum
}

func (d *digest) disconnected(m []byte) {
	const word = "disconnection: session time: "
	if !bytes.HasPrefix(m, []byte(word)) {
		return
	}
	d.connections.Disconnected++
	d.sessionMS += sessionTime(m[len(word):])
}

// sessionTime reads 0:00:00.011 in milliseconds.
func sessionTime(text []byte) (ms int64) {
	var part int64
	for i, c := range text {
		switch {
		case isDigit(c):
			part = part*10 + int64(c-'0')
		case c == ':':
			ms, part = (ms+part)*60, 0
		case c == '.':
			ms, part = (ms+part)*1000, 0
			if i+4 <= len(text) {
				part = max(integer(text[i+1:i+4]), 0)
			}
			return ms + part
		default:
			return (ms + part) * 1000
		}
	}
	return (ms + part) * 1000
}

func (d *digest) connected(m []byte) {
	switch {
	case bytes.HasPrefix(m, []byte("connection received")):
		d.connections.Received++
	case bytes.HasPrefix(m, []byte("connection authorized")):
		d.connections.Authorized++
	case bytes.HasPrefix(m, []byte("checkpoint starting")):
		d.checkpoints.Starting++
	case bytes.HasPrefix(m, []byte("checkpoint complete")):
		d.checkpoints.Complete++
		d.checkpoints.buffers += numberBehind(m, "wrote ")
		d.checkpoints.writeMS += numberBehind(m, "write=")
		d.checkpoints.syncMS += numberBehind(m, "sync=")
		d.checkpoints.totalMS += numberBehind(m, "total=")
	}
}

// numberBehind reads a number behind a word, without its point: 1.225 s is 1225 milliseconds. 0 where there is none.
func numberBehind(m []byte, word string) (n int64) {
	i := bytes.Index(m, []byte(word))
	if i < 0 {
		return 0
	}
	for _, c := range m[i+len(word):] {
		switch {
		case isDigit(c) && n < 1<<55:
			n = n*10 + int64(c-'0')
		case c != '.':
			return n
		}
	}
	return n
}

func (d *digest) tempFile(e *Event) {
	m := e.Message
	if !bytes.HasPrefix(m, []byte("temporary file: ")) {
		return
	}
	i := bytes.LastIndex(m, []byte("size "))
	if i < 0 {
		return
	}
	size := max(integer(bytes.TrimSpace(m[i+len("size "):])), 0)
	d.tempFiles.Count++
	d.tempFiles.Bytes += size
	d.load(d.temp, e, size)
}

// waited reads "process 31 still waiting for ShareLock on ... after 1000.1 ms" and "process 31 acquired ...".
func (d *digest) waited(e *Event) {
	m := e.Message
	if !bytes.HasPrefix(m, []byte("process ")) {
		return
	}
	n := len("process ")
	for n < len(m) && isDigit(m[n]) {
		n++
	}
	switch {
	case bytes.HasPrefix(m[n:], []byte(" still waiting for ")):
		d.locks.StillWaiting++
		d.load(d.waits, e, 0)
	case bytes.HasPrefix(m[n:], []byte(" acquired ")):
		d.locks.Acquired++
		if i := bytes.LastIndex(m, []byte(" after ")); i >= 0 {
			if us, _, ok := thousandths(m, i+len(" after ")); ok {
				d.waitedUS += us
				d.load(d.waits, e, us)
			}
		}
	}
}

func (d *digest) vacuumed(m []byte) {
	switch {
	case bytes.HasPrefix(m, []byte("automatic vacuum")), bytes.HasPrefix(m, []byte("automatic aggressive vacuum")):
		d.autovacuum.Vacuum++
		d.autovacuum.elapsedCS += numberBehind(m, "elapsed: ")
	case bytes.HasPrefix(m, []byte("automatic analyze")):
		d.autovacuum.Analyze++
		d.autovacuum.elapsedCS += numberBehind(m, "elapsed: ")
	}
}

// ended reads the messages on a process of the server that crashed.
func (d *digest) ended(e *Event) {
	m := e.Message
	if bytes.HasPrefix(m, []byte("server process (PID ")) && bytes.Contains(m, []byte(") was terminated by")) {
		d.crashed++
		if len(d.crashes) < mostExamples {
			d.crashes = append(d.crashes, Crash{At: moment(e.Time), Message: kept(text(m), keptExample), Detail: optional(kept(text(e.Detail), keptExample)), seq: d.seq(e)})
		}
	}
}
