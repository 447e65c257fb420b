package pglog

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"regexp"
	"sync"
)

// wrapping is how something else wrote a log's lines: each of its own lines holds one of them, or a part of one.
type wrapping struct {
	name string
	// line gives the log's text of a line; false where the line holds none.
	line func(line []byte) ([]byte, bool)
}

// wrappings that are known, the most telling first.
var wrappings = []wrapping{
	{"syslog", unsyslog},
	{"docker", undocker},
	{"cri", uncri},
	{"cloudsql", uncloudsql},
	{"azure", unazure},
	{"kubectl", unkubectl},
	{"compose", uncompose},
	{"journal", unjournal},
}

// wrappedIn tells what wraps the lines of a sample; nil: nothing does.
func wrappedIn(sample []byte) *wrapping {
	all := lines(sample)
	all = all[:min(len(all), 200)]
	for i := range wrappings {
		n := 0
		for _, line := range all {
			if _, ok := wrappings[i].line(line); ok {
				n++
			}
		}
		if n > 0 && n*10 >= len(all)*8 {
			return &wrappings[i]
		}
	}
	return nil
}

// unwrap gives the log within the lines of in.
func (w *wrapping) unwrap(in io.Reader) io.Reader {
	return &unwrapped{in: bufio.NewReaderSize(in, 256<<10), wrapping: w}
}

type unwrapped struct {
	in       *bufio.Reader
	wrapping *wrapping
	line     []byte // that is read
	rest     []byte // of the text that is not yet given
	err      error
}

// Read is part of io.Reader.
func (u *unwrapped) Read(out []byte) (n int, err error) {
	for n < len(out) {
		if len(u.rest) == 0 {
			if u.err != nil {
				break
			}
			u.fill()
			continue
		}
		step := copy(out[n:], u.rest)
		u.rest = u.rest[step:]
		n += step
	}
	if n == 0 {
		return 0, u.err
	}
	return n, nil
}

// fill reads a line; one that holds no text stays as it is, and counts among those that are no part of a message.
func (u *unwrapped) fill() {
	u.line = u.line[:0]
	for {
		piece, err := u.in.ReadSlice('\n')
		u.line = append(u.line, piece...)
		if errors.Is(err, bufio.ErrBufferFull) && len(u.line) < longest {
			continue
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			u.err = err
		}
		break
	}
	if len(u.line) == 0 {
		return
	}
	if text, ok := u.wrapping.line(bytes.TrimRight(u.line, "\r\n")); ok {
		u.rest = text
		return
	}
	u.rest = u.line
}

var syslog = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^(?:<\d+>\d? ?)?(?:[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d|(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)?)) \S+ [^\s\[:]+(?:\[(\d+)\])?:? (?:-? *- )?\[\d+-(\d+)\] ?`)
})

// unsyslog reads what log_destination = syslog makes of a message: a line for each of its lines and for each 900 bytes, numbered within the
// message; the server writes #011 for a TAB. Where the prefix has no time, syslog's own stands before it.
func unsyslog(line []byte) ([]byte, bool) {
	m := syslog().FindSubmatchIndex(line)
	if m == nil {
		return nil, false
	}
	text := bytes.ReplaceAll(line[m[1]:], []byte("#011"), []byte("\t"))
	part := line[m[6]:m[7]]
	out := make([]byte, 0, len(text)+64)
	if string(part) == "1" || !bytes.HasPrefix(text, []byte("\t")) && partOfEvent(text) {
		out = append(out, text...)
	} else {
		out = append(append(out, '\t'), bytes.TrimPrefix(text, []byte("\t"))...)
	}
	return append(out, '\n'), true
}

// partOfEvent tells a line that begins with a label, and so with the prefix, although it is not the first of its message.
func partOfEvent(text []byte) bool {
	m := labelAt().FindIndex(text[:min(len(text), longestPrefix)])
	return m != nil
}

var (
	kubectl = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^(?:\[pod/[^\]/ ]+/[^\]/ ]+\] (?:\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)(?: |$))?|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6,9}(?:Z|[+-]\d\d:\d\d)(?: |$))`)
	})
	compose = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^[\w.-]+[-_]\d+ +\| ?(?:\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6,9}Z ?)?`)
	})
	journal = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^(?:[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d(?:\.\d+)?|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?[+-]\d\d:?\d\d) \S+ [^\s\[:]+\[\d+\]:(?: |$)`)
	})
)

