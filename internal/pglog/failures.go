package pglog

import (
	"bytes"
	"regexp"
	"strings"
	"sync"

	"avadb/internal/fingerprint"
)

// failure is a class of errors: those of one severity and code whose messages differ in names and numbers alone.
type failure struct {
	severity Severity
	state    string
	message  string
	count    int64
	seq      int64
	example  ErrorExample
}

const (
	mostFailures = 10_000
	keptExample  = 8 << 10 // bytes
	mostExamples = 1000    // deadlocks and crashes that are told one by one
)

// failed counts an error, and what it says beside.
func (d *digest) failed(e *Event) {
	if e.Time != 0 {
		d.minute.errors++
	}
	d.failure(e)
	if string(e.SQLState) == "40P01" || bytes.Equal(e.Message, []byte("deadlock detected")) {
		d.deadlock(e)
	}
	d.cancel(e)
}

func (d *digest) failure(e *Event) {
	d.canonical = append(d.canonical[:0], byte(e.Severity))
	d.canonical = append(d.canonical, e.SQLState...)
	d.canonical = append(d.canonical, 0)
	begin := len(d.canonical)
	d.canonical = appendClass(d.canonical, e.Message)
	f := d.errors[string(d.canonical)]
	if f == nil {
		if len(d.errors) >= mostFailures {
			d.canonical = append(d.canonical[:begin], "(others)"...)
		}
		if f = d.errors[string(d.canonical)]; f == nil {
			f = &failure{severity: e.Severity, state: string(e.SQLState), message: string(d.canonical[begin:]), seq: d.seq(e), example: exampleOf(e)}
			f.example.hide(f.message)
			d.errors[string(d.canonical)] = f
		}
	}
	f.count++
}

func exampleOf(e *Event) ErrorExample {
	return ErrorExample{
		At: moment(e.Time), User: optional(string(e.User)), Database: optional(string(e.Database)), Application: optional(string(e.App)),
		Message: kept(text(e.Message), keptExample), Detail: optional(kept(text(e.Detail), keptExample)),
		Hint: optional(kept(text(e.Hint), keptExample)), Statement: optional(kept(text(e.Statement), keptExample)),
	}
}

// hide masks the secrets. The server quotes a statement's own words in what it says of it, and so nothing is quoted where these hold a secret.
func (x *ErrorExample) hide(class string) {
	if x.Statement != nil {
		masked := withoutPassword(fingerprint.MaskSecrets(*x.Statement))
		if masked != *x.Statement {
			*x.Statement, x.Message = masked, class
		}
	}
	x.Message = hidden(x.Message)
	for _, said := range []*string{x.Detail, x.Hint} {
		if said != nil {
			*said = hidden(*said)
		}
	}
}

// hidden masks the secrets of a text that is no statement: within a comment connection strings are looked for.
func hidden(text string) string {
	masked := fingerprint.MaskSecrets("/* " + fingerprint.MaskSecrets(text) + " */")
	return strings.TrimSuffix(strings.TrimPrefix(masked, "/* "), " */")
}

var passwordOption = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?is)^(\s*(?:alter|create)\s+(?:role|user|group)\b.*?\bpassword\s+)(.+?)(\s*;?\s*)$`)
})

// withoutPassword masks what stands behind PASSWORD in a statement that failed, where it is not one literal, which is masked by now: a password
// whose quotes were forgotten, or which has one of its own.
func withoutPassword(statement string) string {
	m := passwordOption().FindStringSubmatch(statement)
	if m == nil || m[2] == "'***'" || strings.EqualFold(m[2], "null") {
		return statement
	}
	return m[1] + "***" + m[3]
}

// longestClass in bytes.
const longestClass = 300

// appendClass writes a message without what differs from one error to the next: what stands in double quotes, and numbers.
func appendClass(dst, m []byte) []byte {
	begin := len(dst)
	for i := 0; i < len(m) && len(dst)-begin < longestClass; {
		switch c := m[i]; {
		case c == '\n':
			return dst
		case c == '"':
			dst = append(dst, `"?"`...)
			if bytes.HasPrefix(m[i:], []byte(`""`)) { // a name with its own quotes: at or near ""Name""
				if n := bytes.Index(m[i+2:], []byte(`""`)); n > 0 {
					i += n + 4
					continue
				}
			}
			n := bytes.IndexByte(m[i+1:], '"')
			if n < 0 {
				return dst
			}
			i += n + 2
		case isDigit(c):
			dst = append(dst, '?')
			for i < len(m) && (isDigit(m[i]) || m[i] == '.') {
				i++
			}
		default:
			dst = append(dst, c)
			i++
		}
	}
	return dst
}

func (d *digest) deadlock(e *Event) {
	d.deadlocked++
	if len(d.deadlocks) >= mostExamples {
		return
	}
	one := Deadlock{
		At: moment(e.Time), Database: optional(string(e.Database)), Detail: kept(text(e.Detail), 4*keptExample), Statement: optional(kept(text(e.Statement), keptExample)),
		Processes: []DeadlockProcess{}, seq: d.seq(e),
	}
	for line := range bytes.SplitSeq(e.Detail, []byte("\n")) { // Process 31: update ...
		pid, sql, ok := bytes.Cut(bytes.TrimPrefix(line, []byte("Process ")), []byte(": "))
		n := len(one.Processes)
		switch {
		case ok && integer(pid) > 0:
			one.Processes = append(one.Processes, DeadlockProcess{PID: integer(pid), Statement: kept(text(sql), keptExample)})
		case n > 0 && len(one.Processes[n-1].Statement) < keptExample: // a statement of several lines
			one.Processes[n-1].Statement += "\n" + string(line)
		}
	}
	d.deadlocks = append(d.deadlocks, one)
}

// cancel counts the statements and sessions that were ended from outside, by what the message says: the code is the same for many.
func (d *digest) cancel(e *Event) {
	m := e.Message
	has := func(word string) bool { return bytes.Contains(m[:min(len(m), 120)], []byte(word)) }
	c := &d.cancelled
	switch {
	case len(m) == 0 || m[0] != 'c' && m[0] != 't':
		return
	case has("canceling statement due to statement timeout"):
		c.StatementTimeout++
	case has("canceling statement due to lock timeout"):
		c.LockTimeout++
	case has("canceling statement due to user request"):
		c.UserRequest++
	case has("due to conflict with recovery"):
		c.RecoveryConflict++
	case has("canceling autovacuum task"):
		c.Autovacuum++
	case has("due to idle-in-transaction timeout"), has("due to idle-session timeout"), has("due to transaction timeout"):
		c.SessionTimeout++
	case has("terminating connection due to administrator command"):
		c.Administrator++
	default:
		return
	}
	c.Total++
}
