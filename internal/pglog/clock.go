package pglog

import (
	"bytes"
	"strconv"
	"strings"
	"time"
)

// clock reads timestamps. Log lines come in the order of time, so that nearly every one is of the minute before.
type clock struct {
	minute  [16]byte // 2026-11-24 03:20
	base    int64    // seconds since 1970 of that minute, as if it were UTC
	zone    [8]byte  // the zone that was looked up last
	zoneN   int
	shift   int64 // its seconds east of UTC
	local   int64 // of timestamps without a zone, where localOK
	localOK bool
	in      *time.Location // where the log was written; nil: not known
	doubt   string         // a zone that is not known, and was taken for UTC, or that has several meanings
}

// stamp reads 2026-11-24 03:20:47.921 UTC off the front of text. The fraction is optional, and so is the zone. It gives the microseconds
// since 1970 and how many bytes they took, 0 where there is no timestamp.
func (c *clock) stamp(text []byte) (at int64, n int) {
	if len(text) < 19 || text[4] != '-' || text[13] != ':' || text[16] != ':' || !isDigit(text[17]) || !isDigit(text[18]) {
		return 0, 0
	}
	if string(text[:16]) != string(c.minute[:]) && !c.turn(text) {
		return 0, 0
	}
	at = (c.base + int64(text[17]-'0')*10 + int64(text[18]-'0')) * 1e6
	n = 19
	if n+3 < len(text) && (text[n] == '.' || text[n] == ',') && isDigit(text[n+1]) {
		unit := int64(100000)
		for n++; n < len(text) && isDigit(text[n]); n++ {
			at += int64(text[n]-'0') * unit
			unit /= 10
		}
	}
	return c.zoned(text, at, n)
}

// zoned reads the zone behind a blank: an abbreviation, or hours as in +02 or -03:30; Z and an offset may follow at once.
func (c *clock) zoned(text []byte, at int64, n int) (int64, int) {
	from := n
	if from < len(text) && text[from] == ' ' {
		from++
	}
	to := from
	for to < len(text) && to-from < len(c.zone) && (text[to] >= 'A' && text[to] <= 'Z' || to > from && (isDigit(text[to]) || text[to] == ':' && isDigit(text[to-1]) && to+1 < len(text) && isDigit(text[to+1])) ||
		to == from && (text[to] == '+' || text[to] == '-') && to+1 < len(text) && isDigit(text[to+1])) {
		to++
	}
	if to == from+1 && bytes.HasPrefix(text[from:], []byte("ChST")) { // the one with a small letter
		to = from + len("ChST")
	}
	if to == from || text[from] == 'T' && to-from == 1 || to-from == 1 && text[from] != 'Z' {
		return at - c.here(at)*1e6, n
	}
	if string(text[from:to]) != string(c.zone[:c.zoneN]) {
		shift, known, sure := c.means(string(text[from:to]), at/1e6)
		if !known && from == n {
			return at - c.here(at)*1e6, n // no zone, but what follows the timestamp
		}
		if !sure {
			c.doubt = string(text[from:to])
		}
		c.zoneN, c.shift = copy(c.zone[:], text[from:to]), shift
	}
	return at - c.shift*1e6, to
}

// means gives the seconds east of UTC of an abbreviation at a local time, and whether it is sure to mean that.
func (c *clock) means(name string, local int64) (shift int64, known, sure bool) {
	if c.in != nil && name[0] != '+' && name[0] != '-' {
		if shift, known = shiftIn(c.in, local, name); known {
			return shift, true, true
		}
	}
	shift, known = zoneShift(name)
	return shift, known, known && !strings.Contains(ambiguous, " "+name+" ")
}

// here gives the shift of a timestamp, in microseconds, that has no zone.
func (c *clock) here(at int64) int64 {
	if c.in == nil {
		return 0
	}
	if !c.localOK {
		c.local, _ = shiftIn(c.in, at/1e6, "")
		c.localOK = true
	}
	return c.local
}

// shiftIn gives the seconds east of UTC that a zone has at a local time. In the hour that comes twice the abbreviation decides, and without one it
// is the first of the two. It is not found where the zone has no such abbreviation then.
func shiftIn(in *time.Location, local int64, name string) (seconds int64, found bool) {
	const day = 24 * 60 * 60
	for _, near := range [...]int64{local - day, local + day} {
		_, offset := time.Unix(near, 0).In(in).Zone()
		called, is := time.Unix(local-int64(offset), 0).In(in).Zone()
		if is == offset && (name == "" || called == name) {
			return int64(offset), true
		}
		seconds = int64(offset)
	}
	return seconds, false
}

