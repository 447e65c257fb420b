package pglog

import (
	"bytes"
	"strconv"
	"strings"

	"avadb/internal/fault"
)

// step of a prefix: a field, and the text that follows it up to the next one.
type step struct {
	verb    byte // as in log_line_prefix, 0: text alone
	literal []byte
	end     byte // what ends a field of text: the first byte of the literal behind it; 0 where nothing follows
	width   int  // bytes that it takes at least, with blanks before or behind it: 10 of %-10u
}

// Prefix is a log_line_prefix, compiled.
type Prefix struct {
	Text  string // as it stands in postgresql.conf
	steps []step
}

// ParsePrefix compiles a log_line_prefix. The error is a fault.Usage.
func ParsePrefix(text string) (*Prefix, error) {
	p := &Prefix{Text: text}
	var literal []byte
	flush := func() {
		if len(literal) > 0 {
			p.steps = append(p.steps, step{literal: literal})
			literal = nil
		}
	}
	for i := 0; i < len(text); i++ {
		if text[i] != '%' {
			literal = append(literal, text[i])
			continue
		}
		begin := i
		for i++; i < len(text) && (text[i] == '-' || isDigit(text[i])); i++ {
		}
		switch {
		case i == len(text):
			return nil, fault.New(fault.Usage, "the log_line_prefix %q ends in the middle of a %%", text).WithHint("show log_line_prefix says what the server has")
		case text[i] == '%':
			literal = append(literal, '%')
		case strings.IndexByte("audrhbpPtmnQiecslvxqL", text[i]) >= 0:
			flush()
			width, _ := strconv.Atoi(strings.TrimLeft(text[begin+1:i], "-")) // what is no number pads nothing
			p.steps = append(p.steps, step{verb: text[i], width: min(width, longest)})
		default: // the server writes nothing for what it does not know
		}
	}
	flush()
	for i := range p.steps[:max(len(p.steps)-1, 0)] {
		next := i + 1
		for next < len(p.steps) && p.steps[next].verb == 'q' {
			next++
		}
		if next < len(p.steps) && p.steps[next].verb == 0 {
			p.steps[i].end = p.steps[next].literal[0]
		}
	}
	return p, nil
}

// has tells whether the prefix holds a field.
func (p *Prefix) has(verbs string) bool {
	for _, s := range p.steps {
		if s.verb != 0 && strings.IndexByte(verbs, s.verb) >= 0 {
			return true
		}
	}
	return false
}

// fields is how many the prefix has.
func (p *Prefix) fields() (n int) {
	for _, s := range p.steps {
		if s.verb != 0 && s.verb != 'q' {
			n++
		}
	}
	return n
}

// head is what the front of a line says.
type head struct {
	Event
	field field
	label int // where the label begins
	n     int // bytes of prefix and label
}

// match reads the prefix and the label of a line into h. Fields of text end where the rest fits: a name may hold what stands behind it.
func (p *Prefix) match(line []byte, c *clock, h *head) bool {
	h.reset()
	return p.from(0, line, 0, c, h)
}

// session is the part of a prefix that stays the same for one session, as it was read from a line of it: from the process id on, where
// nothing behind that counts.
type session struct {
	text []byte // of the prefix
	head head
}

// sessions are those met last, by their process.
type sessions [256]session

// steady tells where the part of a prefix begins that stays the same for a session: behind a timestamp and a literal; -1 where none does.
func (p *Prefix) steady() int {
	if len(p.steps) < 4 || p.steps[0].verb != 'm' && p.steps[0].verb != 't' || p.steps[1].verb != 0 || p.steps[2].verb != 'p' {
		return -1
	}
	for _, s := range p.steps[2:] {
		if s.width > 0 || s.verb != 0 && strings.IndexByte("pqudarhcb", s.verb) < 0 {
			return -1
		}
	}
	return 2
}

// recall is match for a prefix with a steady part: a line that begins as an earlier one of its session needs no reading.
func (p *Prefix) recall(line []byte, c *clock, h *head, known *sessions) bool {
	at, n := c.stamp(line)
	if n == 0 || !bytes.HasPrefix(line[n:], p.steps[1].literal) {
		return p.match(line, c, h)
	}
	begin := n + len(p.steps[1].literal)
	rest := line[begin:]
	if len(rest) < 8 {
		return p.match(line, c, h)
	}
	one := &known[(int(rest[0])*7+int(rest[1])*31+int(rest[2])*5+int(rest[3])*17+int(rest[4])*3)%len(known)]
	if m := len(one.text); m > 0 && len(rest) > m && string(rest[:m]) == string(one.text) {
		if f, severity, length := label(rest[m:]); length > 0 {
			*h = one.head
			if !h.pretends(severity, rest[m+length:]) {
				h.Time, h.field, h.Severity, h.n = at, f, severity, begin+m+length
				return true
			}
		}
	}
	if !p.match(line, c, h) {
		return false
	}
	one.remember(p, rest[:h.label-begin], c)
	return true
}

// remember keeps what the prefix says, in bytes of its own.
func (s *session) remember(p *Prefix, text []byte, c *clock) {
	line := append(append(make([]byte, 0, len(text)+8), text...), "LOG:  "...) // an event that is read may still look at the old bytes
	s.head.reset()
	if !p.from(2, line, 0, c, &s.head) || s.head.label != len(text) {
		s.text = nil
		return
	}
	s.text = line[:len(text)]
}

