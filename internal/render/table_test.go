package render

import (
	"bytes"
	"strings"
	"testing"
)

type pair struct {
	Count int    `json:"count" col:""`
	Left  string `json:"left" col:"elastic"`
	Right string `json:"right" col:"elastic,status"`
}

// Big tables are written without tablewriter; nobody should see where that begins.
func TestBigTablesLookTheSame(t *testing.T) {
	rows := []pair{{7, "ab", "OK"}, {-12, "", "日本語 text"}, {100000, strings.Repeat("x", 60), " kept "}, {0, "é…ü", ""}}
	for _, p := range []Printer{{}, {Color: true}, {NoHeaders: true}, {Width: 40}, {Width: 5, Color: true}} {
		g, err := newGrid(rows)
		if err != nil {
			t.Fatal(err)
		}
		p.Format = Table
		g.fill(tableText)
		var small, big bytes.Buffer
		widths := g.widths(!p.NoHeaders)
		if p.Width > 0 {
			widths = g.fit(widths, p.Width)
		}
		headers := g.headers()
		p.paint(g, headers)
		p.writeLines(&big, g, headers, widths)
		if err := p.drawTrimmed(&small, g, headers, widths); err != nil {
			t.Fatal(err)
		}
		if small.String() != big.String() {
			t.Errorf("%+v: by tablewriter\n%s\nline by line\n%s", p, small.String(), big.String())
		}
	}
}

func TestTableFitsTheTerminal(t *testing.T) {
	rows := []pair{{1, strings.Repeat("left ", 30), strings.Repeat("日本", 40)}, {22, "short", "short"}}
	for _, columns := range []int{40, 80, 100, 1000} {
		for line := range strings.Lines(printed(t, Printer{Format: Table, Width: columns}, nil, rows)) {
			if w := width(strings.TrimRight(line, "\n")); w > columns {
				t.Errorf("a line of %d columns on a terminal of %d: %s", w, columns, line)
			}
		}
	}
	narrow := printed(t, Printer{Format: Table, Width: 5}, nil, rows)
	if !strings.Contains(narrow, "left left l…") || !strings.Contains(narrow, "count") {
		t.Errorf("a hopelessly narrow terminal must still show something of each column:\n%s", narrow)
	}
}

// The decisive column survives on a narrow terminal: what can be spared goes first, and the long ones shrink.
func TestNarrowTerminalSparesColumns(t *testing.T) {
	type row struct {
		ID    string `json:"id" col:""`
		Age   int    `json:"age_of_it" col:"spare"`
		Who   string `json:"who" col:"elastic,spare"`
		Lock  string `json:"lock" col:""`
		Query string `json:"query" col:"elastic"`
	}
	rows := []row{{"4711", 5, "some application", "public.orders: waits for AccessExclusiveLock", strings.Repeat("select ", 30)}}
	for columns, want := range map[int]string{
		0: "id    age_of_it  who", 90: "id    age_of_it  who", 80: "id    who  ", 66: "id    lock ",
	} {
		got := printed(t, Printer{Format: Table, Width: columns}, nil, rows)
		if !strings.HasPrefix(got, want) || !strings.Contains(got, rows[0].Lock) {
			t.Errorf("%d columns:\n%s", columns, got)
		}
	}
	if got := printed(t, Printer{Format: CSV}, nil, Without{rows, []string{"who", "age_of_it"}}); !strings.HasPrefix(got, "id,lock,query\n4711,public.orders") {
		t.Error(got)
	}
}

func TestOneHugeValueAmongMany(t *testing.T) {
	rows := make([]pair, 1000)
	rows[500].Right = strings.Repeat("x", 1<<20)
	got := printed(t, Printer{Format: Table}, nil, rows)
	if !strings.Contains(got, rows[500].Right) || len(got) > 3<<20 {
		t.Errorf("%d bytes printed for a value of 1 MB", len(got))
	}
}

func BenchmarkResult(b *testing.B) {
	rows := make([]pair, 5000)
	for i := range rows {
		rows[i] = pair{i, strings.Repeat("select ", i%20), "OK"}
	}
	for _, format := range []Format{Table, Plain, JSON, JSONL, CSV} {
		b.Run(string(format), func(b *testing.B) {
			for b.Loop() {
				var out bytes.Buffer
				if err := (&Printer{Out: &out, Format: format}).Result(rows, rows); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
