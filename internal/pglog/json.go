package pglog

import (
	"bytes"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// jsonParser reads jsonlog, an object a line, and the records of CloudNativePG, which stand in an object of their own.
type jsonParser struct {
	clock   clock
	event   Event
	known   bool // the object has a severity
	depth   int
	scratch [jsonTexts][]byte
	used    int
	lines   int64
	skipped int64
}

const jsonTexts = 16 // unescaped texts of one event

func (p *jsonParser) parse(data []byte, offset int64, emit func(*Event)) {
	for at := 0; at < len(data); {
		end, next := len(data), len(data)
		if n := bytes.IndexByte(data[at:], '\n'); n >= 0 {
			end, next = at+n, at+n+1
		}
		p.lines++
		line := data[at:end]
		p.event.reset()
		p.known, p.used, p.depth = false, 0, 0
		p.event.Offset = offset + int64(at)
		at = next
		if len(line) == 0 || line[0] == '\r' {
			continue
		}
		if line[0] == '{' && p.object(line, 1) > 0 && p.known {
			emit(&p.event)
		} else {
			p.skipped++
		}
	}
}

// object reads the keys and values from i on, behind the brace. It gives the position behind the closing one, 0 where the text is torn.
func (p *jsonParser) object(line []byte, i int) int {
	for {
		i = blanks(line, i)
		if i < len(line) && line[i] == '}' {
			return i + 1
		}
		if i >= len(line) || line[i] != '"' {
			return 0
		}
		n := bytes.IndexByte(line[i+1:], '"')
		if n < 0 {
			return 0
		}
		key := line[i+1 : i+1+n]
		if i = blanks(line, i+n+2); i >= len(line) || line[i] != ':' {
			return 0
		}
		if i = blanks(line, i+1); i >= len(line) {
			return 0
		}
		switch line[i] {
		case '"':
			end, escaped := stringEnd(line, i+1)
			if end < 0 {
				return 0
			}
			p.set(key, line[i+1:end], escaped)
			i = end + 1
		case '{', '[':
			if p.depth++; line[i] == '{' && p.depth < 8 && string(key) == "record" {
				i = p.object(line, i+1)
			} else {
				i = nested(line, i)
			}
			if p.depth--; i == 0 {
				return 0
			}
		default:
			begin := i
			for i < len(line) && line[i] != ',' && line[i] != '}' && line[i] != ' ' {
				i++
			}
			p.set(key, line[begin:i], false)
		}
		if i = blanks(line, i); i < len(line) && line[i] == ',' {
			i++
		}
	}
}

func blanks(line []byte, i int) int {
	for i < len(line) && (line[i] == ' ' || line[i] == '\t' || line[i] == '\r') {
		i++
	}
	return i
}

// stringEnd gives the closing quote of a string that begins at i, -1 where there is none.
func stringEnd(line []byte, i int) (end int, escaped bool) {
	for end = i; ; end++ {
		n := bytes.IndexByte(line[end:], '"')
		if n < 0 {
			return -1, false
		}
		end += n
		back := end
		for back > i && line[back-1] == '\\' {
			back--
		}
		if (end-back)%2 == 0 {
			return end, bytes.IndexByte(line[i:end], '\\') >= 0
		}
	}
}

// nested gives the position behind an object or a list that holds nothing of an event.
func nested(line []byte, i int) int {
	for depth := 0; i < len(line); i++ {
		switch line[i] {
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return i + 1
			}
		case '"':
			end, _ := stringEnd(line, i+1)
			if end < 0 {
				return 0
			}
			i = end
		}
	}
	return 0
}

// set puts a value where it belongs; the names are those of jsonlog and of CloudNativePG.
func (p *jsonParser) set(key, value []byte, escaped bool) {
	e := &p.event
	var text *[]byte
	switch string(key) {
	case "timestamp", "log_time":
		if at, n := p.clock.stamp(value); n > 0 {
			e.Time = at
		}
		return
	case "pid", "process_id":
		e.PID = int32(max(integer(value), 0)) //nolint:gosec // a process id has 32 bits
		return
	case "line_num", "session_line_num":
		e.Line = max(integer(value), 0)
		return
	case "query_id":
		if len(value) > 1 {
			e.QueryID = signed(value)
		}
		return
	case "error_severity":
		e.Severity, e.Word, p.known = severityOf(value), value, true
		return
	case "state_code", "sql_state_code":
		e.SQLState = value
		return
	case "session_id":
		e.Session = value
		return
	case "user", "user_name":
		text = &e.User
	case "dbname", "database_name":
		text = &e.Database
	case "remote_host", "connection_from":
		text = &e.Host
	case "application_name":
		text = &e.App
	case "backend_type":
		text = &e.Backend
	case "message":
		text = &e.Message
	case "detail":
		text = &e.Detail
	case "hint":
		text = &e.Hint
	case "context":
		text = &e.Context
	case "statement", "query":
		text = &e.Statement
	default:
		return
	}
	if escaped {
		value = p.unescape(value)
	}
	*text = value
}

func (p *jsonParser) unescape(text []byte) []byte {
	var out []byte
	if p.used < jsonTexts {
		out = p.scratch[p.used][:0]
	}
	for {
		n := bytes.IndexByte(text, '\\')
		if n < 0 || n+1 >= len(text) {
			break
		}
		out = append(out, text[:n]...)
		c := text[n+1]
		text = text[n+2:]
		switch c {
		case 'n':
			out = append(out, '\n')
		case 't':
			out = append(out, '\t')
		case 'r':
			out = append(out, '\r')
		case 'b':
			out = append(out, '\b')
		case 'f':
			out = append(out, '\f')
		case 'u':
			r, used := hex(text)
			text = text[used:]
			if utf16.IsSurrogate(r) && len(text) > 6 && text[0] == '\\' && text[1] == 'u' {
				if low, used := hex(text[2:]); used > 0 {
					r, text = utf16.DecodeRune(r, low), text[2+used:]
				}
			}
			out = utf8.AppendRune(out, r)
		default:
			out = append(out, c)
		}
	}
	out = append(out, text...)
	if p.used < jsonTexts {
		p.scratch[p.used] = out
		p.used++
	}
	return out
}

// hex reads the four digits of \u0041; used is 0 where there are none.
func hex(text []byte) (r rune, used int) {
	if len(text) < 4 {
		return utf8.RuneError, 0
	}
	n, err := strconv.ParseUint(string(text[:4]), 16, 16)
	if err != nil {
		return utf8.RuneError, 0
	}
	return rune(n), 4
}

// split gives where the last line of data begins.
func (p *jsonParser) split(data []byte) int {
	return bytes.LastIndexByte(data[:max(len(data)-1, 0)], '\n') + 1
}

func (p *jsonParser) whole([]byte) bool { return true }

// resume gives where a line begins that is not the one the data begins in.
func (p *jsonParser) resume(data []byte) int {
	if n := bytes.IndexByte(data, '\n') + 1; n < len(data) {
		return n
	}
	return 0
}
