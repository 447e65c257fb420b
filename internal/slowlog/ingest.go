package slowlog

import (
	"context"
	"errors"
	"strings"
	"time"

	"avadb/internal/fault"
	"avadb/internal/fingerprint"
	"avadb/internal/pg"
	"avadb/internal/pglog"
)

// IngestOptions say what of the logs becomes rows.
type IngestOptions struct {
	pglog.Options
	Threshold    time.Duration     // what took longer is slow
	KeepLiterals bool              // statements are kept as they were, and not without their constants
	Progress     func(bytes int64) // told how far a file is read; nil: nobody is
}

// Ingested is what was read of one file.
type Ingested struct {
	Name         string  `json:"name" col:""`          // as it was given
	Format       string  `json:"format" col:""`        // stderr, csvlog or jsonlog, and how it is wrapped and compressed
	From         int64   `json:"from" col:""`          // where this reading began: what an earlier one had done
	Bytes        int64   `json:"bytes" col:""`         // where it ended, decompressed
	Lines        int64   `json:"lines" col:""`         // that were read
	SkippedLines int64   `json:"skipped_lines" col:""` // of them, that are no part of a message
	RowsRead     int64   `json:"rows_read" col:""`     // executions over the threshold
	RowsAdded    int64   `json:"rows_added" col:""`    // of them, that the table did not have yet
	Error        *string `json:"error" col:"elastic"`  // why it was not read to its end; null where it was
}

// Ingester writes executions from server logs into a slow_query_log table. It is for one goroutine.
type Ingester struct {
	conn    *pg.Conn
	table   *Table
	cursors *Cursors
	o       IngestOptions
	step    func() // tests only: called after each thing that a killed one can have done
}

// NewIngester refuses where the table is not there, is not today's, or may not be written.
func NewIngester(ctx context.Context, conn *pg.Conn, t *Table, cursors *Cursors, o IngestOptions) (*Ingester, error) {
	switch t.Layout() {
	case None:
		return nil, fault.New(fault.Prerequisite, "database %s has no table %s", conn.Server.Database, t.Identifier()).
			WithHint("%s makes it", strings.TrimSpace("avadb slowlog init "+conn.Target.CommandFlags()))
	case Original:
		return nil, fault.New(fault.Prerequisite, "%s is as an application made it, and has no place for what a log says", t.Identifier()).
			WithHint("%s upgrades it while it is written to", strings.TrimSpace("avadb slowlog init "+conn.Target.CommandFlags()))
	case Foreign:
		return nil, t.Unknown()
	case Current, Upgrading:
	}
	access, err := t.Access(ctx, conn)
	if err != nil {
		return nil, err
	}
	if conn.Server.Superuser && !t.Trusts(conn) {
		return nil, t.untrusted()
	}
	if !access.MayInsert {
		role := pg.Identifier(conn.Server.Role)
		return nil, fault.New(fault.Privilege, "role %s may not write to %s", role, t.Identifier()).
			WithHint("GRANT USAGE ON SCHEMA %s TO %s; GRANT INSERT ON %s TO %s", pg.Identifier(t.Schema), role, t.Identifier(), role)
	}
	return &Ingester{conn: conn, table: t, cursors: cursors, o: o, step: func() {}}, nil
}

const (
	batchRows  = 10_000  // of a transaction
	batchBytes = 8 << 20 // of its statements
)

// File reads a file from where an earlier reading stopped. A last line without an end is still written: its message waits for the next
// reading. The error is one of the table: what is wrong with the file stands in Ingested.
func (in *Ingester) File(ctx context.Context, name string) (Ingested, error) {
	done := Ingested{Name: name}
	identity, err := pglog.Identity(name)
	if err == nil && identity != "" {
		err = in.read(ctx, name, identity, &done)
	}
	var failed *tableError
	switch f := fault.As(err); {
	case err == nil:
		return done, nil
	case errors.As(err, &failed):
		return done, failed.err
	case ctx.Err() != nil:
		return done, context.Cause(ctx)
	case f != nil && f.Kind == fault.Usage:
		return done, err
	default:
		message := err.Error()
		if f != nil && f.Hint != "" {
			message += ": " + f.Hint
		}
		done.Error = &message
		return done, nil
	}
}

