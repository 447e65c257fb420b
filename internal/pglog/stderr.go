package pglog

import "bytes"

// stderrParser reads the lines of a stderr log. A message is a line with the prefix, lines that go on with a TAB, and lines with the
// prefix for its detail, hint, context and statement: the server writes all of them at once.
type stderrParser struct {
	prefixes []*Prefix
	steady   int // step from which the first is the same for all lines of a session; -1: none
	sessions sessions
	clock    clock
	head     *head  // of the line that is read
	other    *head  // takes turns with it
	event    *Event // that is read, of one of them
	open     bool
	part     field // of the event that is read
	from, to int   // of its text
	tabbed   bool  // it has several lines
	scratch  [5][]byte
	lines    int64
	skipped  int64
}

// match tries the prefixes in one order, so that no line is read by what came before it.
func (p *stderrParser) match(line []byte) bool {
	for i, prefix := range p.prefixes {
		if i == 0 && p.steady > 0 {
			if prefix.recall(line, &p.clock, p.head, &p.sessions) {
				return true
			}
		} else if prefix.match(line, &p.clock, p.head) {
			return true
		}
	}
	return false
}

// parse reads a block of whole events.
func (p *stderrParser) parse(data []byte, offset int64, emit func(*Event)) {
	p.open, p.part = false, noField
	for at := 0; at < len(data); {
		end := len(data)
		next := end
		if n := bytes.IndexByte(data[at:], '\n'); n >= 0 {
			end, next = at+n, at+n+1
		}
		p.lines++
		begin := at
		at = next
		if end > begin && data[end-1] == '\r' {
			end--
		}
		if end == begin || data[begin] == '\t' { // it goes on
			if p.part == noField {
				p.skipped++
				continue
			}
			p.to, p.tabbed = end, true
			continue
		}
		line := data[begin:end]
		if !p.match(line) {
			p.skipped++
			p.close(data)
			continue
		}
		p.close(data)
		h := p.head
		if h.field == messageField {
			p.flush(emit)
			p.event, p.open = &h.Event, true
			p.event.Offset = offset + int64(begin)
			p.head, p.other = p.other, p.head
		} else if !p.open {
			p.skipped++
			continue
		}
		p.part, p.from, p.to, p.tabbed = h.field, begin+h.n, end, false
	}
	p.close(data)
	p.flush(emit)
}

// close ends the text that is read and puts it where it belongs.
func (p *stderrParser) close(data []byte) {
	if p.part == noField {
		return
	}
	text := data[p.from:p.to]
	if p.tabbed {
		text = p.untab(text)
	}
	switch p.part {
	case messageField:
		p.event.Message = text
		if code := sqlState(text); code != nil {
			p.event.SQLState, p.event.Message = code, text[7:]
		}
	case detailField:
		p.event.Detail = text
	case hintField:
		p.event.Hint = text
	case contextField:
		p.event.Context = text
	case statementField:
		p.event.Statement = text
	case queryField, locationField, noField:
	}
	p.part = noField
}

// untab takes away the TAB that the server puts before each line but the first.
func (p *stderrParser) untab(text []byte) []byte {
	if p.part > statementField {
		return nil
	}
	out := p.scratch[p.part-messageField][:0]
	for {
		n := bytes.IndexByte(text, '\n')
		if n < 0 {
			break
		}
		out = append(out, text[:n+1]...)
		text = text[n+1:]
		if len(text) > 0 && text[0] == '\t' {
			text = text[1:]
		}
	}
	out = append(out, text...)
	p.scratch[p.part-messageField] = out
	return out
}

func (p *stderrParser) flush(emit func(*Event)) {
	if p.open {
		p.open = false
		if p.event.Severity >= Warning && p.event.Severity != Log {
			p.event.Message = withoutPosition(p.event.Message)
		}
		emit(p.event)
	}
}

// withoutPosition takes away the " at character 15" that only stderr has in the message.
func withoutPosition(text []byte) []byte {
	const word = " at character "
	n := len(text)
	for n > 0 && isDigit(text[n-1]) {
		n--
	}
	if n < len(text) && n >= len(word) && string(text[n-len(word):n]) == word {
		return text[:n-len(word)]
	}
	return text
}

// split gives where the last event of data begins; 0 where no other begins in it.
func (p *stderrParser) split(data []byte) int {
	for end := len(data); end > 0; {
		begin := bytes.LastIndexByte(data[:end], '\n') + 1
		if begin == 0 {
			return 0
		}
		if begin < len(data) && data[begin] != '\t' && data[begin] != '\n' {
			line := data[begin:]
			if n := bytes.IndexByte(line, '\n'); n >= 0 { // what is not whole is not judged
				if p.match(bytes.TrimSuffix(line[:n], []byte("\r"))) && p.head.field == messageField {
					return begin
				}
			}
		}
		end = begin - 1
	}
	return 0
}

func (p *stderrParser) whole([]byte) bool { return true } // a line more would not show

// resume gives where an event begins that is not the one the data begins in.
func (p *stderrParser) resume(data []byte) int {
	for begin := bytes.IndexByte(data, '\n') + 1; begin > 0 && begin < len(data); {
		n := bytes.IndexByte(data[begin:], '\n')
		if n < 0 {
			return 0
		}
		if line := data[begin : begin+n]; n > 0 && line[0] != '\t' && p.match(bytes.TrimSuffix(line, []byte("\r"))) && p.head.field == messageField {
			return begin
		}
		begin += n + 1
	}
	return 0
}
