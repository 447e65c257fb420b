package pglog

import (
	"errors"
	"io"
	"sync"
)

// splitter says where the last event of some bytes begins, 0 where none begins but the first: there a block ends.
// resume is split where it is not known what the bytes are the middle of.
type splitter interface {
	split(data []byte) int
	resume(data []byte) int
	// whole tells that what ends with a line may end with an event: more of it is not surely missing.
	whole(data []byte) bool
}

// block is a piece of a file that holds whole events.
type block struct {
	data   []byte
	offset int64 // of its first byte, decompressed
	index  int   // of it in its file
}

// blocks cuts what a reader gives, in order. Its workers read in turn: while one reads, the others parse.
type blocks struct {
	mutex  sync.Mutex
	in     io.Reader
	ends   splitter
	size   int
	carry  []byte
	offset int64
	index  int
	done   bool
	err    error
	cut    int64 // events that were longer than is kept
	live   bool  // the file is written: its last event is left if its line, or it, has no end
}

// longest event in bytes: what is behind it is left out. A statement has at most 1 GB in PostgreSQL, and 1 MB is rare.
const longest = 64 << 20

// next fills b; false at the end.
func (r *blocks) next(b *block) bool {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if r.done {
		return false
	}
	data := append(b.data[:0], r.carry...)
	for grow := r.size; ; grow = max(r.size, len(data)/2) {
		if need := len(data) + grow; cap(data) < need {
			bigger := make([]byte, len(data), need)
			copy(bigger, data)
			data = bigger
		}
		n, err := fill(r.in, data[len(data):len(data)+grow])
		data = data[:len(data)+n]
		if err != nil {
			r.done = true
			if !errors.Is(err, io.EOF) {
				r.err = err
			}
			if len(data) > 0 && (r.err != nil || r.live && (data[len(data)-1] != '\n' || !r.ends.whole(data))) { // it can be torn there
				data = data[:r.ends.split(data)]
			}
			b.set(data, r)
			return len(data) > 0
		}
		if cut := r.ends.split(data); cut > 0 {
			r.carry = append(r.carry[:0], data[cut:]...)
			b.set(data[:cut], r)
			return true
		}
		if len(data) >= longest {
			b.set(data, r)
			r.offset += r.skip()
			r.cut++
			return true
		}
	}
}

func (b *block) set(data []byte, r *blocks) {
	b.data, b.offset, b.index = data, r.offset, r.index
	r.index++
	r.offset += int64(len(data))
}

// skip reads on to where an event begins.
func (r *blocks) skip() (skipped int64) {
	data := make([]byte, 0, 2*skipSize)
	for {
		n, err := fill(r.in, data[len(data):len(data)+skipSize])
		data = data[:len(data)+n]
		if err != nil {
			r.done, r.carry = true, r.carry[:0]
			if !errors.Is(err, io.EOF) {
				r.err = err
			}
			return skipped + int64(len(data))
		}
		if cut := r.ends.resume(data); cut > 0 {
			r.carry = append(r.carry[:0], data[cut:]...)
			return skipped + int64(cut)
		}
		drop := max(len(data)-skipSize, 0)
		skipped += int64(drop)
		data = data[:copy(data, data[drop:])]
	}
}

const skipSize = 1 << 20

// fill reads until out is full. Unlike io.ReadFull it tells the end of the file, io.EOF, from a torn compressed one.
func fill(in io.Reader, out []byte) (n int, err error) {
	for n < len(out) && err == nil {
		var step int
		step, err = in.Read(out[n:])
		n += step
	}
	if n == len(out) {
		err = nil
	}
	return n, err
}
