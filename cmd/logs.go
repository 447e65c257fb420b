package cmd

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // time zones, where the host has none

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"avadb/internal/fault"
	"avadb/internal/pg"
	"avadb/internal/pglog"
	"avadb/internal/render"
	"avadb/internal/serverlog"
	"avadb/internal/units"
)

// logOptions say what of which logs is read.
type logOptions struct {
	prefix, zone, since, until string
	fromServer                 bool
}

func (o *logOptions) addFlags(f *pflag.FlagSet) {
	f.StringVar(&o.prefix, "log-line-prefix", "", "log_line_prefix of stderr logs (default: detected, file by file)")
	f.StringVar(&o.zone, "log-timezone", "", zoneUsage)
	f.BoolVar(&o.fromServer, "from-server", false, "read the server's log files through SQL; a FILE is a name or a quoted pattern in its log_directory (default: all of one format)")
	f.StringVar(&o.since, "since", "", "leave out what is older: a duration (90s 15m 1h 7d) or a time (default: all)")
	f.StringVar(&o.until, "until", "", "leave out what is newer: a duration before now, or a time (default: all)")
}

const zoneUsage = "time zone that the server logs in, such as Europe/Berlin: what an abbreviation like IST means"

// readZone gives the time zone of a name; nil for none.
func readZone(name string) (*time.Location, error) {
	if name == "" {
		return nil, nil //nolint:nilnil // there is none
	}
	zone, err := time.LoadLocation(name)
	if err != nil || name == "Local" {
		return nil, fault.New(fault.Usage, "there is no time zone %q", name).WithHint("give what SHOW log_timezone says on the server, such as Europe/Berlin")
	}
	return zone, nil
}

// asOn fills in what the server says of its logs, where it is not given.
func asOn(p *pglog.Options, facts serverlog.Facts) {
	p.Likely = facts.Prefix
	if p.Zone == nil && facts.Zone != "localtime" { // that would be this host's
		p.Zone, _ = readZone(facts.Zone) // one of the server's that is not known here says no more than its abbreviations
	}
}

// read gives the options of pglog.
func (o *logOptions) read(now time.Time) (p pglog.Options, err error) {
	p.Prefix = o.prefix
	if p.Zone, err = readZone(o.zone); err != nil {
		return p, err
	}
	if o.since != "" {
		if p.Since, err = units.ParseTime(o.since, now); err != nil {
			return p, err
		}
	}
	if o.until != "" {
		if p.Until, err = units.ParseTime(o.until, now); err != nil {
			return p, err
		}
		if !p.Since.Before(p.Until) {
			return p, fault.New(fault.Usage, "--until %s is not after --since", o.until)
		}
	}
	return p, nil
}

type logsDocument struct {
	head
	pglog.Report
}

func newLogs(a *app) *cobra.Command {
	var o logOptions
	var limit int
	c := newCommand(spec{
		use: "logs FILE...", short: "What PostgreSQL's own log files say", offline: true,
		long: `Reads server logs and counts what they say: durations by kind, role, database and application, errors with an example of each,
connections, lock waits and deadlocks, temporary files, checkpoints, autovacuum, cancelled statements, and each minute's events. It
needs no server; --from-server reads the files that a server has, through SQL, where the role may. The slow statements of a log: avadb slow --file FILE.

A table shows the first lines of each list and says how many there are; --limit 0 shows all. The other formats have all of them.

A FILE is a stderr log with any log_line_prefix, csvlog or jsonlog, plain or compressed with gzip or zstd; - is stdin, a quoted pattern
stands for the files that match it. Which format it has shows in its first lines. Files may be of several formats; they are read in
the order of their time.`,
		example: `avadb logs /var/log/postgresql/postgresql-15-main.log
avadb logs --since 1d 'log/postgresql-*.csv'
kubectl logs pg-1 | avadb logs - -o json | jq .errors
avadb logs --log-line-prefix '%m [%p] %u@%d ' old.log.gz
avadb logs --from-server --since 1h -h db1`,
		args:       needsFiles,
		privileges: "  none on the server; the files must be readable\n" + fromServerPrivileges,
		exits: `  1  a file could not be read; what the others say is printed
  2  no file is named, or the prefix, a time or a time zone is not valid
  4  with --from-server: a privilege is missing, or the server's log is not in files`,
	}, func(ctx context.Context, _ *cobra.Command, names []string) error {
		return runLogs(ctx, a, o, limit, names)
	})
	o.addFlags(c.Flags())
	c.Flags().IntVar(&limit, "limit", logsShown, "how many lines of each list of a table; 0: all")
	return c
}

const fromServerPrivileges = "  with --from-server: pg_monitor, and EXECUTE on pg_read_binary_file(text, bigint, bigint, boolean) or pg_read_server_files"

func needsFiles(c *cobra.Command, args []string) error {
	if from := c.Flag("from-server"); from != nil && from.Changed {
		return nil
	}
	if len(args) == 0 {
		return fault.New(fault.Usage, "%s needs the name of a log file", c.CommandPath()).WithHint("- is stdin")
	}
	return nil
}

func runLogs(ctx context.Context, a *app, o logOptions, limit int, names []string) error {
	if limit < 0 {
		return fault.New(fault.Usage, "--limit %d is negative", limit)
	}
	if a.format != render.Table {
		limit = 0 // programs get all
	}
	options, err := o.read(a.now())
	if err != nil {
		return err
	}
	if o.fromServer {
		return a.withConn(ctx, pg.Options{Class: pg.Background}, func(conn *pg.Conn) error {
			log, err := serverlog.Open(ctx, conn)
			if err != nil {
				return err
			}
			options.Logs = log
			asOn(&options, log.Facts)
			return a.printLogs(ctx, names, options, limit, conn)
		})
	}
	return a.printLogs(ctx, names, options, limit, nil)
}

