package slowlog

import "strconv"

// appendCopy writes a row as a line of COPY's text format, in the order of sql/slowlog/copy.sql.
func (r *Row) appendCopy(b []byte) []byte {
	b = r.At.UTC().AppendFormat(b, "2006-01-02 15:04:05.999999Z07:00")
	b = appendText(append(b, '\t'), r.Query)
	b = strconv.AppendFloat(append(b, '\t'), r.DurationMS, 'f', -1, 64)
	b = strconv.AppendFloat(append(b, '\t'), r.ThresholdMS, 'f', -1, 64)
	b = appendOptional(append(b, '\t'), r.Signature)
	b = appendText(append(b, '\t'), r.Origin)
	b = strconv.AppendInt(append(b, '\t'), r.Calls, 10)
	if b = append(b, '\t'); r.QueryID != nil {
		b = strconv.AppendInt(b, *r.QueryID, 10)
	} else {
		b = append(b, null...)
	}
	b = appendOptional(append(b, '\t'), r.Database)
	b = appendOptional(append(b, '\t'), r.User)
	b = appendOptional(append(b, '\t'), r.Application)
	if b = append(b, '\t'); r.PID != nil {
		b = strconv.AppendInt(b, int64(*r.PID), 10)
	} else {
		b = append(b, null...)
	}
	b = append(append(b, '\t'), r.Key...)
	return append(b, '\n')
}

const null = `\N`

func appendOptional(b []byte, text *string) []byte {
	if text == nil {
		return append(b, null...)
	}
	return appendText(b, *text)
}

// appendText escapes what means something in COPY's text format.
func appendText(b []byte, text string) []byte {
	from := 0
	for i := range len(text) {
		var letter byte
		switch text[i] {
		case '\\':
			letter = '\\'
		case '\n':
			letter = 'n'
		case '\r':
			letter = 'r'
		case '\t':
			letter = 't'
		default:
			continue
		}
		b = append(append(b, text[from:i]...), '\\', letter)
		from = i + 1
	}
	return append(b, text[from:]...)
}
