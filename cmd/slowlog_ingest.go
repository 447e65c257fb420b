package cmd

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"avadb/internal/fault"
	"avadb/internal/journal"
	"avadb/internal/pg"
	"avadb/internal/pglog"
	"avadb/internal/render"
	"avadb/internal/serverlog"
	"avadb/internal/slowlog"
)

type slowlogIngestOptions struct {
	logOptions
	threshold, schema    string
	keepLiterals, follow bool
}

type slowlogIngestDocument struct {
	head
	Files        []slowlog.Ingested `json:"files"`         // in the order of their reading
	RowsRead     int64              `json:"rows_read"`     // executions over the threshold
	RowsAdded    int64              `json:"rows_added"`    // of them, that the table did not have yet
	RowsKnown    int64              `json:"rows_known"`    // of them, that it had
	SkippedLines int64              `json:"skipped_lines"` // that are no part of a message
	Bytes        int64              `json:"bytes"`         // that were read, decompressed
	ElapsedMS    float64            `json:"elapsed_ms"`    // from the first file to the end of the last
}

func newSlowlogIngest(a *app) *cobra.Command {
	var o slowlogIngestOptions
	c := newCommand(spec{
		use: "ingest FILE...", short: "Write the slow executions of server logs into slow_query_log",
		long: `Reads PostgreSQL's own logs, in all the formats that avadb logs reads, and writes each execution that took longer than --threshold into the
slow_query_log table of the connected database, with its true duration, as a row of origin log. What is there already is not
written twice: neither when a file is read again, nor when it was renamed or compressed. A file that grew is read from where the
last reading stopped; one that was interrupted goes on.

Constants are replaced in the text, unless --keep-literals; passwords are masked in any case. --follow goes on as the files grow and are
rotated. --from-server reads the log files of the connected server through SQL: of csvlog, jsonlog and stderr the first that it writes.`,
		example: `avadb slowlog ingest -d shop '/var/log/postgresql/*.log'
avadb slowlog ingest -d shop --threshold 250ms --since 1d 'log/*.csv'
avadb slowlog ingest -d shop --follow '/var/log/postgresql/*.log'
avadb slowlog ingest -d shop -h db1 --from-server --follow`,
		args:       needsFiles,
		privileges: "  INSERT on the table; the files must be readable\n" + fromServerPrivileges,
		exits: `  1  a file could not be read; what the others say is in the table
  2  no file is named, or the prefix, the threshold, a time or a time zone is not valid
  4  the table is missing, or as an application made it: avadb slowlog init; INSERT is missing, or what --from-server needs`,
	}, func(ctx context.Context, _ *cobra.Command, names []string) error {
		return runSlowlogIngest(ctx, a, o, names)
	})
	o.addFlags(c.Flags())
	addSchemaFlag(c, &o.schema)
	f := c.Flags()
	f.StringVar(&o.threshold, "threshold", "100ms", "note executions slower than this")
	f.BoolVar(&o.keepLiterals, "keep-literals", false, "keep the statements with their constants, which can be anybody's data")
	f.BoolVar(&o.follow, "follow", false, "go on as the files grow and are rotated")
	return c
}

// ingestGCPercent is what the heap may grow by between collections: less saves little room, and takes more time than COPY leaves.
const ingestGCPercent = 50

// followEvery is how often the files are looked at.
const followEvery = time.Second

func runSlowlogIngest(ctx context.Context, a *app, o slowlogIngestOptions, names []string) error {
	options, err := o.check(a, names)
	if err != nil {
		return err
	}
	connection := pg.Options{Class: pg.Background, Changes: true, IdleForever: o.follow}
	return a.withConn(ctx, connection, func(conn *pg.Conn) error {
		if options.Logs, err = a.logs(ctx, conn, o, &options.Options); err != nil {
			return err
		}
		conns := []*pg.Conn{conn}
		if log, ok := options.Logs.(*serverLog); ok {
			defer log.conn.Close()
			conns = append(conns, log.conn)
		}
		options.Restore = func(ctx context.Context, failed error) error { return a.restore(ctx, conns, failed) }
		return a.runIngest(ctx, conn, o, options, names)
	})
}

// restore waits for the server, where a connection to it was lost.
func (a *app) restore(ctx context.Context, conns []*pg.Conn, failed error) error {
	if !pg.Lost(conns) {
		return failed
	}
	a.log.Warn("nothing is ingested: " + failed.Error())
	err := pg.Restore(ctx, conns, func(err error) { a.log.Warn("waiting for the server: " + err.Error()) })
	if err == nil {
		a.log.Info("ingesting again")
	}
	return err
}

// serverLog is read over a connection of its own: rows are written meanwhile.
type serverLog struct {
	*serverlog.Log
	conn *pg.Conn
}