// unkubectl takes away what kubectl logs --prefix and --timestamps put before each line.
func unkubectl(line []byte) ([]byte, bool) { return behind(kubectl(), line) }

// uncompose takes away the name of the service, and the time of --timestamps.
func uncompose(line []byte) ([]byte, bool) { return behind(compose(), line) }

// unjournal takes away what journalctl puts before each line that a service writes.
func unjournal(line []byte) ([]byte, bool) { return behind(journal(), line) }

// behind is what stands behind the front that something puts before each line, also before those that go on with a message.
func behind(front *regexp.Regexp, line []byte) ([]byte, bool) {
	at := front.FindIndex(line)
	if at == nil {
		return nil, false
	}
	return append(append([]byte(nil), line[at[1]:]...), '\n'), true
}

// undocker reads {"log":"...\n","stream":"stderr","time":"..."}.
func undocker(line []byte) ([]byte, bool) {
	var o struct {
		Log    *string `json:"log"`
		Stream string  `json:"stream"`
	}
	if !bytes.HasPrefix(line, []byte("{")) || !bytes.Contains(line, []byte(`"log"`)) || json.Unmarshal(line, &o) != nil || o.Log == nil {
		return nil, false
	}
	return []byte(*o.Log), true
}

var cri = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d) (?:stdout|stderr) ([FP]) `)
})

// uncri reads what a container runtime keeps: a time, the stream, and F where the line ends.
func uncri(line []byte) ([]byte, bool) {
	m := cri().FindSubmatchIndex(line)
	if m == nil {
		return nil, false
	}
	text := append([]byte(nil), line[m[1]:]...)
	if line[m[2]] == 'F' {
		text = append(text, '\n')
	}
	return text, true
}

// uncloudsql reads an export of Google's Cloud Logging: the line is in textPayload.
func uncloudsql(line []byte) ([]byte, bool) {
	var o struct {
		Text *string `json:"textPayload"`
	}
	if !bytes.Contains(line, []byte(`"textPayload"`)) || json.Unmarshal(line, &o) != nil || o.Text == nil {
		return nil, false
	}
	return tabbed(*o.Text), true
}

// unazure reads a diagnostic log of Azure: the line is in properties.message, the detail beside it.
func unazure(line []byte) ([]byte, bool) {
	var o struct {
		Properties struct {
			Message *string `json:"message"`
			Level   string  `json:"errorLevel"`
			Detail  string  `json:"detail"`
		} `json:"properties"`
	}
	if !bytes.Contains(line, []byte(`"errorLevel"`)) || json.Unmarshal(line, &o) != nil || o.Properties.Message == nil {
		return nil, false
	}
	text := tabbed(*o.Properties.Message)
	if detail := o.Properties.Detail; detail != "" {
		if i := bytes.Index(text, []byte(o.Properties.Level+":  ")); i >= 0 {
			text = append(append(text, text[:i]...), append([]byte("DETAIL:  "), tabbed(detail)...)...)
		}
	}
	return text, true
}

// tabbed is a message of several lines as the server writes it to stderr.
func tabbed(text string) []byte {
	out := bytes.TrimRight([]byte(text), "\n")
	out = bytes.ReplaceAll(out, []byte("\n\t"), []byte("\n"))
	return append(bytes.ReplaceAll(out, []byte("\n"), []byte("\n\t")), '\n')
}
