package slowlog

import (
	"context"
	"crypto/sha256"
	"errors"
	"strconv"
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
	Doubt        func(zone string) // told once of each time zone in the timestamps that is not certain; nil: nobody is

	// Restore is asked to mend what a round of following failed with, such as a lost connection; nil: nobody is. Its error ends the following.
	Restore func(ctx context.Context, failed error) error
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
	waiting      bool    // what stands at its end is not sure yet
}

// Ingester writes executions from server logs into a slow_query_log table. It is for one goroutine.
type Ingester struct {
	conn     *pg.Conn
	table    *Table
	cursors  *Cursors
	o        IngestOptions
	noCopy   bool // the table takes none
	doubts   map[string]bool
	names    map[string]*string // of roles, databases and applications, as they are stored
	text     []byte             // room for what a key, or a statement without its constants, is made of
	prepared [1024]remembered
	step     func() // tests only: called after each thing that a killed one can have done
}

// NewIngester refuses where the table is not there, is not today's, or may not be written.
func NewIngester(ctx context.Context, conn *pg.Conn, t *Table, cursors *Cursors, o IngestOptions) (*Ingester, error) {
	if o.Logs == nil {
		o.Logs = pglog.Host
	}
	in := &Ingester{conn: conn, table: t, cursors: cursors, o: o, doubts: map[string]bool{}, names: map[string]*string{}, step: func() {}}
	return in, in.check(ctx)
}

// check refuses a table that cannot take the rows.
func (in *Ingester) check(ctx context.Context) error {
	conn, t := in.conn, in.table
	switch t.Layout() {
	case None:
		return fault.New(fault.Prerequisite, "database %s has no table %s", conn.Server.Database, t.Identifier()).
			WithHint("%s makes it", strings.TrimSpace("avadb slowlog init "+conn.Target.CommandFlags()))
	case Original:
		return fault.New(fault.Prerequisite, "%s is as an application made it, and has no place for what a log says", t.Identifier()).
			WithHint("%s upgrades it while it is written to", strings.TrimSpace("avadb slowlog init "+conn.Target.CommandFlags()))
	case Foreign:
		return t.Unknown()
	case Current, Upgrading:
	}
	access, err := t.Access(ctx, conn)
	switch {
	case err != nil:
		return err
	case conn.Server.Superuser && !t.Trusts(conn):
		return t.untrusted()
	case !access.MayInsert:
		role := pg.Identifier(conn.Server.Role)
		return fault.New(fault.Privilege, "role %s may not write to %s", role, t.Identifier()).
			WithHint("GRANT USAGE ON SCHEMA %s TO %s; GRANT INSERT ON %s TO %s", pg.Identifier(t.Schema), role, t.Identifier(), role)
	}
	return nil
}

// again looks whether the table is still the one that the cursors are of: one that was made anew while logs are followed gets all of them.
func (in *Ingester) again(ctx context.Context) error {
	now, err := Find(ctx, in.conn, in.table.Schema)
	if err != nil {
		return err
	}
	in.table = now
	if !in.cursors.Of(in.conn, now) {
		return nil
	}
	return in.check(ctx)
}

