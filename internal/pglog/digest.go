package pglog

import (
	"bytes"
	"unsafe"

	"github.com/cespare/xxhash/v2"

	"avadb/internal/fingerprint"
)

// digest is what one worker has counted. All in it can be added up in any order; what cannot goes through seams.
type digest struct {
	options *Options
	file    int // number of the file, in the order of time
	counts
	users, databases, apps names
	tallies                map[key]*tally
	plans                  map[key]*tally // of auto_explain, until it is known whether the durations hold them as well
	pending                pending
	canonical              []byte
	prepared               [4096]prepared
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
		options: o, tallies: map[key]*tally{}, plans: map[key]*tally{}, pending: pending{of: map[int32]*announcement{}},
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
		if t := timing(m); t.Kind != NoDuration {
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
				d.ran(d.plans, e, user, database, t)
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
	d.ran(d.tallies, e, user, database, t)
}

func (d *digest) seq(e *Event) int64 { return int64(d.file)<<44 | e.Offset }

// ran adds an execution to its statement's tally.
func (d *digest) ran(tallies map[key]*tally, e *Event, user, database *share, t Timing) {
	sql := text(t.Text)
	k := key{d.signature(sql, t.Kind), user.number, database.number}
	one := tallies[k]
	if one == nil {
		one = &tally{min: t.US, max: -1, queryID: e.QueryID}
		tallies[k] = one
	}
	one.add(t.US)
	if one.queryID != e.QueryID {
		one.queryID = 0
	}
	if t.US > one.max || t.US == one.max && d.seq(e) < one.slowest.seq {
		one.max = t.US
		one.slowest = example{query: kept(sql, keptExample), parameters: kept(text(parameters(e.Detail)), keptParameters), at: e.Time, seq: d.seq(e)}
	}
}

// signature of a statement. One with parameters comes again letter by letter, so that the last signatures of such are kept.
func (d *digest) signature(sql string, k Kind) fingerprint.Signature {
	var place *prepared
	if k == KindExecute || k == KindFetch {
		sum := xxhash.Sum64String(sql)
		place = &d.prepared[sum%uint64(len(d.prepared))]
		if place.sum == sum && place.length == len(sql) {
			return place.signature
		}
		place.sum, place.length = sum, len(sql)
	}
	d.canonical = fingerprint.Append(d.canonical[:0], sql)
	s := fingerprint.Sum(d.canonical)
	if cap(d.canonical) > keptRoom {
		d.canonical = nil
	}
	if place != nil {
		place.signature = s
	}
	return s
}

// prepared is the text of a statement with parameters, by its sum.
type prepared struct {
	sum       uint64
	length    int
	signature fingerprint.Signature
}

func (t *tally) add(us int64) {
	t.calls++
	t.us += us
	ms := float64(us) / 1000
	t.squares += ms * ms
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
