package render

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"syscall"
	"testing"
	"time"

	"avadb/internal/fault"
)

type target struct {
	Database string   `json:"database" col:""`
	Flags    []string `json:"flags" col:""`
}

type statement struct {
	Calls  int64      `json:"calls" col:""`
	MeanMS *float64   `json:"mean_ms" col:"num.2"`
	Action string     `json:"action" col:"status"`
	Seen   *time.Time `json:"seen" col:""`
	target
	OK    bool   `json:"ok" col:""`
	Query string `json:"query" col:"elastic"`
	Full  string `json:"full"`
}

type document struct {
	Version    int         `json:"schema_version"`
	Statements []statement `json:"statements"`
	Warnings   []string    `json:"warnings"`
}

func example() document {
	mean := 2.345
	seen := time.Date(2026, 11, 24, 9, 0, 5, 0, time.FixedZone("", 3600))
	return document{Version: 1, Statements: []statement{
		{
			Calls: 1, MeanMS: &mean, Action: "set", Seen: &seen, target: target{"app", []string{"reset", "new"}}, OK: true,
			Query: "select *\nfrom t where name = 'a long one' and note < 'x & y'", Full: "f",
		},
		{Calls: 123456, Action: "kept", Query: "select '日本', \"q\", '\x1b[31m'"},
	}}
}