func (a *app) printLogs(ctx context.Context, names []string, options pglog.Options, limit int, conn *pg.Conn) error {
	defer collectSeldom()()
	r, err := a.readLogs(ctx, names, options)
	if err != nil {
		return err
	}
	doc := logsDocument{head: a.head("logs", conn), Report: r.Report}
	shown := &shortened{limit: limit, examples: a.format == render.JSONL}
	err = a.results(doc, logsLists(&r.Report, shown)...)
	if len(shown.cut) > 0 {
		a.log.Info("shown are " + strings.Join(shown.cut, ", ") + "; --limit 0 shows all")
	}
	if r.Range.From == nil && (!options.Since.IsZero() || !options.Until.IsZero()) && linesRead(r.Files) > 0 {
		a.log.Warn("no event of the logs lies within the window, or they have no timestamps")
	}
	return errors.Join(err, unreadLogs(r.Files))
}

// anyRead tells that at least one file could be read.
func anyRead(files []pglog.File) bool {
	return slices.ContainsFunc(files, func(f pglog.File) bool { return f.Error == nil })
}

func linesRead(files []pglog.File) (lines int64) {
	for _, f := range files {
		lines += f.Lines
	}
	return lines
}

// collectSeldom sets the collector up for reading logs: little is thrown away, so that a heap may grow by a third and by 20 MB. For
// that it counts memory that nobody touches, and which is therefore none.
func collectSeldom() (undo func()) {
	untouched := make([]byte, 64<<20)
	before := debug.SetGCPercent(30)
	return func() {
		debug.SetGCPercent(before)
		runtime.KeepAlive(untouched)
	}
}

// readLogs reads log files and says on stderr what was left out.
func (a *app) readLogs(ctx context.Context, patterns []string, options pglog.Options) (*pglog.Result, error) {
	if options.Logs == nil {
		options.Logs = pglog.Host
	}
	names, err := options.Logs.Expand(ctx, patterns)
	if err != nil {
		return nil, err
	}
	r, err := pglog.Run(ctx, names, a.in, options)
	if err != nil {
		return nil, err
	}
	for _, f := range r.Files {
		switch {
		case f.Error != nil:
		case f.Format == "empty":
			a.log.Info(printedName(f.Name) + " is empty")
		case f.SkippedLines > 0:
			a.log.Warn(fmt.Sprintf("%s: %d of %d lines are no part of a message%s", printedName(f.Name), f.SkippedLines, f.Lines, whyOf(f, options)))
		}
		if f.Cut > 0 {
			a.log.Warn(fmt.Sprintf("%s: of %d messages longer than 64 MB the end was left out", f.Name, f.Cut))
		}
	}
	for _, twice := range writtenTwice(r.Files) {
		a.log.Warn(twice + " look like one log in several formats, and what stands in each is counted as often: name one of them")
	}
	if r.DoubtfulZone != "" {
		a.warnOfZone(r.DoubtfulZone)
	}
	return r, nil
}

func printedName(file string) string {
	if file == "-" {
		return "stdin"
	}
	return file
}

// whyOf says what to do about lines that fit no message: of stderr the prefix may be another than it seemed.
func whyOf(f pglog.File, options pglog.Options) string {
	switch {
	case f.Prefix == nil:
		return ""
	case options.Prefix != "":
		return fmt.Sprintf(": does SHOW log_line_prefix say %q on the server that wrote it?", *f.Prefix)
	}
	return fmt.Sprintf(": log_line_prefix is taken for %q; where SHOW log_line_prefix says another, give it with --log-line-prefix", *f.Prefix)
}

// writtenTwice names files that differ in their ending and their format alone, as a server with several of log_destination writes them.
func writtenTwice(files []pglog.File) []string {
	formats, names := map[string]map[string]bool{}, map[string][]string{}
	for _, f := range files {
		stem, _ := stemOf(f.Name)
		format, _, _ := strings.Cut(f.Format, "+")
		if format != "stderr" && format != "csv" && format != "json" {
			continue
		}
		if formats[stem] == nil {
			formats[stem] = map[string]bool{}
		}
		formats[stem][format] = true
		names[stem] = append(names[stem], f.Name)
	}
	var twice []string
	for stem, of := range formats {
		if len(of) > 1 {
			twice = append(twice, strings.Join(names[stem], " and "))
		}
	}
	slices.Sort(twice)
	return twice
}

// stemOf gives what a log's name has in common with that of the same log in another format, and its ending.
func stemOf(name string) (stem, ending string) {
	for _, compressed := range []string{".gz", ".zst"} {
		name = strings.TrimSuffix(name, compressed)
	}
	ending = filepath.Ext(name)
	return strings.TrimSuffix(name, ending), ending
}

func (a *app) warnOfZone(zone string) {
	a.log.Warn(fmt.Sprintf("the time zone %s of the logs is not certain: times may be hours off; say which it is with --log-timezone, such as Europe/Berlin; log_timezone = 'UTC' on the server avoids it", zone))
}

// unreadLogs is the error of those files that were not read to their end.
func unreadLogs(files []pglog.File) error {
	var failed []string
	for _, f := range files {
		if f.Error != nil {
			failed = append(failed, f.Name+": "+*f.Error)
		}
	}
	if len(failed) == 0 {
		return nil
	}
	return fault.New(fault.Failed, "%d of %d files could not be read: %s", len(failed), len(files), strings.Join(failed, "; "))
}
