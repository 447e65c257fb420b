package pglog

import (
	"bytes"
	"slices"
	"sync"
	"time"

	"avadb/internal/fault"
)

// The formats.
const (
	formatStderr = "stderr"
	formatCSV    = "csv"
	formatJSON   = "json"
	formatEmpty  = "empty"
)

// parser reads whole events; one per worker and file.
type parser interface {
	splitter
	parse(data []byte, offset int64, emit func(*Event))
	counted() (lines, skipped int64)
	zone() string // that is in doubt
}

func (p *stderrParser) counted() (lines, skipped int64) { return p.lines, p.skipped }
func (p *csvParser) counted() (lines, skipped int64)    { return p.lines, p.skipped }
func (p *jsonParser) counted() (lines, skipped int64)   { return p.lines, p.skipped }

func (p *stderrParser) zone() string { return p.clock.doubt }
func (p *csvParser) zone() string    { return p.clock.doubt }
func (p *jsonParser) zone() string   { return p.clock.doubt }

// form is what the beginning of a file says of all of it.
type form struct {
	format   string
	zone     *time.Location
	prefixes []*Prefix // of stderr; the first is the file's, the others are of lines that do not fit it
}

func (f *form) parser() parser {
	switch f.format {
	case formatCSV:
		return &csvParser{clock: clock{in: f.zone}}
	case formatJSON:
		return &jsonParser{clock: clock{in: f.zone}}
	}
	p := &stderrParser{prefixes: f.prefixes, steady: -1, clock: clock{in: f.zone}, head: &head{}, other: &head{}}
	if len(f.prefixes) > 0 {
		p.steady = f.prefixes[0].steady()
	}
	return p
}

// detect tells the form from a sample of the beginning.
func detect(sample []byte, o *Options) (*form, error) {
	f, err := formOf(sample, o)
	if f != nil {
		f.zone = o.Zone
	}
	return f, err
}

func formOf(sample []byte, o *Options) (*form, error) {
	switch {
	case len(sample) == 0:
		return &form{format: formatEmpty}, nil
	case isJSON(sample):
		return &form{format: formatJSON}, nil
	case isCSV(sample):
		return &form{format: formatCSV}, nil
	}
	prefixes := prefixesOf(lines(sample), o.prefix, o.likely)
	switch {
	case prefixes != nil:
		return &form{format: formatStderr, prefixes: prefixes}, nil
	case bytes.IndexByte(sample, 0) >= 0:
		return nil, fault.New(fault.Failed, "it is binary and no PostgreSQL log")
	case o.prefix != nil:
		return nil, fault.New(fault.Failed, "no line of it begins with the log_line_prefix %q", o.prefix.Text).
			WithHint("SHOW log_line_prefix on the server that wrote it; without --log-line-prefix it is detected")
	case sample[0] == '{' || sample[0] == '[' && bytes.ContainsRune([]byte("{\r\n "), rune(sample[min(1, len(sample)-1)])):
		return nil, fault.New(fault.Failed, "it is JSON of another kind than PostgreSQL's jsonlog").
			WithHint("take the log's own lines out of it first, as with jq -r '.[].textPayload'")
	}
	return nil, fault.New(fault.Failed, "no PostgreSQL log format fits its first lines").
		WithHint("if it is a stderr log, give what SHOW log_line_prefix says: --log-line-prefix '%%m [%%p] '")
}

// judged is how many lines of a sample are looked at.
const judged = 5000

// lines gives those of a sample that are whole and begin a message or a part of one.
func lines(sample []byte) (all [][]byte) {
	for len(sample) > 0 && len(all) < judged {
		n := bytes.IndexByte(sample, '\n')
		line := sample
		if n >= 0 {
			line, sample = sample[:n], sample[n+1:]
		} else {
			sample = nil
		}
		if line = bytes.TrimSuffix(line, []byte("\r")); len(line) > 0 && line[0] != '\t' {
			all = append(all, line)
		}
	}
	return all
}

func isJSON(sample []byte) bool {
	all := lines(sample)
	for _, line := range all[:min(len(all), 50)] {
		if line[0] == '{' && bytes.Contains(line, []byte(`"error_severity"`)) {
			return true
		}
	}
	return false
}

