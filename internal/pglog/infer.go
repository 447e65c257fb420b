package pglog

import (
	"bytes"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// infer guesses a prefix that is none of the common ones, from the lines themselves: what stands before the label is cut at what parts
// its fields, and each field tells by its values what it is. Names tell by the messages of connections.
func infer(all [][]byte) []*Prefix {
	g := &guess{}
	for _, line := range all[:min(len(all), inferred)] {
		if at := labelAt().FindSubmatchIndex(line); at != nil && at[2] <= longestPrefix {
			front := string(line[:at[2]])
			if wrapped := strings.TrimLeft(front, "[ "); strings.HasPrefix(wrapped, `{"`) {
				continue // JSON with the log in one of its fields
			}
			said := namesIn(line[at[3]:])
			said.pid = pidIn(front)
			g.heads = append(g.heads, strings.ReplaceAll(stamped(front), "[unknown]", nameless))
			g.names = append(g.names, said)
		}
	}
	if len(g.heads) == 0 {
		return nil
	}
	text := g.field(g.heads, 0)
	var found []*Prefix
	for _, candidate := range append([]string{text}, stops(text)...) {
		if p, err := ParsePrefix(candidate); err == nil && p.has("mtnpc") {
			found = append(found, p)
		}
	}
	return found
}

const (
	inferred      = 500 // lines that are looked at
	longestPrefix = 400 // bytes
)

// stops gives the prefix with %q in each place: processes without a session stop there.
func stops(text string) (all []string) {
	for i := range len(text) {
		if text[i] == '%' && i > 0 {
			all = append(all, text[:i]+"%q"+text[i:])
		}
	}
	return all
}

// labelAt finds the first label of a message within a line.
var labelAt = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?:^|[^A-Z])((?:LOG|ERROR|FATAL|PANIC|WARNING|NOTICE|INFO|DEBUG[1-5]?|STATEMENT|DETAIL|HINT|CONTEXT|FEHLER|ERREUR):  )`)
})

var stamps = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)(\.\d+)?( (?:[A-Z]{2,5}|[+-]\d\d(?::?\d\d)?)\b)?`)
})

// Bytes that stand for a timestamp with a fraction, for one without, and for a name that the server does not know.
const (
	fraction = "\x01"
	seconds  = "\x02"
	nameless = "\x03"
)

// stamped replaces timestamps, which hold what parts fields.
func stamped(text string) string {
	return stamps().ReplaceAllStringFunc(text, func(s string) string {
		if strings.Contains(s, ".") {
			return fraction
		}
		return seconds
	})
}

// guess is what is found out about a prefix.
type guess struct {
	heads []string
	names []connected // of the line with the same number
	used  string      // the verbs that have a place
}

// connected is what a line says of its own session.
type connected struct{ user, database, app, pid string }

var sessionID = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`\b[0-9a-f]{8}\.([0-9a-f]{1,8})\b`)
})

// pidIn is the process that a session's id (%c) ends with; "" where there is none.
func pidIn(front string) string {
	m := sessionID().FindStringSubmatch(front)
	if m == nil {
		return ""
	}
	pid, err := strconv.ParseUint(m[1], 16, 32)
	if err != nil {
		return ""
	}
	return strconv.FormatUint(pid, 10)
}

