package serverlog

import (
	"context"
	"io"

	"avadb/internal/fault"
	"avadb/internal/query"
)

// The bytes that are asked for at once: few at first, because often only a beginning is wanted.
const (
	firstChunk = 64 << 10
	mostChunk  = 512 << 10
)

// reader reads one file. It goes on where the file grew meanwhile.
type reader struct {
	ctx        context.Context // of the reading: io.Reader has no way to give one
	log        *Log
	name, path string
	at         int64 // of the next byte to give
	held       []byte
	heldAt     int64 // of its first byte
	chunk      int64
}

// Read is part of io.Reader.
func (r *reader) Read(out []byte) (int, error) {
	if len(out) == 0 {
		return 0, nil
	}
	if r.at < r.heldAt || r.at >= r.heldAt+int64(len(r.held)) {
		if err := r.fetch(); err != nil {
			return 0, err
		}
		if len(r.held) == 0 {
			return 0, io.EOF
		}
	}
	n := copy(out, r.held[r.at-r.heldAt:])
	r.at += int64(n)
	return n, nil
}

func (r *reader) fetch() error {
	piece, err := query.One[struct {
		Bytes []byte `db:"bytes"`
	}](r.ctx, r.log.conn, "serverlog/read", r.path, r.at, r.chunk)
	if err != nil {
		return err
	}
	if piece.Bytes == nil {
		return fault.New(fault.Failed, "it was removed while it was read")
	}
	r.held, r.heldAt = piece.Bytes, r.at
	r.chunk = min(2*r.chunk, mostChunk)
	return nil
}

// Seek is part of io.Seeker.
func (r *reader) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += r.at
	case io.SeekEnd:
		if err := r.log.list(r.ctx); err != nil {
			return 0, err
		}
		info, err := r.log.Stat(r.ctx, r.name)
		if err != nil {
			return 0, err
		}
		offset += info.Size()
	}
	if offset < 0 {
		return 0, fault.New(fault.Failed, "a place before the beginning of the file")
	}
	r.at = offset
	return offset, nil
}

// Close is part of io.Closer.
func (r *reader) Close() error { return nil }
