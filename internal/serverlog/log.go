// Package serverlog reads a server's own log files through SQL, where the role may.
package serverlog

import (
	"context"
	"io"
	"io/fs"
	"path"
	"strings"
	"time"

	"avadb/internal/fault"
	"avadb/internal/pg"
	"avadb/internal/pglog"
	"avadb/internal/query"
)

// Facts are how a server writes its log.
type Facts struct {
	Destination string  `db:"destination"` // log_destination
	Collector   bool    `db:"collector"`   // logging_collector: it writes files
	Directory   *string `db:"directory"`   // log_directory; nil where the role may not see it
	Prefix      string  `db:"prefix"`      // log_line_prefix
	Zone        string  `db:"zone"`        // log_timezone
	MayList     bool    `db:"may_list"`    // the directory
	MayRead     bool    `db:"may_read"`    // its files
}

// ReadFacts asks the server.
func ReadFacts(ctx context.Context, conn *pg.Conn) (Facts, error) {
	return query.One[Facts](ctx, conn, "serverlog/facts")
}

// Log is the files of a server's log directory: the Logs of pglog. Names are those within the directory. It is for one goroutine at a time, and so is its
// connection, which nothing else may use meanwhile.
type Log struct {
	Facts
	conn  *pg.Conn
	files []file
}

var _ pglog.Logs = (*Log)(nil)

// Open refuses where the log is not in files, or may not be read.
func Open(ctx context.Context, conn *pg.Conn) (*Log, error) {
	facts, err := ReadFacts(ctx, conn)
	if err != nil {
		return nil, err
	}
	role := pg.Identifier(conn.Server.Role)
	switch {
	case !facts.Collector:
		return nil, fault.New(fault.Prerequisite, "the server writes no log files itself: logging_collector is off, and what it writes to stderr goes where its service manager puts it").
			WithHint("name the file on the server's host: avadb slowlog ingest FILE; or journalctl -u postgresql -o cat > FILE")
	case facts.format() == "":
		return nil, fault.New(fault.Prerequisite, "the server's log_destination is %s, which SQL cannot read", facts.Destination).
			WithHint("name a file that avadb can open, or log to csvlog as well: ALTER SYSTEM SET log_destination = 'csvlog'")
	case !facts.MayList || facts.Directory == nil:
		return nil, fault.New(fault.Privilege, "role %s may not see the server's log files", role).WithHint("GRANT pg_monitor TO %s", role)
	case !facts.MayRead:
		return nil, fault.New(fault.Privilege, "role %s may not read the server's log files", role).
			WithHint("in database %s, and only to a role that may read the whole data directory, as this lets it: GRANT EXECUTE ON FUNCTION pg_catalog.pg_read_binary_file(text, bigint, bigint, boolean) TO %s",
				pg.Identifier(conn.Server.Database), role)
	}
	return &Log{Facts: facts, conn: conn}, nil
}

// The formats, the one that is read first where a server writes several.
const (
	csvLog  = "csvlog"
	jsonLog = "jsonlog"
	stderr  = "stderr"
)

// format is the one of the server's that is read: the same events stand in the others.
func (f *Facts) format() string {
	for _, format := range []string{csvLog, jsonLog, stderr} {
		for destination := range strings.SplitSeq(f.Destination, ",") {
			if strings.EqualFold(strings.TrimSpace(destination), format) {
				return format
			}
		}
	}
	return ""
}

// formatOf tells a file's by its name, as the server gives it: also rotated or compressed by others.
func formatOf(name string) string {
	switch {
	case strings.Contains(name, ".csv"):
		return csvLog
	case strings.Contains(name, ".json"):
		return jsonLog
	}
	return stderr
}

func (l *Log) list(ctx context.Context) (err error) {
	l.files, err = query.Rows[file](ctx, l.conn, "serverlog/files")
	return err
}

// Expand is part of pglog.Logs. Without patterns these are all files of one format: csvlog before jsonlog before stderr.
func (l *Log) Expand(ctx context.Context, patterns []string) (names []string, err error) {
	if err := l.list(ctx); err != nil {
		return nil, err
	}
	for _, f := range l.files {
		if len(patterns) == 0 && formatOf(f.FileName) == l.format() {
			names = append(names, f.FileName)
		}
	}
	for _, pattern := range patterns {
		matched := false
		for _, f := range l.files {
			if ok, err := path.Match(pattern, f.FileName); ok && err == nil || f.FileName == pattern {
				names, matched = append(names, f.FileName), true
			}
		}
		if !matched {
			names = append(names, pattern)
		}
	}
	return pglog.EachOnce(names), nil
}

// Stat is part of pglog.Logs: as Expand saw it last.
func (l *Log) Stat(ctx context.Context, name string) (fs.FileInfo, error) {
	if l.files == nil {
		if err := l.list(ctx); err != nil {
			return nil, err
		}
	}
	for i := range l.files {
		if l.files[i].FileName == name {
			return &l.files[i], nil
		}
	}
	return nil, fs.ErrNotExist
}

// Beside is part of pglog.Logs.
func (l *Log) Beside(_ context.Context, name string) (names []string, err error) {
	for _, f := range l.files {
		if f.FileName != name {
			names = append(names, f.FileName)
		}
	}
	return names, nil
}

// Open is part of pglog.Logs. Only what the directory's list has is opened.
func (l *Log) Open(ctx context.Context, name string) (io.ReadCloser, error) {
	if _, err := l.Stat(ctx, name); err != nil {
		return nil, err
	}
	return &reader{ctx: ctx, log: l, name: name, path: *l.Directory + "/" + name, chunk: firstChunk}, nil
}

// file is one of the directory.
type file struct {
	FileName string    `db:"name"`
	Bytes    int64     `db:"size"`
	Modified time.Time `db:"modified"`
}

// Name is part of fs.FileInfo.
func (f *file) Name() string { return f.FileName }

// Size is part of fs.FileInfo.
func (f *file) Size() int64 { return f.Bytes }

// Mode is part of fs.FileInfo.
func (f *file) Mode() fs.FileMode { return 0 }

// ModTime is part of fs.FileInfo.
func (f *file) ModTime() time.Time { return f.Modified }

// IsDir is part of fs.FileInfo.
func (f *file) IsDir() bool { return false }

// Sys is part of fs.FileInfo.
func (f *file) Sys() any { return nil }
