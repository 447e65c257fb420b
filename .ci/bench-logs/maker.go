package main

import (
	"bufio"
	"compress/gzip"
	"encoding/csv"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"time"
)

// The fields of a csvlog line that are looked at.
const (
	at = iota
	user
	database
	pid
	_
	session
	severity = iota + 5
	state
	message
	detail
	hint
	where     = iota + 7
	statement = iota + 7
	app       = iota + 9
)

// maker writes a log of any length out of a real one: the same messages again and again, later, by other processes, with other constants
// and of other tables. The same number makes the same log.
type maker struct {
	events [][]string
	random *rand.Rand
	now    time.Time
	round  int
	tables int // of each name: so many signatures has a statement at most
}

func newMaker(sample string) (*maker, error) {
	file, err := os.Open(sample)
	if err != nil {
		return nil, err
	}
	defer file.Close() //nolint:errcheck // only read
	unzip, err := gzip.NewReader(file)
	if err != nil {
		return nil, err
	}
	events, err := csv.NewReader(unzip).ReadAll()
	return &maker{events: events, tables: tables, random: rand.New(rand.NewPCG(1, 2)), now: time.Date(2026, 11, 24, 3, 0, 0, 0, time.UTC)}, err //nolint:gosec // the same each time
}

// longest message that is repeated each round; longer ones are one in so many.
const (
	longest = 100_000
	rare    = 1000
	tables  = 60 // in the ordinary logs
)

// write makes at least so many bytes in a format.
func (m *maker) write(out io.Writer, format string, bytes int64) error {
	w := &counter{out: bufio.NewWriterSize(out, 1<<20)}
	for ; w.written < bytes; m.round++ {
		for _, event := range m.events {
			if len(event[message]) > longest && m.round%rare != rare/2 {
				continue
			}
			one := append([]string(nil), event...)
			m.now = m.now.Add(time.Duration(m.random.IntN(3)) * time.Millisecond)
			one[at] = m.now.Format("2006-01-02 15:04:05.000 MST")
			if n, err := strconv.Atoi(one[pid]); err == nil {
				one[pid] = strconv.Itoa(1000 + (n+m.round*37)%60000)
			}
			if start, process, ok := strings.Cut(one[session], "."); ok { // a session of its own: its lines are others
				n, _ := strconv.ParseInt(start, 16, 64)
				one[session] = strconv.FormatInt(n+int64(m.round), 16) + "." + process
			}
			table := m.random.IntN(m.tables)
			for _, i := range []int{message, detail, statement} {
				if len(one[i]) < longest {
					one[i] = m.vary(one[i], table)
				}
			}
			w.event(format, one)
		}
	}
	return w.out.Flush()
}

// names of tables in the sample.
var names = []string{"orders", "order_items", "customers", "products", "events", "pgbench_accounts", "pgbench_history", "pgbench_branches", "pgbench_tellers"}

