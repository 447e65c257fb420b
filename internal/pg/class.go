package pg

import (
	"log/slog"
	"time"
)

// Class is the priority of a command; it bounds how long one of its statements may run.
type Class int

// The classes, with their statement timeout. The zero value is Normal.
const (
	Normal     Class = iota // 30 s
	Critical                // 5 s: must answer at once or not at all
	High                    // 10 s
	Low                     // 60 s
	Background              // 120 s
)

// StatementTimeout is the longest that one statement of the class may run.
func (c Class) StatementTimeout() time.Duration {
	switch c {
	case Critical:
		return 5 * time.Second
	case High:
		return 10 * time.Second
	case Low:
		return 60 * time.Second
	case Background:
		return 120 * time.Second
	case Normal:
		return 30 * time.Second
	}
	return 30 * time.Second
}

func (c Class) String() string {
	switch c {
	case Critical:
		return "critical"
	case High:
		return "high"
	case Low:
		return "low"
	case Background:
		return "background"
	case Normal:
		return "normal"
	}
	return "normal"
}

// Options say what kind of connection a command needs.
type Options struct {
	Class       Class         // priority, sets statement_timeout
	LockTimeout time.Duration // lock_timeout; 0 stands for 5 s
	Changes     bool          // the command changes the server: a pooler in between is refused
	IdleForever bool          // the connection holds a lock while idle: no idle timeout may end it
	Log         *slog.Logger  // progress and notices; nil keeps silent
}

const (
	defaultLockTimeout = 5 * time.Second
	idleInTransaction  = 60 * time.Second
)

func (o Options) withDefaults() Options {
	if o.LockTimeout == 0 {
		o.LockTimeout = defaultLockTimeout
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o
}
