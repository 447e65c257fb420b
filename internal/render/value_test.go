package render

import (
	"bytes"
	"math"
	"net/netip"
	"reflect"
	"strconv"
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

func TestTrimmed(t *testing.T) {
	for f, want := range map[float64]string{
		34.62636100000001: "34.626361", 0.10820737812499999: "0.108207", 6172.666666666667: "6172.666667", 0.1 + 0.2: "0.3", 99.99999999: "100",
		0.000012345678: "0.0000123457", -2.0000000000000004: "-2", 1796121654.201283: "1796121654.201283", 0: "0", 5e-324: strconv.FormatFloat(5e-324, 'f', -1, 64),
	} {
		if got, _ := valueText(reflect.ValueOf(f), ""); got != want {
			t.Errorf("%g: %s", f, got)
		}
	}
	for _, f := range []float64{math.Inf(1), math.Inf(-1), math.MaxFloat64, 1 << 53} {
		if trimmed(f) != f {
			t.Errorf("%g: %g", f, trimmed(f))
		}
	}
	var out bytes.Buffer
	row := []struct {
		MS *float64 `json:"ms"`
	}{{new(float64)}}
	*row[0].MS = 34.62636100000001
	if err := writeJSONLines(&out, row, ""); err != nil || out.String() != `{"ms":34.626361}`+"\n" {
		t.Errorf("%s, %v", out.String(), err)
	}
}