func printed(t *testing.T, p Printer, doc, rows any) string {
	t.Helper()
	var out bytes.Buffer
	p.Out = &out
	if err := p.Result(doc, rows); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// show makes escapes and line ends of a golden visible.
func show(s string) string { return strings.ReplaceAll(s, "\x1b", "␛") }

func TestResult(t *testing.T) {
	doc := example()
	for name, c := range map[string]struct {
		printer Printer
		want    string
	}{
		"table": {Printer{Format: Table}, `
 calls  mean_ms  action  seen                  database  flags       ok     query
------  -------  ------  --------------------  --------  ----------  -----  ------------------------------------------------------------
     1     2.35  set     2026-11-24T08:00:05Z  app       reset, new  true   select * from t where name = 'a long one' and note < 'x & y'
123456        -  kept    -                                           false  select '日本', "q", '\x1b[31m'
`},
		"table on a terminal": {Printer{Format: Table, Width: 100, Color: true}, `
 ␛[1mcalls␛[22m  ␛[1mmean_ms␛[22m  ␛[1maction␛[22m  ␛[1mseen␛[22m                  ␛[1mdatabase␛[22m  ␛[1mflags␛[22m       ␛[1mok␛[22m     ␛[1mquery␛[22m
------  -------  ------  --------------------  --------  ----------  -----  ------------------------
     1     2.35  ␛[32mset␛[0m     2026-11-24T08:00:05Z  app       reset, new  true   select * from t where n…
123456        -  ␛[33mkept␛[0m    -                                           false  select '日本', "q", '\x…
`},
		"table without headers": {Printer{Format: Table, NoHeaders: true}, `
     1  2.35  set   2026-11-24T08:00:05Z  app  reset, new  true   select * from t where name = 'a long one' and note < 'x & y'
123456     -  kept  -                                      false  select '日本', "q", '\x1b[31m'
`},
		"plain": {Printer{Format: Plain, Width: 100, Color: true}, `
 calls  mean_ms  action  seen                  database  flags       ok     query
     1     2.35  set     2026-11-24T08:00:05Z  app       reset, new  true   select * from t where name = 'a long one' and note < 'x & y'
123456        -  kept    -                     -         -           false  select '日本', "q", '\x1b[31m'
`},
		"csv": {Printer{Format: CSV, Color: true}, `
calls,mean_ms,action,seen,database,flags,ok,query
1,2.345,set,2026-11-24T08:00:05Z,app,"reset, new",true,"select *
from t where name = 'a long one' and note < 'x & y'"
123456,,kept,,,,false,"select '日本', ""q"", '␛[31m'"
`},
		"csv without headers": {Printer{Format: CSV, NoHeaders: true}, `
1,2.345,set,2026-11-24T08:00:05Z,app,"reset, new",true,"select *
from t where name = 'a long one' and note < 'x & y'"
123456,,kept,,,,false,"select '日本', ""q"", '␛[31m'"
`},
		"jsonl": {Printer{Format: JSONL, NoHeaders: true}, `
{"calls":1,"mean_ms":2.345,"action":"set","seen":"2026-11-24T08:00:05Z","database":"app","flags":["reset","new"],"ok":true,"query":"select *\nfrom t where name = 'a long one' and note < 'x & y'","full":"f"}
{"calls":123456,"mean_ms":null,"action":"kept","seen":null,"database":"","flags":[],"ok":false,"query":"select '日本', \"q\", '\u001b[31m'","full":""}
`},
		"json": {Printer{Format: JSON, Width: 10}, `
{
  "schema_version": 1,
  "statements": [
    {
      "calls": 1,
      "mean_ms": 2.345,
      "action": "set",
      "seen": "2026-11-24T08:00:05Z",
      "database": "app",
      "flags": [
        "reset",
        "new"
      ],
      "ok": true,
      "query": "select *\nfrom t where name = 'a long one' and note < 'x & y'",
      "full": "f"
    },
    {
      "calls": 123456,
      "mean_ms": null,
      "action": "kept",
      "seen": null,
      "database": "",
      "flags": [],
      "ok": false,
      "query": "select '日本', \"q\", '\u001b[31m'",
      "full": ""
    }
  ],
  "warnings": []
}
`},
	} {
		t.Run(name, func(t *testing.T) {
			if got := show(printed(t, c.printer, doc, doc.Statements)); "\n"+got != c.want {
				t.Errorf("got\n%s\nwant%s", got, c.want)
			}
		})
	}
	if doc.Warnings != nil || doc.Statements[1].Flags != nil {
		t.Error("printing changed the caller's document")
	}
}

func TestResultOfNoRows(t *testing.T) {
	for format, want := range map[Format]string{
		Table: "database  flags\n--------  -----\n", Plain: "database  flags\n", CSV: "database,flags\n", JSONL: "", JSON: "[]\n",
	} {
		var none []target
		if got := printed(t, Printer{Format: format}, none, none); got != want {
			t.Errorf("%s: got %q, want %q", format, got, want)
		}
	}
}

func TestResultOfOneStruct(t *testing.T) {
	one := &target{Database: "app", Flags: []string{"a", "b"}}
	for format, want := range map[Format]string{
		Table: "name      value\n--------  -----\ndatabase  app\nflags     a, b\n",
		Plain: "name      value\ndatabase  app\nflags     a, b\n",
		CSV:   "name,value\ndatabase,app\nflags,\"a, b\"\n",
		JSONL: "{\"database\":\"app\",\"flags\":[\"a\",\"b\"]}\n",
	} {
		if got := printed(t, Printer{Format: format}, one, one); got != want {
			t.Errorf("%s: got\n%s\nwant\n%s", format, got, want)
		}
	}
}

func TestResultRefusesWhatIsNoRow(t *testing.T) {
	type unknownOption struct {
		A int `json:"a" col:"huge"`
	}
	type noDecimals struct {
		A int `json:"a" col:"num.x"`
	}
	type hidden struct {
		A int `json:"-" col:""`
	}
	for _, rows := range []any{nil, 5, []int{1}, []*target{nil}, []unknownOption{}, []noDecimals{}, []hidden{}} {
		if err := (&Printer{Out: io.Discard, Format: Table}).Result(nil, rows); err == nil {
			t.Errorf("%T was printed", rows)
		}
	}
	if err := (&Printer{Out: io.Discard, Format: "xml"}).Result(nil, []target{}); err == nil {
		t.Error("xml was printed")
	}
}

type failingWriter struct{}

func (failingWriter) Write([]byte) (int, error) { return 0, syscall.ENOSPC }

func TestResultReportsWriteErrors(t *testing.T) {
	doc := example()
	for _, format := range []Format{Table, Plain, JSON, JSONL, CSV} {
		err := (&Printer{Out: failingWriter{}, Format: format}).Result(doc, doc.Statements)
		if !errors.Is(err, syscall.ENOSPC) || fault.KindOf(err) != fault.Failed {
			t.Errorf("%s on a full disk: %v", format, err)
		}
	}
}

func TestParseFormat(t *testing.T) {
	for _, f := range []Format{Table, Plain, JSON, JSONL, CSV, "sql"} {
		if got, err := ParseFormat(string(f), "sql", "conf"); err != nil || got != f {
			t.Errorf("ParseFormat(%q) = %q, %v", f, got, err)
		}
	}
	for _, s := range []string{"", "xml", "JSON", "sql"} {
		_, err := ParseFormat(s, "conf")
		if e := fault.As(err); e == nil || e.Kind != fault.Usage || e.Hint != "use one of table, plain, json, jsonl, csv, conf" {
			t.Errorf("ParseFormat(%q): %#v", s, err)
		}
	}
}

func TestCSVOnATerminalCannotSteerIt(t *testing.T) {
	var out bytes.Buffer
	rows := []struct {
		Query string `json:"query" col:""`
	}{{"SELECT '\x1b[2J'"}}
	p := Printer{Out: &out, Format: CSV, Width: 80}
	if err := p.Result(nil, rows); err != nil || strings.Contains(out.String(), "\x1b") {
		t.Errorf("%q, %v", out.String(), err)
	}
}
