package pglog

import "time"

// Report is what logs say. It is part of the JSON contract.
type Report struct {
	Files        []File           `json:"files"`        // as they were read: in the order of time
	Range        Range            `json:"range"`        // of the events counted
	Severities   map[string]int64 `json:"severities"`   // events by PostgreSQL's word; one that is not known stands as it is in the log
	Durations    Durations        `json:"durations"`    // messages that begin with a duration
	Users        map[string]Share `json:"users"`        // of the durations; "": the log does not say
	Databases    map[string]Share `json:"databases"`    // likewise
	Applications map[string]Share `json:"applications"` // likewise
	Errors       []ErrorClass     `json:"errors"`       // of severity WARNING and up, the most frequent first
	Connections  Connections      `json:"connections"`  // log_connections and log_disconnections
	LockWaits    LockWaits        `json:"lock_waits"`   // log_lock_waits

	Deadlocks       int64       `json:"deadlocks"`        // how many
	DeadlockReports []Deadlock  `json:"deadlock_reports"` // one by one, the first 1000
	TempFiles       TempFiles   `json:"temp_files"`       // log_temp_files
	Checkpoints     Checkpoints `json:"checkpoints"`      // log_checkpoints
	Autovacuum      Autovacuum  `json:"autovacuum"`       // log_autovacuum_min_duration
	Cancelled       Cancelled   `json:"cancelled"`        // statements and sessions that were ended from outside
	Crashes         []Crash     `json:"crashes"`          // server processes that a signal ended, the first 1000
	PerMinute       []Minute    `json:"per_minute"`       // those with an event
}

// File is one that was read.
type File struct {
	Name         string  `json:"name" col:"elastic"`   // as given
	Format       string  `json:"format" col:""`        // stderr, csv or json; +syslog, +docker, +cri, +cloudsql, +azure, +kubectl, +compose, +journal: what it is wrapped in; +gzip, +zstd
	Prefix       *string `json:"log_line_prefix"`      // of a stderr log: given, or detected; null: another format
	Bytes        int64   `json:"bytes" col:""`         // read, decompressed
	Lines        int64   `json:"lines" col:""`         // read
	Events       int64   `json:"events" col:""`        // messages within --since and --until
	SkippedLines int64   `json:"skipped_lines" col:""` // that are no part of a message
	Cut          int64   `json:"cut_events"`           // longer than 64 MB: their end was left out
	Error        *string `json:"error" col:"elastic"`  // why it was not read, or not to its end; null: it was
	Began        int64   `json:"-"`                    // where the reading of Executions began
	Doubt        string  `json:"-"`                    // a zone in the timestamps that is not certain; see Result.DoubtfulZone
	Waiting      bool    `json:"-"`                    // Executions: a plan at the end waits for its duration; see Batch.To
	first        int64
}

// Range of time; null where the log has no timestamps.
type Range struct {
	From *time.Time `json:"from"` // first event
	To   *time.Time `json:"to"`   // last event
}

// Durations of statements. An execution counts once: parse, bind and plan are phases of one, or stand beside it.
type Durations struct {
	Events     int64                `json:"events"`     // messages
	Executions int64                `json:"executions"` // of them
	TotalMS    float64              `json:"total_ms"`   // of the executions
	ByKind     map[string]KindTotal `json:"by_kind"`    // statement, execute, parse, bind, plan, fetch, fastpath, bare
}

// KindTotal is what one kind of duration comes to.
type KindTotal struct {
	Events  int64   `json:"events"`   // messages
	TotalMS float64 `json:"total_ms"` // all together
}

// Share is what one user, database or application took.
type Share struct {
	Events     int64   `json:"events"`     // durations, the phases as well
	Executions int64   `json:"executions"` // of them
	TotalMS    float64 `json:"total_ms"`   // of the executions
}

// ErrorClass is errors that differ in names and numbers alone.
type ErrorClass struct {
	Count    int64        `json:"count" col:""`          // how many
	Severity string       `json:"severity" col:""`       // WARNING, ERROR, FATAL or PANIC
	SQLState *string      `json:"sqlstate" col:""`       // null: the prefix has no %e
	Message  string       `json:"message" col:"elastic"` // with "?" for names and ? for numbers
	Example  ErrorExample `json:"example"`               // the first one
}

// ErrorExample is an error as it stood in the log; null where it says nothing.
type ErrorExample struct {
	At          *time.Time `json:"at"`          // when
	User        *string    `json:"user"`        // role
	Database    *string    `json:"database"`    // connected one
	Application *string    `json:"application"` // application_name
	Message     string     `json:"message"`     // as it was
	Detail      *string    `json:"detail"`      // DETAIL
	Hint        *string    `json:"hint"`        // HINT
	Statement   *string    `json:"statement"`   // that failed, secrets masked
}