// vary puts other numbers for the constants of a statement, and another table for the one it reads.
func (m *maker) vary(text string, table int) string {
	if !strings.HasPrefix(text, "duration: ") && !strings.HasPrefix(text, "parameters: ") && !strings.Contains(text, " ") {
		return text
	}
	var out strings.Builder
	out.Grow(len(text) + 32)
	i := 0
	if strings.HasPrefix(text, "duration: ") {
		i = strings.Index(text, " ms")
		fmt.Fprintf(&out, "duration: %d.%03d", m.random.IntN(1<<uint(m.random.IntN(9))), m.random.IntN(1000)) //nolint:gosec // below 9
	}
	for i < len(text) {
		c := text[i]
		switch {
		case isLetter(c):
			to := i
			for to < len(text) && (isLetter(text[to]) || isDigit(text[to]) || text[to] == '$') {
				to++
			}
			word := text[i:to]
			out.WriteString(word)
			for _, name := range names {
				if word == name {
					out.WriteByte('_')
					out.WriteString(strconv.Itoa(table))
				}
			}
			i = to
		case c == '$':
			to := i + 1
			for to < len(text) && isDigit(text[to]) {
				to++
			}
			out.WriteString(text[i:to])
			i = to
		case isDigit(c):
			to := i
			for to < len(text) && isDigit(text[to]) {
				to++
			}
			if to-i > 1 && to-i < 8 {
				out.WriteString(strconv.Itoa(m.random.IntN(10_000_000)))
			} else {
				out.WriteString(text[i:to])
			}
			i = to
		default:
			out.WriteByte(c)
			i++
		}
	}
	return out.String()
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' || c == '_' || c >= 0x80 }
func isDigit(c byte) bool  { return c >= '0' && c <= '9' }

// counter writes events and counts the bytes.
type counter struct {
	out     *bufio.Writer
	written int64
}

func (w *counter) text(s string) {
	n, _ := w.out.WriteString(s) // Flush tells the error
	w.written += int64(n)
}

func (w *counter) event(format string, e []string) {
	switch format {
	case "csv":
		w.csv(e)
	case "json":
		w.json(e)
	default:
		w.stderr(e)
	}
}

// stderr writes with the prefix %m [%p] %q%u@%d %a .
func (w *counter) stderr(e []string) {
	prefix := e[at] + " [" + e[pid] + "] "
	if e[user] != "" || e[database] != "" || e[app] != "" {
		prefix += known(e[user]) + "@" + known(e[database]) + " " + known(e[app]) + " "
	}
	for _, part := range []struct{ label, text string }{
		{e[severity], e[message]}, {"DETAIL", e[detail]}, {"HINT", e[hint]}, {"CONTEXT", e[where]}, {"STATEMENT", e[statement]},
	} {
		if part.text != "" || part.label == e[severity] {
			w.text(prefix + part.label + ":  " + strings.ReplaceAll(part.text, "\n", "\n\t") + "\n")
		}
	}
}

func known(name string) string {
	if name == "" {
		return "[unknown]"
	}
	return name
}

// quoted fields of a csvlog line.
var quoted = map[int]bool{1: true, 2: true, 4: true, 7: true, 13: true, 14: true, 15: true, 16: true, 18: true, 19: true, 21: true, 22: true, 23: true}

func (w *counter) csv(e []string) {
	for i, field := range e {
		if i > 0 {
			w.text(",")
		}
		if quoted[i] && field != "" {
			field = `"` + strings.ReplaceAll(field, `"`, `""`) + `"`
		}
		w.text(field)
	}
	w.text("\n")
}

// keys of a jsonlog line, in its order, and the field of csvlog that holds the value.
var keys = []struct {
	name   string
	field  int
	number bool
}{
	{"timestamp", 0, false}, {"user", 1, false}, {"dbname", 2, false}, {"pid", 3, true}, {"remote_host", 4, false}, {"session_id", 5, false},
	{"line_num", 6, true}, {"ps", 7, false}, {"session_start", 8, false}, {"vxid", 9, false}, {"txid", 10, true}, {"error_severity", 11, false},
	{"state_code", 12, false}, {"message", 13, false}, {"detail", 14, false}, {"hint", 15, false}, {"internal_query", 16, false},
	{"internal_position", 17, true}, {"context", 18, false}, {"statement", 19, false}, {"cursor_position", 20, true}, {"application_name", 22, false},
	{"backend_type", 23, false}, {"query_id", 25, true},
}

func (w *counter) json(e []string) {
	mark := "{"
	for _, k := range keys {
		value := ""
		if k.field < len(e) {
			value = e[k.field]
		}
		switch {
		case value == "", k.name == "state_code" && value == "00000":
			continue
		case k.number:
			w.text(mark + `"` + k.name + `":` + value)
		default:
			w.text(mark + `"` + k.name + `":"` + escaper.Replace(value) + `"`)
		}
		mark = ","
	}
	w.text("}\n")
}

var escaper = strings.NewReplacer(`"`, `\"`, `\`, `\\`, "\n", `\n`, "\t", `\t`, "\r", `\r`, "\b", `\b`, "\f", `\f`)
