package render

import (
	"net/netip"
	"testing"
	"time"
)

type label string

type values struct {
	Address  netip.Addr     `json:"address" col:""`
	At       time.Time      `json:"at" col:""`
	Kind     label          `json:"kind" col:""`
	Big      uint64         `json:"big" col:""`
	Tiny     float64        `json:"tiny" col:""`
	Huge     float64        `json:"huge" col:"num.1"`
	Negative float64        `json:"negative" col:"num.2"`
	Whole    int            `json:"whole" col:"num.2"`
	Yes      *bool          `json:"yes" col:""`
	Any      any            `json:"any" col:""`
	Ints     []int          `json:"ints" col:""`
	Object   map[string]int `json:"object" col:""`
	Text     string         `json:"text" col:""`
}

func TestValuesInEachFormat(t *testing.T) {
	yes := true
	v := values{
		Address: netip.MustParseAddr("::1"), At: time.Date(2026, 1, 2, 3, 4, 5, 600_000_000, time.UTC), Kind: "l\tx", Big: 1 << 63,
		Tiny: 0.00000012, Huge: 1e21, Negative: -0.001, Whole: 3, Yes: &yes, Ints: []int{1, 2}, Object: map[string]int{"a": 1},
	}
	for format, want := range map[Format]string{
		CSV: "::1,2026-01-02T03:04:05.6Z,l\tx,9223372036854775808,0.00000012,1000000000000000000000,-0.001,3,true,,\"1, 2\",\"{\"\"a\"\":1}\",\n",
		Plain: `::1  2026-01-02T03:04:05Z  l\tx  9223372036854775808  0.00000012  1000000000000000000000.0  0.00  3.00  true  -  1, 2  {"a":1}  -` +
			"\n",
		Table: `::1  2026-01-02T03:04:05Z  l\tx  9223372036854775808  0.00000012  1000000000000000000000.0  0.00  3.00  true  -  1, 2  {"a":1}` +
			"\n",
	} {
		if got := printed(t, Printer{Format: format, NoHeaders: true}, nil, []*values{&v}); got != want {
			t.Errorf("%s:\ngot  %swant %s", format, got, want)
		}
	}
}