// turn goes to another minute.
func (c *clock) turn(text []byte) bool {
	layout := "2006-01-02 15:04"
	if text[10] == 'T' {
		layout = "2006-01-02T15:04"
	}
	at, err := time.Parse(layout, string(text[:16]))
	if err != nil {
		return false
	}
	copy(c.minute[:], text[:16])
	c.base = at.Unix()
	if c.in != nil { // a zone can change its time
		c.zoneN, c.localOK = 0, false
	}
	return true
}

// zoneShift gives the seconds east of UTC of the abbreviations that PostgreSQL's zones have most, and of an offset.
func zoneShift(name string) (seconds int64, known bool) {
	switch name[0] {
	case '+', '-':
		sign := int64(1)
		if name[0] == '-' {
			sign = -1
		}
		digits := name[1:]
		if len(digits) > 2 && digits[2] == ':' {
			digits = digits[:2] + digits[3:]
		}
		n, err := strconv.ParseInt(digits, 10, 32)
		switch {
		case err != nil:
			return 0, false
		case len(digits) <= 2:
			return sign * n * 3600, true
		}
		return sign * (n/100*3600 + n%100*60), true
	}
	minutes, known := zones[name]
	return int64(minutes) * 60, known
}

// zones are minutes east of UTC. An abbreviation with several meanings has the one of PostgreSQL's timezonesets/Default.
var zones = map[string]int{
	"UTC": 0, "GMT": 0, "Z": 0, "UCT": 0, "WET": 0, "WEST": 60, "BST": 60, "CET": 60, "CEST": 120, "MET": 60, "MEST": 120, "EET": 120, "EEST": 180,
	"SAST": 120, "CAT": 120, "WAT": 60, "EAT": 180, "MSK": 180, "MSD": 240, "IDT": 180, "IST": 120, "PKT": 300, "NPT": 345, "WIB": 420, "HKT": 480,
	"SGT": 480, "PHT": 480, "WITA": 480, "WIT": 540, "ChST": 600, "SST": -660, "HDT": -540, "AWST": 480, "JST": 540, "KST": 540, "ACST": 570, "ACDT": 630, "AEST": 600, "AEDT": 660, "NZST": 720, "NZDT": 780,
	"NST": -210, "NDT": -150, "AST": -240, "ADT": -180, "EST": -300, "EDT": -240, "CST": -360, "CDT": -300, "MST": -420, "MDT": -360, "PST": -480,
	"PDT": -420, "AKST": -540, "AKDT": -480, "HST": -600, "BRT": -180, "ART": -180, "CLT": -240, "CLST": -180, "COT": -300, "PET": -300, "VET": -240,
}

// ambiguous abbreviations stand for zones hours apart.
const ambiguous = " IST CST CDT PST BST AST AMT GST ECT ADT SST WST "

// epoch reads 1795496243.182 off the front of text.
func epoch(text []byte) (at int64, n int) {
	for n < len(text) && n < 12 && isDigit(text[n]) {
		at = at*10 + int64(text[n]-'0')
		n++
	}
	at *= 1e6
	if n < 9 || n+1 >= len(text) || text[n] != '.' {
		return 0, 0
	}
	unit := int64(100000)
	for n++; n < len(text) && isDigit(text[n]); n++ {
		at += int64(text[n]-'0') * unit
		unit /= 10
	}
	return at, n
}

func isDigit(c byte) bool { return c-'0' <= 9 }

// integer reads a whole text of digits; -1 where it is none.
func integer(text []byte) int64 {
	if len(text) == 0 || len(text) > 18 {
		return -1
	}
	var n int64
	for _, c := range text {
		if !isDigit(c) {
			return -1
		}
		n = n*10 + int64(c-'0')
	}
	return n
}

// signed is integer with a sign before it, 0 where it is none: a queryid.
func signed(text []byte) int64 {
	if len(text) > 0 && len(text) <= 20 {
		if n, err := strconv.ParseInt(string(text), 10, 64); err == nil {
			return n
		}
	}
	return 0
}
