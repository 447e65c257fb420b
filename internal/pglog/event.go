package pglog

// Severity of an event.
type Severity uint8

// The severities, from the least: Other is a word that is none of PostgreSQL's, in any language that is known here.
const (
	Other Severity = iota
	Debug
	Info
	Notice
	Warning
	Log
	Error
	Fatal
	Panic
)

// String is PostgreSQL's word.
func (s Severity) String() string {
	return [...]string{"OTHER", "DEBUG", "INFO", "NOTICE", "WARNING", "LOG", "ERROR", "FATAL", "PANIC"}[s]
}

// Event is one message of a log with all that belongs to it. The texts are valid until the next one is read: copy what is kept. Those
// that a format or a prefix does not hold are empty.
type Event struct {
	Time     int64 // microseconds since 1970, UTC; 0: the prefix has none
	Offset   int64 // of its first byte in the file, decompressed
	PID      int32 // 0: not known
	Severity Severity
	Word     []byte // its severity, where that is Other
	SQLState []byte // five characters

	User, Database, App, Host, Backend, Session []byte
	Line                                        int64 // number of the line within the session, from 1; 0: not known
	QueryID                                     int64 // 0: none

	Message, Detail, Hint, Context, Statement []byte

	us     int64 // of the duration that the message begins with, where behind is not 0
	behind int   // bytes of the message up to its end
}

// reset forgets an event.
func (e *Event) reset() { *e = Event{} }
