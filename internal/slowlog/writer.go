package slowlog

import (
	"context"
	"slices"
	"sync/atomic"

	"avadb/internal/fault"
)

const (
	batchRows  = 20_000  // of a transaction
	batchBytes = 8 << 20 // of its statements
	insertRows = 5_000   // of an INSERT: its arrays are held whole
	probeRows  = 1_000   // of the first one, which tells whether a file is new
)

// parcel is what one transaction writes.
type parcel struct {
	rows []Row
	size int   // bytes of its statements
	to   int64 // the file is read up to here
}

func (b *parcel) add(r Row) {
	b.rows, b.size = append(b.rows, r), b.size+len(r.Query)
}

func (b *parcel) isFull(rows int64) bool { return int64(len(b.rows)) >= rows || b.size >= batchBytes }

// rowWriter writes the batches of one file while the next ones are read.
type rowWriter struct {
	*Ingester
	name, identity string
	covers         Covers
	parcels        chan parcel
	ended          chan struct{}
	failed         atomic.Pointer[tableError]
	most           atomic.Int64 // rows of the next parcels
	text           []byte       // room for what COPY takes
	used           chan []Row   // room that is free again
	fresh          bool         // none of the last batch's rows was there: nor will those of the next be
	read, added    int64        // once ended
}

func (in *Ingester) newWriter(ctx context.Context, name, identity string, covers Covers) *rowWriter {
	w := &rowWriter{Ingester: in, name: name, identity: identity, covers: covers, parcels: make(chan parcel), used: make(chan []Row, 1), ended: make(chan struct{})}
	w.most.Store(probeRows)
	go func() {
		defer close(w.ended)
		for one := range w.parcels {
			if w.failed.Load() != nil {
				continue
			}
			if err := w.write(ctx, one); err != nil {
				w.failed.Store(&tableError{err})
			}
			select {
			case w.used <- one.rows:
			default:
			}
		}
	}()
	return w
}

// send hands a batch over; the error is that of an earlier one.
func (w *rowWriter) send(one parcel) error {
	if failed := w.failed.Load(); failed != nil {
		return failed
	}
	w.parcels <- one
	return nil
}

// next is an empty parcel behind a place of the file.
func (w *rowWriter) next(to int64) parcel {
	select {
	case rows := <-w.used:
		clear(rows) // their texts are not kept
		return parcel{rows: rows[:0], to: to}
	default:
		return parcel{to: to}
	}
}

// end waits until all are written.
func (w *rowWriter) end() error {
	close(w.parcels)
	<-w.ended
	if failed := w.failed.Load(); failed != nil {
		return failed
	}
	return nil
}

// write puts a batch into the table, and then the cursor behind it.
func (w *rowWriter) write(ctx context.Context, one parcel) error {
	if len(one.rows) > 0 {
		added, err := w.put(ctx, one.rows)
		if err != nil {
			return err
		}
		w.step()
		w.read += int64(len(one.rows))
		w.added += added
	}
	if w.most.Store(insertRows); w.fresh && !w.noCopy {
		w.most.Store(batchRows)
	}
	w.cursors.Set(w.identity, Cursor{Name: w.name, To: one.to, Covers: w.covers})
	if err := w.cursors.Save(); err != nil {
		return err
	}
	w.step()
	return nil
}

// put writes rows. COPY is the faster way and stays out of the server's own log, but cannot leave out what is there: so it is taken once a batch
// of the file was all new, and where it fails the INSERT that leaves rows out follows.
func (w *rowWriter) put(ctx context.Context, rows []Row) (added int64, err error) {
	if w.fresh && !w.noCopy {
		w.text = w.text[:0]
		for i := range rows {
			w.text = rows[i].appendCopy(w.text)
		}
		err := w.table.Copy(ctx, w.conn, w.text)
		if err == nil {
			return int64(len(rows)), nil
		}
		switch f := fault.As(err); {
		case f == nil:
			return 0, err
		case f.SQLState == "0A000": // row level security, or a view
			w.noCopy = true
		case f.SQLState != "23505":
			return 0, err
		}
	}
	for part := range slices.Chunk(rows, insertRows) {
		n, err := w.table.Add(ctx, w.conn, part)
		if err != nil {
			return added, err
		}
		added += n
	}
	w.fresh = added == int64(len(rows))
	return added, nil
}
