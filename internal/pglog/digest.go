package pglog

import (
	"bytes"
	"unsafe"

	"avadb/internal/fingerprint"
)

// digest is what one worker has counted. All in it can be added up in any order; what cannot goes through seams.
type digest struct {
	options *Options
	file    int // number of the file, in the order of time
	counts
	users, databases, apps names
	tallies                tallies
	plans                  tallies // of auto_explain, until it is known whether the durations hold them as well
	pending                pending
	canonical              []byte // room for a message's
}

// counts are what the events say beside the statements' durations.
type counts struct {
	events      int64
	from, to    int64 // microseconds since 1970
	severities  [Panic + 1]int64
	words       map[string]int64 // of severity Other
	timings     [kinds]int64
	us          [kinds]int64
	minutes     map[int64]*minute
	minute      *minute // the last one
	minuteNo    int64
	errors      map[string]*failure
	temp        map[fingerprint.Signature]*load
	waits       map[fingerprint.Signature]*load
	deadlocks   []Deadlock
	deadlocked  int64
	crashes     []Crash
	crashed     int64
	connections Connections
	sessionMS   int64
	locks       LockWaits
	waitedUS    int64
	tempFiles   TempFiles
	checkpoints Checkpoints
	autovacuum  Autovacuum
	cancelled   Cancelled
}

type minute struct{ events, executions, us, errors int64 }

func newDigest(o *Options) *digest {
	return &digest{
		options: o, tallies: newTallies(), plans: newTallies(), pending: pending{of: map[int32]*announcement{}},
		counts: counts{
			words: map[string]int64{}, minutes: map[int64]*minute{}, errors: map[string]*failure{},
			temp: map[fingerprint.Signature]*load{}, waits: map[fingerprint.Signature]*load{},
		},
	}
}

const perMinute = 60_000_000

// add counts an event.
func (d *digest) add(e *Event) {
	if !d.options.within(e.Time) {
		return
	}
	d.events++
	d.severities[e.Severity]++
	if e.Severity == Other {
		d.word(e.Word)
	}
	if e.Time != 0 {
		d.from, d.to = earliest(d.from, e.Time), max(d.to, e.Time)
		if no := e.Time / perMinute; no != d.minuteNo || d.minute == nil {
			d.turn(no)
		}
		d.minute.events++
	}
	switch {
	case e.Severity == Log:
		d.log(e)
	case e.Severity >= Error:
		d.failed(e)
	case e.Severity == Warning:
		d.failure(e)
	}
}

func earliest(a, b int64) int64 {
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
}

const mostWords = 100

func (d *digest) word(word []byte) {
	if _, known := d.words[string(word)]; known || len(d.words) < mostWords && len(word) > 0 && len(word) < 64 {
		d.words[string(word)]++
		return
	}
	d.words[Other.String()]++
}

func (d *digest) turn(no int64) {
	d.minute, d.minuteNo = d.minutes[no], no
	if d.minute == nil {
		d.minute = &minute{}
		d.minutes[no] = d.minute
	}
}

// log counts a message of severity LOG by what it begins with.
func (d *digest) log(e *Event) {
	m := e.Message
	if len(m) == 0 {
		return
	}
	switch m[0] {
	case 'd':
		if t := timing(e); t.Kind != NoDuration {
			d.timed(e, t)
			return
		}
		d.disconnected(m)
	case 's', 'e':
		if sql, ok := announced(m); ok {
			d.pending.announce(e.PID, sql)
			return
		}
		d.ended(e)
	case 'c':
		d.connected(m)
	case 't':
		d.tempFile(e)
	case 'p':
		d.waited(e)
	case 'a':
		d.vacuumed(m)
	default:
		if t := foreignTiming(m); t.Kind != NoDuration {
			d.timed(e, t)
		}
	}
}

// timed counts a duration, and the statement that it is of.
func (d *digest) timed(e *Event, t Timing) {
	d.timings[t.Kind]++
	d.us[t.Kind] += t.US
	user, database, app := d.users.of(e.User), d.databases.of(e.Database), d.apps.of(e.App)
	user.events++
	database.events++
	app.events++
	if !t.Kind.IsExecution() {
		if t.Kind == KindPlan && d.options.Statements && !isNested(e) {
			if t.Text = plannedQuery(t.Text); t.Text != nil {
				d.ran(&d.plans, e, user, database, t)
			}
		}
		return
	}
	for _, s := range [...]*share{user, database, app} {
		s.executions++
		s.us += t.US
	}
	if e.Time != 0 {
		d.minute.executions++
		d.minute.us += t.US
	}
	if !d.options.Statements {
		return
	}
	if t.Kind == KindBare {
		text, state := d.pending.take(e.PID)
		if state == unknown {
			d.pending.ask(e, t.US, d.seq(e))
		}
		if state != said {
			return
		}
		t.Text = text
	}
	d.ran(&d.tallies, e, user, database, t)
}

func (d *digest) seq(e *Event) int64 { return int64(d.file)<<44 | e.Offset }

// ran adds an execution to its statement's tally.
func (d *digest) ran(to *tallies, e *Event, user, database *share, t Timing) {
	number := to.number(t.Text, t.Kind, user.number, database.number)
	if seq := d.seq(e); to.isSlowest(number, t.US, seq) {
		to.setSlowest(number, t.US, example{query: kept(text(t.Text), keptExample), parameters: kept(text(parameters(e.Detail)), keptParameters), at: e.Time, seq: seq})
	}
	to.add(number, t.US, e.QueryID)
}

func (t *tally) add(us, queryID int64) {
	if t.calls == 0 {
		t.queryID = queryID
	} else if t.queryID != queryID {
		t.queryID = 0
	}
	t.calls++
	t.us += us
	t.squares += float64(us) * float64(us)
	t.min = min(t.min, us)
	t.sketch.add(us)
}

const (
	keptRoom       = 8 << 20 // bytes of a canonical text's room: a larger one is left to the garbage collector
	keptParameters = 1 << 10
)

// parameters reads the detail of an execution.
func parameters(detail []byte) []byte {
	for _, word := range [...]string{"parameters: ", "Parameters: ", "Parameter: "} {
		if bytes.HasPrefix(detail, []byte(word)) {
			return detail[len(word):]
		}
	}
	return nil
}

// text views bytes as a string for as long as they stay as they are.
func text(b []byte) string {
	return unsafe.String(unsafe.SliceData(b), len(b)) //nolint:gosec // a view: what is kept of it is copied
}

// kept copies the beginning of a text, up to a whole character.
func kept(s string, most int) string {
	if len(s) > most {
		for most > 0 && s[most]&0xC0 == 0x80 {
			most--
		}
		s = s[:most]
	}
	return string([]byte(s))
}