// File reads a file from where an earlier reading stopped. A last line without an end is still written: its message waits for the next
// reading. The error is one of the table: what is wrong with the file stands in Ingested.
func (in *Ingester) File(ctx context.Context, name string) (Ingested, error) {
	done := Ingested{Name: name}
	identity, err := pglog.Identity(ctx, name, in.o.Options)
	if err == nil && identity != "" {
		if err := in.again(ctx); err != nil {
			return done, err
		}
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
	case f != nil && (f.Kind == fault.Usage || f.Kind == fault.Connect):
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
	w := in.newWriter(ctx, name, identity, covers)
	one := parcel{to: in.cursors.At(identity, covers)}
	reading := pglog.Reading{Options: in.o.Options, Threshold: in.o.Threshold, From: one.to, Live: true}
	moved := false
	file, err := pglog.Executions(ctx, name, nil, reading, func(b *pglog.Batch) error {
		for i := range b.Executions {
			if isOwn(b.Executions[i].Query) {
				continue
			}
			row, err := in.row(&b.Executions[i], identity)
			if err != nil {
				return err
			}
			one.add(row)
		}
		one.to, moved = b.To, true
		if in.o.Progress != nil {
			in.o.Progress(b.To)
		}
		if !one.isFull(w.most.Load()) {
			return nil
		}
		err := w.send(one)
		one = w.next(b.To)
		return err
	})
	if ctx.Err() == nil && moved { // what stands before the place where a file is broken is good
		err = errors.Join(w.send(one), err)
	}
	err = errors.Join(w.end(), err)
	done.RowsRead, done.RowsAdded, done.waiting = w.read, w.added, file.Waiting
	done.Format, done.From, done.Bytes, done.Lines, done.SkippedLines = file.Format, file.Began, file.Bytes, file.Lines, file.SkippedLines
	in.tellDoubt(file.Doubt)
	return err
}

// tellDoubt says once of each time zone that it is not certain.
func (in *Ingester) tellDoubt(zone string) {
	if zone != "" && !in.doubts[zone] && in.o.Doubt != nil {
		in.doubts[zone] = true
		in.o.Doubt(zone)
	}
}

// isOwn tells avadb's own statements by their marker: what it writes down, and reads in a server's log, is none of the workload.
func isOwn(sql string) bool {
	_, behind, found := strings.Cut(sql[:min(len(sql), 40)], " /*avadb:")
	return found && behind != ""
}

// row is one for an execution. Its key is the same whenever and in whatever file it is read. The duration is in it because each format counts
// the lines of a session by itself, and stderr counts DETAIL as a line: one number can be that of two executions.
func (in *Ingester) row(e *pglog.Execution, identity string) (Row, error) {
	if e.At.IsZero() {
		return Row{}, fault.New(fault.Failed, "its lines have no time").WithHint("put %%m into log_line_prefix, or give --log-line-prefix where it has one that was not found")
	}
	r := Row{
		At: e.At, DurationMS: float64(e.US) / 1000, ThresholdMS: float64(in.o.Threshold.Microseconds()) / 1000, Origin: OriginLog, Calls: 1,
		Database: in.known(e.Database), User: in.known(e.User), Application: in.known(e.Application), Key: in.key(e, identity),
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
	r.Query, r.Signature = in.statement(e)
	return r, nil
}

// statement gives the text that is stored, and the signature. One with parameters comes again letter by letter, and the last such are remembered.
func (in *Ingester) statement(e *pglog.Execution) (text string, signature *string) {
	var place *remembered
	if e.Kind == pglog.KindExecute || e.Kind == pglog.KindFetch {
		n := len(e.Query)
		place = &in.prepared[(n<<4^int(e.Query[n-1])^int(e.Query[n/2])<<2^int(e.Query[n/3])<<6)%len(in.prepared)]
		if place.query == e.Query {
			return place.text, place.signature
		}
	}
	of := fingerprint.Of(e.Query).String()
	if in.o.KeepLiterals {
		text = fingerprint.MaskSecrets(e.Query)
	} else {
		in.text = fingerprint.AppendRedacted(in.text[:0], e.Query)
		text = fingerprint.MaskSecrets(string(in.text))
	}
	text = in.conn.Storable(text)
	if place != nil && len(e.Query) <= mostRemembered {
		*place = remembered{e.Query, text, &of}
	}
	return text, &of
}

// remembered is a statement and what is stored of it.
type remembered struct {
	query, text string
	signature   *string
}

// mostRemembered is the longest statement, in bytes, that is.
const mostRemembered = 4096

// key is Key of the session's line, where the log has it, else of the file's place; and of the duration.
func (in *Ingester) key(e *pglog.Execution, identity string) string {
	text := in.text[:0]
	if e.Session != "" && e.Line > 0 {
		text = append(append(append(append(text, in.conn.Server.SystemIdentifier...), '|'), e.Session...), '|')
		text = strconv.AppendInt(text, e.Line, 10)
	} else {
		text = append(append(text, identity...), '|')
		text = strconv.AppendInt(text, e.Offset, 10)
	}
	text = strconv.AppendInt(append(text, '|'), e.US, 10)
	in.text = text
	return uuid(sha256.Sum256(text))
}

// notLogged stands for a statement that the log does not have: log_duration without log_statement.
const notLogged = "(not in the log)"

// known is a text that the log has; nil for none.
func (in *Ingester) known(text string) *string {
	if text == "" {
		return nil
	}
	if name := in.names[text]; name != nil {
		return name
	}
	if len(in.names) >= mostNames {
		clear(in.names)
	}
	name := in.conn.Storable(text)
	in.names[text] = &name
	return &name
}

// mostNames that are remembered.
const mostNames = 10_000

// tableError is one that ends the whole ingestion, and not one file's.
type tableError struct{ err error }

func (e *tableError) Error() string { return e.err.Error() }
func (e *tableError) Unwrap() error { return e.err }