// Connections and their length.
type Connections struct {
	Received       int64   `json:"received"`        // connection received
	Authorized     int64   `json:"authorized"`      // connection authorized
	Disconnected   int64   `json:"disconnected"`    // disconnection
	SessionSeconds float64 `json:"session_seconds"` // of those that ended, all together
}

// LockWaits longer than deadlock_timeout.
type LockWaits struct {
	StillWaiting int64         `json:"still_waiting"` // messages of those that wait
	Acquired     int64         `json:"acquired"`      // waits that ended well
	WaitedMS     float64       `json:"waited_ms"`     // of those
	Statements   []WaitingLoad `json:"statements"`    // that waited, the longest waits first, at most 100
}

// WaitingLoad is what a statement waited.
type WaitingLoad struct {
	Signature string  `json:"signature"`             // of the statement
	Messages  int64   `json:"messages" col:""`       // of waiting and of the end of it
	WaitedMS  float64 `json:"waited_ms" col:"num.1"` // of the waits that ended well
	Query     string  `json:"query" col:"elastic"`   // the first one, with $? for constants
}

// Deadlock is one, as the server told it.
type Deadlock struct {
	At        *time.Time        `json:"at"`        // when it was broken
	Database  *string           `json:"database"`  // connected one
	Detail    string            `json:"detail"`    // who waits for whom
	Processes []DeadlockProcess `json:"processes"` // all that took part
	Statement *string           `json:"statement"` // that was ended
	seq       int64
}

// DeadlockProcess is one that took part.
type DeadlockProcess struct {
	PID       int64  `json:"pid"`       // of the server process
	Statement string `json:"statement"` // it ran, secrets masked
}

// TempFiles that were removed.
type TempFiles struct {
	Count      int64      `json:"count"`      // files
	Bytes      int64      `json:"bytes"`      // all together
	Statements []TempLoad `json:"statements"` // that made them, the most bytes first, at most 100
}

// TempLoad is what a statement put into temporary files.
type TempLoad struct {
	Signature string `json:"signature"`           // of the statement
	Files     int64  `json:"files" col:""`        // it made
	Bytes     int64  `json:"bytes" col:""`        // in them
	Query     string `json:"query" col:"elastic"` // the first one, with $? for constants
}

// Checkpoints and restartpoints are told apart by no one who counts them.
type Checkpoints struct {
	Starting     int64   `json:"starting"`      // messages
	Complete     int64   `json:"complete"`      // messages
	Buffers      int64   `json:"buffers"`       // written
	WriteSeconds float64 `json:"write_seconds"` // all together
	SyncSeconds  float64 `json:"sync_seconds"`  // all together
	TotalSeconds float64 `json:"total_seconds"` // all together

	buffers, writeMS, syncMS, totalMS int64
}

// Autovacuum runs that were logged.
type Autovacuum struct {
	Vacuum         int64   `json:"vacuum"`          // of a table
	Analyze        int64   `json:"analyze"`         // of a table
	ElapsedSeconds float64 `json:"elapsed_seconds"` // all together
	elapsedCS      int64
}

// Cancelled statements and sessions, by the reason that the message gives.
type Cancelled struct {
	Total            int64 `json:"total"`             // all of them
	UserRequest      int64 `json:"user_request"`      // pg_cancel_backend, or the client
	StatementTimeout int64 `json:"statement_timeout"` // statement_timeout
	LockTimeout      int64 `json:"lock_timeout"`      // lock_timeout
	SessionTimeout   int64 `json:"session_timeout"`   // idle_session_timeout, idle_in_transaction_session_timeout, transaction_timeout
	RecoveryConflict int64 `json:"recovery_conflict"` // on a standby
	Administrator    int64 `json:"administrator"`     // pg_terminate_backend, or a shutdown
	Autovacuum       int64 `json:"autovacuum"`        // it made room for a lock
}

// Crash is a server process that a signal ended.
type Crash struct {
	At      *time.Time `json:"at"`      // when it was seen
	Message string     `json:"message"` // which process and signal
	Detail  *string    `json:"detail"`  // what it ran
	seq     int64
}

// Minute of the log.
type Minute struct {
	At         time.Time `json:"at"`         // its begin
	Events     int64     `json:"events"`     // messages of any kind
	Executions int64     `json:"executions"` // durations of statements
	TotalMS    float64   `json:"total_ms"`   // of them
	Errors     int64     `json:"errors"`     // of severity ERROR and up
}

// moment of microseconds since 1970; nil for 0.
func moment(us int64) *time.Time {
	if us == 0 {
		return nil
	}
	at := time.UnixMicro(us).UTC()
	return &at
}

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
