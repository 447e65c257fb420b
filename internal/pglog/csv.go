package pglog

import "bytes"

// csvParser reads csvlog: 23 fields up to PostgreSQL 12, 24 in 13, 26 from 14 up.
type csvParser struct {
	clock   clock
	event   Event
	fields  [csvFields][]byte
	quoted  uint32 // bits of the fields that hold a doubled quote
	scratch [csvFields][]byte
	lines   int64
	skipped int64
}

// The fields of a csvlog line, from 0.
const (
	csvTime = iota
	csvUser
	csvDatabase
	csvPID
	csvHost
	csvSession
	csvLine
	csvSeverity = iota + 4
	csvState
	csvMessage
	csvDetail
	csvHint
	csvContext = iota + 6
	csvStatement
	csvApp     = 22
	csvBackend = 23
	csvQueryID = 25
	csvFields  = 32
	csvLeast   = 20 // fewer are no event
)

// parse reads a block of whole records.
func (p *csvParser) parse(data []byte, offset int64, emit func(*Event)) {
	p.lines += int64(bytes.Count(data, []byte{'\n'}))
	if n := len(data); n > 0 && data[n-1] != '\n' {
		p.lines++
	}
	for at := 0; at < len(data); {
		if data[at] == '\n' || data[at] == '\r' {
			at++
			continue
		}
		next, count := p.record(data, at)
		if count >= csvLeast && looksLikeRecord(data[at:]) {
			clear(p.fields[min(count, csvFields):])
			p.fill(offset + int64(at))
			emit(&p.event)
			at = next
			continue
		}
		next = nextRecord(data, at)
		p.skipped += int64(max(bytes.Count(data[at:next], []byte{'\n'}), 1))
		at = next
	}
}

// record reads the fields of the record at i. It gives where the next begins and how many fields there are; 0 where it is damaged.
func (p *csvParser) record(data []byte, i int) (next, count int) {
	p.quoted = 0
	for {
		var field []byte
		if i < len(data) && data[i] == '"' {
			begin := i + 1
			end := begin
			for {
				n := bytes.IndexByte(data[end:], '"')
				if n < 0 { // torn: the file ends within it
					end = len(data)
					break
				}
				end += n
				if end+1 < len(data) && data[end+1] == '"' {
					end += 2
					if count < csvFields {
						p.quoted |= 1 << count
					}
					continue
				}
				break
			}
			field, i = data[begin:end], min(end+1, len(data))
		} else {
			begin := i
			for i < len(data) && data[i] != ',' && data[i] != '\n' && data[i] != '"' {
				i++
			}
			field = data[begin:i]
		}
		if count < csvFields {
			p.fields[count] = field
		}
		count++
		switch {
		case i == len(data):
			return i, count
		case data[i] == ',':
			i++
		case data[i] == '\r' && i+1 < len(data) && data[i+1] == '\n':
			return i + 2, count
		case data[i] == '\n':
			return i + 1, count
		default:
			return i, 0
		}
		if count > csvFields {
			return i, 0
		}
	}
}

func (p *csvParser) fill(offset int64) {
	e := &p.event
	e.reset()
	f := &p.fields
	e.Offset = offset
	e.Time, _ = p.clock.stamp(f[csvTime])
	e.PID = int32(max(integer(f[csvPID]), 0)) //nolint:gosec // a process id has 32 bits
	e.Line = max(integer(f[csvLine]), 0)
	e.Severity = severityOf(f[csvSeverity])
	e.Word, e.SQLState, e.Session = f[csvSeverity], f[csvState], f[csvSession]
	e.User, e.Database, e.Host = p.text(csvUser), p.text(csvDatabase), p.text(csvHost)
	e.Message, e.Detail, e.Hint = p.text(csvMessage), p.text(csvDetail), p.text(csvHint)
	e.Context, e.Statement, e.App, e.Backend = p.text(csvContext), p.text(csvStatement), p.text(csvApp), p.text(csvBackend)
	if id := f[csvQueryID]; len(id) > 1 {
		e.QueryID = signed(id)
	}
}

// text gives a field without the quotes that were doubled in it.
func (p *csvParser) text(i int) []byte {
	text := p.fields[i]
	if p.quoted&(1<<i) == 0 {
		return text
	}
	out := p.scratch[i][:0]
	for {
		n := bytes.IndexByte(text, '"')
		if n < 0 {
			break
		}
		out = append(out, text[:n+1]...)
		text = text[min(n+2, len(text)):]
	}
	out = append(out, text...)
	p.scratch[i] = out
	return out
}

// looksLikeRecord tells that a timestamp begins text, as it does each record.
func looksLikeRecord(text []byte) bool {
	return len(text) > 23 && text[4] == '-' && text[7] == '-' && text[10] == ' ' && text[13] == ':' && text[16] == ':' && isDigit(text[0]) && isDigit(text[18]) &&
		bytes.IndexByte(text[19:min(len(text), 48)], ',') > 0
}

// nextRecord gives the line after at that looks like a record: what is damaged ends there.
func nextRecord(data []byte, at int) int {
	for {
		n := bytes.IndexByte(data[at:], '\n')
		if n < 0 {
			return len(data)
		}
		if at += n + 1; looksLikeRecord(data[at:]) {
			return at
		}
	}
}

// split gives where the last record of data begins: the quotes before it are even, and a timestamp stands there. Where the quotes of a
// damaged file never are, the timestamp alone must do.
func (p *csvParser) split(data []byte) int {
	quotes := bytes.Count(data, []byte{'"'})
	fallback := 0
	for end := len(data); end > 0; {
		begin := bytes.LastIndexByte(data[:end], '\n') + 1
		if begin == 0 {
			break
		}
		quotes -= bytes.Count(data[begin:end], []byte{'"'})
		if looksLikeRecord(data[begin:]) {
			if quotes%2 == 0 {
				return begin
			}
			if fallback == 0 {
				fallback = begin
			}
		}
		end = begin - 1
	}
	if len(data) > damaged {
		return fallback
	}
	return 0
}

// damaged is how many bytes without an end of a record are not believed to be one record.
const damaged = 16 << 20

// whole tells that no quote is open: a message that the server is about to write can end with any of its lines.
func (p *csvParser) whole(data []byte) bool { return bytes.Count(data, []byte{'"'})%2 == 0 }

// resume gives where an event begins that is not the one the data begins in.
func (p *csvParser) resume(data []byte) int {
	if n := nextRecord(data, 0); n < len(data) {
		return n
	}
	return 0
}
