// Package fault holds the kinds of error a user of avadb can meet. A kind says what went wrong in a
// way a script can act on; cmd turns it into an exit code in one place.
package fault

import (
	"errors"
	"fmt"
)

// Kind names a class of failure. It is part of the JSON contract: `error.kind`.
type Kind string

// The kinds, with the exit code that docs/exit-codes.md gives each.
const (
	Failed        Kind = "failed"           // 1: the operation failed
	Locked        Kind = "locked"           // 1: another avadb is changing this server
	Usage         Kind = "usage"            // 2: the command line is wrong; usage is printed
	Config        Kind = "config"           // 2: the configuration file or the environment is wrong
	NotFound      Kind = "not_found"        // 2: an unknown change set, target or signature
	Connect       Kind = "connect"          // 3: cannot connect or authenticate
	Privilege     Kind = "privilege"        // 4: a privilege is missing; the hint holds the GRANT
	Prerequisite  Kind = "prerequisite"     // 4: something must be there first; the hint names the command
	Found         Kind = "found"            // 5: a check found something
	RestartNeeded Kind = "restart_required" // 6: prepared, the server must be restarted
	Timeout       Kind = "timeout"          // 124
	Interrupted   Kind = "interrupted"      // 130
	Terminated    Kind = "terminated"       // 143
)

// Error is an error with a kind and, where there is one, the next step to take.
type Error struct {
	Kind     Kind
	Message  string
	Hint     string // the next step: a command, a GRANT, a file to look at
	SQLState string // five characters where the server refused, else empty
	Err      error  // the cause, for errors.Is and errors.As; its text is already part of Message
}

func (e *Error) Error() string { return e.Message }

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// New makes an error of a kind. A %w in the format keeps its cause.
func New(kind Kind, format string, args ...any) *Error {
	err := fmt.Errorf(format, args...)
	return &Error{Kind: kind, Message: err.Error(), Err: errors.Unwrap(err)}
}

// WithHint adds the next step to take.
func (e *Error) WithHint(format string, args ...any) *Error {
	e.Hint = fmt.Sprintf(format, args...)
	return e
}

// WithSQLState records the server's five-character code.
func (e *Error) WithSQLState(code string) *Error {
	e.SQLState = code
	return e
}

// As finds the outermost Error in a chain; nil where there is none.
func As(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return nil
}

// KindOf is the kind of an error: Failed for any error that has none of its own.
func KindOf(err error) Kind {
	if e := As(err); e != nil {
		return e.Kind
	}
	return Failed
}
