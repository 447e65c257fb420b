package settings

import (
	"regexp"
	"strconv"
	"strings"
	"sync"

	"avadb/internal/journal"
)

// autoConf is the text of postgresql.auto.conf, for the repair of a server that is down. Lines that are no entry
// (comments, includes, garbage) are kept as they are.
type autoConf struct{ lines []confLine }

type confLine struct {
	text  string // with its line end
	name  string // lower case; empty where the line is no entry
	value string // unquoted, as pg_file_settings shows it
}

// confEntry follows the server's own scanner (guc-file.l): a name, an optional =, a quoted or a bare value.
var confEntry = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^[ \t]*([A-Za-z_\x80-\xff][\w$\x80-\xff]*(?:\.[A-Za-z_\x80-\xff][\w$\x80-\xff]*)*)[ \t]*(?:=[ \t]*|[ \t])` +
		`('(?:[^'\\\n]|''|\\.)*'|[^\s'#=]+)[ \t\r]*(?:#.*)?$`)
})

func parseAutoConf(raw []byte) *autoConf {
	c := &autoConf{}
	for text := range strings.Lines(string(raw)) {
		line := confLine{text: text}
		if m := confEntry().FindStringSubmatch(strings.TrimRight(text, "\r\n")); m != nil && !isInclude(m[1]) {
			line.name, line.value = strings.ToLower(m[1]), unquoteConf(m[2])
		}
		c.lines = append(c.lines, line)
	}
	return c
}

func isInclude(name string) bool {
	switch strings.ToLower(name) {
	case "include", "include_if_exists", "include_dir":
		return true
	}
	return false
}

// unquoteConf undoes what the server's GUC_scanstr undoes.
func unquoteConf(text string) string {
	if !strings.HasPrefix(text, "'") {
		return text
	}
	body := text[1 : len(text)-1]
	var b strings.Builder
	for i := 0; i < len(body); i++ {
		switch {
		case body[i] == '\'':
			b.WriteByte('\'')
			i++ // a quote inside is doubled
		case body[i] == '\\' && i+1 < len(body):
			i += unescape(&b, body[i+1:])
		default:
			b.WriteByte(body[i])
		}
	}
	return b.String()
}

// unescape writes what stands behind a backslash and gives how many bytes it took.
func unescape(b *strings.Builder, rest string) int {
	if at := strings.IndexByte("bfnrt", rest[0]); at >= 0 {
		b.WriteByte("\b\f\n\r\t"[at])
		return 1
	}
	digits := 0
	for digits < min(3, len(rest)) && rest[digits] >= '0' && rest[digits] <= '7' {
		digits++
	}
	if digits == 0 {
		b.WriteByte(rest[0])
		return 1
	}
	code, _ := strconv.ParseUint(rest[:digits], 8, 16) // octal digits only
	b.WriteByte(byte(code))                            //nolint:gosec // the server keeps the low byte as well
	return digits
}

// get is the last entry of a name.
func (c *autoConf) get(name string) journal.State {
	state := journal.Absent()
	for _, line := range c.lines {
		if line.name != "" && line.name == strings.ToLower(name) {
			state = journal.Present(line.value)
		}
	}
	return state
}

// set takes all entries of a name out and, where the state is present, writes one at the end, as ALTER SYSTEM does.
func (c *autoConf) set(name string, to journal.State) {
	kept := c.lines[:0:0]
	for _, line := range c.lines {
		if line.name == "" || line.name != strings.ToLower(name) {
			kept = append(kept, line)
		}
	}
	if to.Present {
		if n := len(kept); n > 0 && !strings.HasSuffix(kept[n-1].text, "\n") {
			kept[n-1].text += "\n"
		}
		kept = append(kept, confLine{text: ConfLine(name, to.Text()) + "\n", name: strings.ToLower(name), value: to.Text()})
	}
	c.lines = kept
}

func (c *autoConf) bytes() []byte {
	var b strings.Builder
	for _, line := range c.lines {
		b.WriteString(line.text)
	}
	return []byte(b.String())
}

// values are the entries that count: the last one of each name.
func (c *autoConf) values() map[string]string {
	values := map[string]string{}
	for _, line := range c.lines {
		if line.name != "" {
			values[line.name] = line.value
		}
	}
	return values
}