var authorized = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?:user|Benutzer|utilisateur|usuario)=(\S+) (?:database|Datenbank|base de données|base de datos)=(\S+)(?: application_name=(.*))?`)
})

func namesIn(message []byte) (c connected) {
	if m := authorized().FindSubmatch(message[:min(len(message), 300)]); m != nil {
		c = connected{user: string(m[1]), database: string(m[2]), app: string(m[3])}
	}
	return c
}

// field gives the prefix's text of a column of values; "" where it is nothing at all.
func (g *guess) field(values []string, depth int) string {
	front, values := cutCommon(values, commonFront)
	back, values := cutCommon(values, commonBack)
	return escape(front) + g.inner(values, depth) + escape(back)
}

func escape(literal string) string {
	literal = strings.NewReplacer("%", "%%", fraction, "%m", seconds, "%t").Replace(literal)
	return literal
}

// cutCommon takes away what all values have, as long as it is no part of a name.
func cutCommon(values []string, common func([]string) string) (string, []string) {
	cut := common(values)
	rest := make([]string, len(values))
	for i, v := range values {
		if rest[i] = strings.TrimPrefix(v, cut); rest[i] == v {
			rest[i] = strings.TrimSuffix(v, cut)
		}
	}
	return cut, rest
}

// telling bytes belong to a field, also where all lines have them.
const telling = "0123456789" + fraction + seconds + nameless

const parting = " |,;:@/[](){}<>=-#\t"

func commonFront(values []string) string {
	front := values[0]
	for _, v := range values {
		for !strings.HasPrefix(v, front) {
			front = front[:len(front)-1]
		}
	}
	if i := strings.IndexAny(front, telling); i >= 0 {
		front = front[:i]
	}
	return front[:strings.LastIndexAny(front, parting)+1]
}

func commonBack(values []string) string {
	back := values[0]
	for _, v := range values {
		for !strings.HasSuffix(v, back) {
			back = back[1:]
		}
	}
	back = back[strings.LastIndexAny(back, telling)+1:]
	if i := strings.IndexAny(back, parting); i >= 0 {
		return back[i:]
	}
	return ""
}

// inner is a column without what all its values have.
func (g *guess) inner(values []string, depth int) string {
	if !slices.ContainsFunc(values, func(v string) bool { return v != "" }) {
		return ""
	}
	if verb := g.typed(values); verb != "" {
		g.used += verb[1:]
		return verb
	}
	if depth < 6 {
		for _, delimiter := range "|;,\t @:/-" {
			if text, ok := g.parted(values, string(delimiter), depth); ok {
				return text
			}
		}
	}
	verb := g.named(values)
	g.used += verb[1:]
	return verb
}

// parted cuts the values at a delimiter, where most have it equally often; lines of processes without a session may have it less often.
func (g *guess) parted(values []string, delimiter string, depth int) (string, bool) {
	times := map[int]int{}
	for _, v := range values {
		times[strings.Count(v, delimiter)]++
	}
	most := 0
	for n, lines := range times {
		if n > 0 && (most == 0 || lines > times[most] || lines == times[most] && n > most) {
			most = n
		}
	}
	if most == 0 || times[most]*2 < len(values) {
		return "", false
	}
	columns := make([][]string, most+1)
	part := guess{used: g.used}
	for i, v := range values {
		if strings.Count(v, delimiter) != most {
			continue
		}
		part.names = append(part.names, g.names[i])
		for j, piece := range strings.Split(v, delimiter) {
			columns[j] = append(columns[j], piece)
		}
	}
	var text []string
	for _, column := range columns {
		text = append(text, part.field(column, depth+1))
	}
	g.used = part.used
	return strings.Join(text, escape(delimiter)), true
}

// kindOfValue tells a field by the look of each of its values.
type kindOfValue struct {
	verb    string
	pattern *regexp.Regexp
	least   *regexp.Regexp // one value at least looks like this; nil: like the pattern
}

var looks = sync.OnceValue(func() []kindOfValue {
	full := func(pattern string) *regexp.Regexp { return regexp.MustCompile(`^(?:` + pattern + `)$`) }
	return []kindOfValue{
		{"%m", full(fraction), nil},
		{"%t", full(seconds), nil},
		{"%n", full(`\d{10}\.\d{3}`), nil},
		{"%c", full(`[0-9a-f]{8}\.[0-9a-f]{1,8}`), nil},
		{"%v", full(`(?:-?\d+/\d+)?`), full(`\d+/\d+`)},
		{"%e", full(`[0-9A-Z]{5}`), full(`00000`)},
		{"%r", full(`(?:\[local\]|[^ |]+\(\d+\)|)`), full(`.+\(\d+\)`)},
		{"%h", full(`(?:\[local\]|\d+\.\d+\.\d+\.\d+|[0-9a-f:]*:[0-9a-f:]+|)`), full(`\[local\]|\d+\.\d+\.\d+\.\d+|[0-9a-f:]*:[0-9a-f:]+`)},
		{"%b", full(`|client backend|not initialized|postmaster|checkpointer|background writer|walwriter|walsender|startup|autovacuum (?:launcher|worker)|logical replication .*|archiver|logger|parallel worker|standalone backend`), full(`client backend|postmaster|checkpointer`)},
		{"%Q", full(`-?\d{10,20}|0`), full(`-?\d{10,20}`)},
		{"%x", full(`0`), nil},
	}
})

func (g *guess) typed(values []string) string {
	for _, look := range looks() {
		least := look.least
		if least == nil {
			least = look.pattern
		}
		if !slices.ContainsFunc(values, func(v string) bool { return !look.pattern.MatchString(v) }) && slices.ContainsFunc(values, least.MatchString) {
			if look.verb == "%t" && strings.ContainsAny(g.used, "mtn") {
				return "%s"
			}
			return look.verb
		}
	}
	if slices.ContainsFunc(values, func(v string) bool { return v == "" || strings.Trim(v, "0123456789") != "" }) {
		return ""
	}
	for _, verb := range g.numbers(values) {
		if !strings.Contains(g.used, verb) {
			return "%" + verb
		}
	}
	return "%x"
}

// numbers are what a column of numbers may be, the most likely first. Where a session's id tells the process, another number is the line's.
func (g *guess) numbers(values []string) []string {
	told := false
	for i, v := range values {
		if pid := g.names[i].pid; pid != "" {
			if v != pid {
				return []string{"l", "p"}
			}
			told = true
		}
	}
	if told {
		return []string{"p"}
	}
	return []string{"p", "l"}
}

// named tells a name by the connections' messages, and by what is not yet there.
func (g *guess) named(values []string) string {
	count := map[string]int{}
	for i, v := range values {
		c := g.names[i]
		for verb, name := range map[string]string{"u": c.user, "d": c.database, "a": c.app} {
			if v != "" && v == name {
				count[verb]++
			}
		}
	}
	best := ""
	for _, verb := range []string{"u", "d", "a"} {
		if !strings.Contains(g.used, verb) && count[verb] > count[best] {
			best = verb
		}
	}
	switch {
	case best != "":
		return "%" + best
	case slices.Contains(values, "authentication"), slices.Contains(values, "SELECT"), slices.Contains(values, "idle"):
		return "%i"
	}
	for _, verb := range []string{"u", "d", "a"} {
		if !strings.Contains(g.used, verb) && (verb != "u" || len(g.names) == 0 || !bytes.Contains([]byte(strings.Join(values, "")), []byte(nameless))) {
			return "%" + verb
		}
	}
	return "%i"
}