// from reads the steps from i on, at a place of the line.
func (p *Prefix) from(i int, line []byte, at int, c *clock, h *head) bool {
	for ; i < len(p.steps); i++ {
		s := &p.steps[i]
		if s.verb == 0 {
			if !bytes.HasPrefix(line[at:], s.literal) {
				return false
			}
			at += len(s.literal)
			continue
		}
		if s.verb == 'q' { // other processes stop here
			if _, _, n := label(line[at:]); n > 0 {
				return p.done(line, at, h)
			}
			continue
		}
		if isText(s.verb) {
			return p.text(i, line, at, c, h)
		}
		begin := at
		at += min(blanksBefore(line[at:]), s.width)
		n := h.fixed(s.verb, line[at:], c)
		if n < 0 {
			return false
		}
		at += n
		if pad := begin + s.width - at; pad > 0 {
			if blanksBefore(line[at:]) < pad {
				return false
			}
			at += pad
		}
	}
	return p.done(line, at, h)
}

func blanksBefore(text []byte) int { return len(text) - len(bytes.TrimLeft(text, " ")) }

// isText tells the fields that can hold anything.
func isText(verb byte) bool { return strings.IndexByte("udahrbiL", verb) >= 0 }

// fixed reads a field whose end shows by itself. It gives its length, -1 where it is none.
func (h *head) fixed(verb byte, text []byte, c *clock) (n int) {
	switch verb {
	case 'm', 't', 's', 'n':
		return h.stamp(verb, text, c)
	case 'p', 'P', 'l', 'x':
		var number int64
		for n < len(text) && n < 18 && isDigit(text[n]) {
			number = number*10 + int64(text[n]-'0')
			n++
		}
		switch {
		case n == 0 && verb != 'P':
			return -1
		case verb == 'p':
			h.PID = int32(number)
		case verb == 'l':
			h.Line = number
		}
	case 'Q':
		for n < len(text) && n < 20 && (isDigit(text[n]) || n == 0 && text[n] == '-') {
			n++
		}
		h.QueryID = signed(text[:n])
	case 'c':
		for n < len(text) && (isDigit(text[n]) || text[n] >= 'a' && text[n] <= 'f' || text[n] == '.') {
			n++
		}
		if n < 3 {
			return -1
		}
		h.Session = text[:n]
	case 'v':
		for n < len(text) && (isDigit(text[n]) || text[n] == '/') {
			n++
		}
	case 'e':
		if len(text) < 5 {
			return -1
		}
		n, h.SQLState = 5, text[:5]
	}
	return n
}

// stamp reads a timestamp; that of the session's begin is not kept.
func (h *head) stamp(verb byte, text []byte, c *clock) int {
	var at int64
	var n int
	if verb == 'n' {
		at, n = epoch(text)
	} else {
		at, n = c.stamp(text)
	}
	if n == 0 {
		return -1
	}
	if verb != 's' {
		h.Time = at
	}
	return n
}

// text tries each end of a field of text, the nearest first.
func (p *Prefix) text(i int, line []byte, at int, c *clock, h *head) bool {
	s := &p.steps[i]
	field := p.place(s.verb, h)
	for end := at + s.width; end <= len(line); end++ {
		switch {
		case s.end == 0 && end-at > 256: // nothing parts it from the next: each length is tried, and a name is no longer than 63 bytes
			return false
		case s.end != 0:
			step := bytes.IndexByte(line[end:], s.end)
			if step < 0 || end-at > 1024 {
				return false
			}
			end += step
		}
		if p.from(i+1, line, end, c, h) {
			*field = line[at:end]
			if s.width > 0 {
				*field = bytes.Trim(*field, " ")
			}
			known(field)
			return true
		}
	}
	return false
}

func (p *Prefix) place(verb byte, h *head) *[]byte {
	switch verb {
	case 'u':
		return &h.User
	case 'd':
		return &h.Database
	case 'a':
		return &h.App
	case 'r', 'h':
		return &h.Host
	case 'b':
		return &h.Backend
	}
	return &h.Hint // not kept: a line's hint comes from a line of its own
}

// done reads the label behind the prefix. A name may hold a label, too: what claims to be a duration and is none is part of the name.
func (p *Prefix) done(line []byte, at int, h *head) bool {
	f, severity, n := label(line[at:])
	if n == 0 {
		return false
	}
	if h.pretends(severity, line[at+n:]) {
		return false
	}
	h.label = at
	h.field, h.Severity, h.n = f, severity, at+n
	h.Hint = nil
	return true
}

// pretends tells that a label is part of a name: what stands behind it claims to be a duration and is none. One that is a duration is kept.
func (h *head) pretends(s Severity, text []byte) bool {
	h.behind = 0
	if s != Log || !bytes.HasPrefix(text, durationWord) {
		return false
	}
	us, rest, ok := duration(text)
	if ok {
		h.us, h.behind = us, len(text)-len(rest)
	}
	return !ok && bytes.Contains(text, []byte(":  "))
}

// known empties a name that the server writes for none.
func known(name *[]byte) {
	if string(*name) == "[unknown]" {
		*name = nil
	}
}
