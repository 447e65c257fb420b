package pglog

import "bytes"

// Kind of a duration: what was timed.
type Kind uint8

// The kinds. An execution is any of them but KindParse, KindBind and KindPlan; NoDuration is an event that is none.
const (
	NoDuration Kind = iota
	KindBare        // the statement stands in another message, or nowhere
	KindStatement
	KindParse
	KindBind
	KindExecute
	KindFetch
	KindFastpath
	KindPlan // by auto_explain, beside the execution's own
	kinds
)

// String is the kind's name in JSON.
func (k Kind) String() string {
	return [...]string{"", "bare", "statement", "parse", "bind", "execute", "fetch", "fastpath", "plan"}[k]
}

// IsExecution tells the kinds that count an execution.
func (k Kind) IsExecution() bool {
	return k != NoDuration && k != KindParse && k != KindBind && k != KindPlan
}

var durationWord = []byte("duration: ")

// duration reads "duration: 0.604 ms" off the front of a message: the microseconds and what follows.
func duration(text []byte) (us int64, rest []byte, ok bool) {
	n := len(durationWord)
	if len(text) < n+8 || string(text[:n]) != string(durationWord) {
		return 0, nil, false
	}
	return milliseconds(text, n)
}

// milliseconds reads "0.604 ms" at n.
func milliseconds(text []byte, n int) (us int64, rest []byte, ok bool) {
	us, n, ok = thousandths(text, n)
	if !ok || !bytes.HasPrefix(text[n:], []byte(" ms")) {
		return 0, nil, false
	}
	n += 3
	if n < len(text) && text[n] != ' ' && text[n] != '\n' && text[n] != '\r' {
		return 0, nil, false
	}
	return us, text[n:], true
}

// thousandths reads a number with three decimals at n.
func thousandths(text []byte, n int) (value int64, to int, ok bool) {
	begin := n
	for n < len(text) && isDigit(text[n]) && n-begin < 15 {
		value = value*10 + int64(text[n]-'0')
		n++
	}
	if n == begin || n+4 > len(text) || text[n] != '.' && text[n] != ',' {
		return 0, n, false
	}
	for _, c := range text[n+1 : n+4] {
		if !isDigit(c) {
			return 0, n, false
		}
		value = value*10 + int64(c-'0')
	}
	return value, n + 4, true
}

// Timing is a message that begins with a duration.
type Timing struct {
	Kind Kind
	US   int64  // microseconds
	Text []byte // the statement, or the plan; nil where there is none
}

// timing reads an event's message; the kind is NoDuration where it is no duration.
func timing(e *Event) Timing {
	if e.behind > 0 {
		return timed(e.us, e.Message[e.behind:])
	}
	if us, rest, ok := duration(e.Message); ok {
		return timed(us, rest)
	}
	return foreignTiming(e.Message)
}

// timed reads what stands behind a duration.
func timed(us int64, rest []byte) Timing {
	t := Timing{Kind: KindBare, US: us}
	if len(rest) < 4 || rest[0] != ' ' || rest[1] != ' ' {
		return t
	}
	rest = rest[2:]
	switch rest[0] {
	case 's':
		t.after(rest, "statement: ", KindStatement)
	case 'e':
		t.named(rest, "execute fetch from ", KindFetch)
		if t.Kind == KindBare {
			t.named(rest, "execute ", KindExecute)
		}
	case 'p':
		t.named(rest, "parse ", KindParse)
		if t.Kind == KindBare {
			t.after(rest, "plan:", KindPlan)
		}
	case 'b':
		t.named(rest, "bind ", KindBind)
	case 'f':
		if bytes.HasPrefix(rest, []byte("fastpath function call: ")) {
			t.Kind, t.Text = KindFastpath, rest
		}
	}
	return t
}

func (t *Timing) after(rest []byte, word string, k Kind) {
	if bytes.HasPrefix(rest, []byte(word)) {
		t.Kind, t.Text = k, rest[len(word):]
	}
}

// named reads "execute name: text". A name may hold anything but is given by the driver: it ends at the first colon and blank.
func (t *Timing) named(rest []byte, word string, k Kind) {
	if !bytes.HasPrefix(rest, []byte(word)) {
		return
	}
	if i := bytes.Index(rest, []byte(": ")); i >= 0 {
		t.Kind, t.Text = k, rest[i+2:]
	}
}

// announced reads the statement that log_statement writes before it runs: its bare duration comes later.
func announced(text []byte) (sql []byte, ok bool) {
	switch {
	case bytes.HasPrefix(text, []byte("statement: ")):
		return text[len("statement: "):], true
	case bytes.HasPrefix(text, []byte("execute ")):
		if i := bytes.Index(text, []byte(": ")); i >= 0 {
			return text[i+2:], true
		}
	}
	return nil, false
}