// logs tells where the files are, and fills in what the server says of them.
func (a *app) logs(ctx context.Context, conn *pg.Conn, o slowlogIngestOptions, options *pglog.Options) (pglog.Logs, error) {
	if !o.fromServer {
		facts, err := serverlog.ReadFacts(ctx, conn)
		asOn(options, facts)
		return pglog.Host, err
	}
	reader, err := pg.Connect(ctx, conn.Target, pg.Options{Class: pg.Background, IdleForever: o.follow, Log: a.log})
	if err != nil {
		return nil, err
	}
	log, err := serverlog.Open(ctx, reader)
	if err != nil {
		reader.Close()
		return nil, err
	}
	asOn(options, log.Facts)
	return &serverLog{log, reader}, nil
}

func (a *app) runIngest(ctx context.Context, conn *pg.Conn, o slowlogIngestOptions, options slowlog.IngestOptions, names []string) error {
	defer debug.SetGCPercent(debug.SetGCPercent(ingestGCPercent))
	options.Doubt = a.warnOfZone
	all, err := options.Logs.Expand(ctx, names)
	switch {
	case err == nil:
		err = oneFormat(all)
	case o.follow: // they may be still to come
		err = nil
	}
	if err != nil {
		return err
	}
	var bar *progress
	if !o.follow {
		if len(all) == 0 {
			a.log.Warn("the server's log_directory has no file of a format that log_destination names")
		}
		bar = a.newProgress(ctx, options.Logs, all)
		options.Progress = bar.at
	}
	in, err := a.ingester(ctx, conn, o, options)
	if err != nil {
		return err
	}
	if o.follow {
		what := strings.Join(names, ", ")
		if o.fromServer {
			what = strings.TrimSpace("the server's log " + what)
		}
		a.log.Info("following " + what)
		return in.Follow(ctx, names, followEvery, a.tellIngested)
	}
	return a.ingest(ctx, conn, in, all, bar)
}

// oneFormat refuses logs that a server wrote in several formats at once: each execution would become as many rows.
func oneFormat(names []string) error {
	endings := map[string]string{}
	for _, name := range names {
		stem, ending := stemOf(name)
		switch before, known := endings[stem]; {
		case ending != ".csv" && ending != ".json" && ending != ".log" && ending != "":
		case known && before != ending:
			return fault.New(fault.Usage, "%s is there with the ending %q and with %q: as one log in two formats, each execution would be written twice", stem, before, ending).
				WithHint("name the files of one format, such as '*.csv'")
		default:
			endings[stem] = ending
		}
	}
	return nil
}

func (o slowlogIngestOptions) check(a *app, names []string) (options slowlog.IngestOptions, err error) {
	for _, name := range names {
		if name == pglog.Stdin {
			return options, fault.New(fault.Usage, "stdin cannot be ingested: there is no place in it to go on from").WithHint("write it to a file first")
		}
	}
	if o.follow && a.format != render.Table && a.format != render.Plain {
		return options, fault.New(fault.Usage, "with --follow there is no result to print")
	}
	if options.Options, err = o.read(a.now()); err != nil {
		return options, err
	}
	options.KeepLiterals = o.keepLiterals
	options.Threshold, err = duration("threshold", o.threshold, 0)
	return options, err
}

func (a *app) ingester(ctx context.Context, conn *pg.Conn, o slowlogIngestOptions, options slowlog.IngestOptions) (*slowlog.Ingester, error) {
	table, err := slowlog.Find(ctx, conn, o.schema)
	if err != nil {
		return nil, err
	}
	root, err := journal.StateHome(a.env)
	if err != nil {
		return nil, fault.New(fault.Failed, "find the folder of avadb's state: %w", err).WithHint("set XDG_STATE_HOME")
	}
	cursors, err := slowlog.OpenCursors(root, conn, table)
	if err != nil {
		return nil, err
	}
	return slowlog.NewIngester(ctx, conn, table, cursors, options)
}

func (a *app) ingest(ctx context.Context, conn *pg.Conn, in *slowlog.Ingester, names []string, bar *progress) error {
	defer bar.clear()
	doc := slowlogIngestDocument{head: a.head("slowlog ingest", conn), Files: []slowlog.Ingested{}}
	began := time.Now()
	var failed []string
	for _, name := range names {
		done, err := in.File(ctx, name)
		if err != nil {
			return err
		}
		if done.Error != nil {
			failed = append(failed, name+": "+*done.Error)
		}
		bar.done += done.Bytes
		doc.Files = append(doc.Files, done)
		doc.RowsRead += done.RowsRead
		doc.RowsAdded += done.RowsAdded
		doc.RowsKnown += done.RowsRead - done.RowsAdded
		doc.SkippedLines += done.SkippedLines
		doc.Bytes += max(0, done.Bytes-done.From)
	}
	bar.clear()
	doc.ElapsedMS = float64(time.Since(began).Microseconds()) / 1000
	var unread error
	if len(failed) > 0 {
		unread = fault.New(fault.Failed, "%d of %d files could not be read: %s", len(failed), len(doc.Files), strings.Join(failed, "; "))
	}
	return errors.Join(a.result(doc, doc.Files), unread)
}

func (a *app) tellIngested(done slowlog.Ingested) {
	if done.Error != nil {
		a.log.Warn(done.Name + ": " + *done.Error)
		return
	}
	a.log.Info(fmt.Sprintf("%s: %d rows read, %d added", done.Name, done.RowsRead, done.RowsAdded))
}