func isCSV(sample []byte) bool {
	p := &csvParser{}
	for at, tries := 0, 0; at < len(sample) && tries < 20; tries++ {
		if looksLikeRecord(sample[at:]) {
			_, count := p.record(sample, at)
			if count >= csvLeast && severityOf(p.fields[csvSeverity]) != Other {
				return true
			}
			if count >= csvLeast && len(p.fields[csvState]) == 5 && integer(p.fields[csvPID]) > 0 {
				return true
			}
		}
		at = nextRecord(sample, at)
	}
	return false
}

// common prefixes: those of packages, services and handbooks.
var common = []string{
	"%m [%p] ", "%m [%p] %q%u@%d ", "%m [%p] %q%u@%d %a ", "%t:%r:%u@%d:[%p]:", "%t [%p]: [%l-1] user=%u,db=%d,app=%a,client=%h ", "%t [%p]: user=%u,db=%d,app=%a,client=%h ",
	"%m [%p]: [%l-1] db=%d,user=%u ", "%t [%p]: [%l-1] user=%u,db=%d ", "%t [%p]: [%l] user=%u,db=%d,app=%a,client=%h ", "%t [%p-%l] %q%u@%d ", "%t [%p]: ", "%t [%p] ", "%t-%c-", "%m-%c-", "%m ",
	"%t ", "< %m > ", "< %m [%p] > ", "%m [%p] %e %Q %i %b: ", "%m [%p] %r %u@%d ", "%m [%p] %q[user=%u,db=%d,app=%a] ", "%m [%p] %q[user=%u,db=%d,app=%a,client=%h] ",
	"[%p] ", "%p ", "%n [%p] ", "%m [%p]: ", "%m [%p]: [%l-1] user=%u,db=%d,app=%a,client=%h ", "%m:%r:%u@%d:[%p]:", "%m %p %u %d %a ", "%m %u %d %p ", "%m [%p] %q%u@%d/%a ", "",
}

var compiled = sync.OnceValue(func() (all []*Prefix) {
	for _, text := range common {
		if p, err := ParsePrefix(text); err == nil {
			all = append(all, p)
		}
	}
	return all
})

// byFields gives the common prefixes, those with most fields first.
func byFields() []*Prefix {
	return slices.SortedStableFunc(slices.Values(compiled()), func(a, b *Prefix) int { return b.fields() - a.fields() })
}

// prefixesOf gives the prefix that fits most lines, and those that fit what it does not. nil where none does. A likely one is taken where nearly
// all lines have it: it knows which name is the role's and which the database's.
func prefixesOf(all [][]byte, given, likely *Prefix) (found []*Prefix) {
	candidates := compiled()
	rest := all
	for len(found) < 4 {
		best := bestOf(candidates, rest)
		if len(rest) > 0 && (best == nil || fits(best, rest) < len(rest)*9/10) {
			best = bestOf(append(infer(rest), candidates...), rest)
		}
		if likely != nil && len(found) == 0 && fits(likely, rest) > len(rest)*9/10 {
			best = likely
		}
		if given != nil && len(found) == 0 {
			if best = given; fits(given, rest) == 0 {
				return nil
			}
		}
		if best == nil {
			break
		}
		found = append(found, best)
		rest = unfit(best, rest)
	}
	if len(found) == 0 {
		return nil
	}
	return append(found, byFields()...) // a reload may change the prefix anywhere
}

// bestOf gives the prefix that fits most lines, and of those that fit nearly as many the one with most fields: a database's name can hold
// a blank and what follows it.
func bestOf(candidates []*Prefix, all [][]byte) (best *Prefix) {
	counts := make([]int, len(candidates))
	most := 0
	for i, p := range candidates {
		counts[i] = fits(p, all)
		most = max(most, counts[i])
	}
	for i, p := range candidates {
		if counts[i] > 0 && counts[i] >= most-most/100 && (best == nil || p.fields() > best.fields()) {
			best = p
		}
	}
	return best
}

func fits(p *Prefix, all [][]byte) (n int) {
	var c clock
	var h head
	for _, line := range all {
		if p.match(line, &c, &h) {
			n++
		}
	}
	return n
}

func unfit(p *Prefix, all [][]byte) (rest [][]byte) {
	var c clock
	var h head
	for _, line := range all {
		if !p.match(line, &c, &h) {
			rest = append(rest, line)
		}
	}
	return rest
}