func (in *Ingester) read(ctx context.Context, name, identity string, done *Ingested) error {
	covers := Covers{in.o.Threshold, in.o.Since, in.o.Until}
	done.From = in.cursors.At(identity, covers)
	rows, size := []Row{}, 0
	flush := func(to int64) error {
		if len(rows) > 0 {
			added, err := in.table.Add(ctx, in.conn, rows)
			if err != nil {
				return &tableError{err}
			}
			in.step()
			done.RowsRead += int64(len(rows))
			done.RowsAdded += added
			rows, size = rows[:0], 0
		}
		in.cursors.Set(identity, Cursor{Name: name, To: to, Covers: covers})
		if err := in.cursors.Save(); err != nil {
			return &tableError{err}
		}
		in.step()
		return nil
	}
	reading := pglog.Reading{Options: in.o.Options, Threshold: in.o.Threshold, From: done.From, Live: true}
	to := done.From
	file, err := pglog.Executions(ctx, name, nil, reading, func(b *pglog.Batch) error {
		for i := range b.Executions {
			row, err := in.row(&b.Executions[i], identity)
			if err != nil {
				return err
			}
			rows, size = append(rows, row), size+len(row.Query)
		}
		to = b.To
		if in.o.Progress != nil {
			in.o.Progress(b.To)
		}
		if len(rows) >= batchRows || size >= batchBytes {
			return flush(to)
		}
		return nil
	})
	done.Format, done.Bytes, done.Lines, done.SkippedLines = file.Format, file.Bytes, file.Lines, file.SkippedLines
	var failed *tableError
	if errors.As(err, &failed) || ctx.Err() != nil || to == done.From && len(rows) == 0 {
		return err
	}
	return errors.Join(flush(to), err) // what stands before the place where a file is broken is good
}

// row is one for an execution. Its key is the same whenever and in whatever file it is read. The duration is in it because each format counts
// the lines of a session by itself, and stderr counts DETAIL as a line: one number can be that of two executions.
func (in *Ingester) row(e *pglog.Execution, identity string) (Row, error) {
	if e.At.IsZero() {
		return Row{}, fault.New(fault.Failed, "its lines have no time").WithHint("put %%m into log_line_prefix, or give --log-line-prefix where it has one that was not found")
	}
	key := Key("%s|%d", identity, e.Offset)
	if e.Session != "" && e.Line > 0 {
		key = Key("%s|%s|%d|%d", in.conn.Server.SystemIdentifier, e.Session, e.Line, e.US)
	}
	r := Row{
		At: e.At, DurationMS: float64(e.US) / 1000, ThresholdMS: float64(in.o.Threshold.Microseconds()) / 1000, Origin: OriginLog, Calls: 1,
		Database: in.known(e.Database), User: in.known(e.User), Application: in.known(e.Application), Key: key,
	}
	if e.PID != 0 {
		r.PID = &e.PID
	}
	if e.QueryID != 0 {
		r.QueryID = &e.QueryID
	}
	if e.Query == "" {
		r.Query = notLogged
		return r, nil
	}
	signature := fingerprint.Of(e.Query).String()
	r.Signature = &signature
	r.Query = fingerprint.MaskSecrets(e.Query)
	if !in.o.KeepLiterals {
		r.Query = string(fingerprint.AppendRedacted(nil, e.Query))
	}
	r.Query = in.conn.Storable(r.Query)
	return r, nil
}

// notLogged stands for a statement that the log does not have: log_duration without log_statement.
const notLogged = "(not in the log)"

// known is a text that the log has; nil for none.
func (in *Ingester) known(text string) *string {
	if text == "" {
		return nil
	}
	text = in.conn.Storable(text)
	return &text
}

// tableError is one that ends the whole ingestion, and not one file's.
type tableError struct{ err error }

func (e *tableError) Error() string { return e.err.Error() }
func (e *tableError) Unwrap() error { return e.err }
