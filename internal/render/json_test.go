package render

import (
	"encoding/json"
	"math"
	"testing"
	"time"
)

type inner struct {
	List []string   `json:"list"`
	At   *time.Time `json:"at"`
}

type deep struct {
	inner
	Any     any              `json:"any"`
	Map     map[string]inner `json:"map"`
	Nothing map[string]int   `json:"nothing"`
	Left    []int            `json:"left,omitzero"`
	Raw     json.RawMessage  `json:"raw"`
	Bytes   []byte           `json:"bytes"`
	Pointer *inner           `json:"pointer"`
	Absent  *inner           `json:"absent"`
	private []int
}

func TestJSONHasNoNullLists(t *testing.T) {
	at := time.Date(2026, 11, 24, 1, 0, 0, 0, time.FixedZone("", 2*3600))
	doc := deep{
		inner: inner{At: &at}, Any: []inner{{}}, Map: map[string]inner{"k": {}}, Raw: json.RawMessage(`[null]`),
		Pointer: &inner{}, private: nil,
	}
	want := `{"list":[],"at":"2026-11-23T23:00:00Z","any":[{"list":[],"at":null}],"map":{"k":{"list":[],"at":null}},"nothing":{},` +
		`"raw":[null],"bytes":null,"pointer":{"list":[],"at":null},"absent":null}` + "\n"
	if got := printed(t, Printer{Format: JSONL}, nil, doc); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if doc.List != nil || doc.Pointer.List != nil || doc.Map["k"].List != nil || doc.Any.([]inner)[0].List != nil || doc.At.Location() == time.UTC {
		t.Error("the caller's document was changed")
	}
}

func TestJSONEscapesWhatTerminalsObey(t *testing.T) {
	text := "<a&b> \u009b31m \x7f \u202e \U000e0041 \u2028 \n 日本"
	got := printed(t, Printer{Format: JSON}, []string{text}, nil)
	if want := "[\n  \"<a&b> \\u009b31m \\u007f \\u202e \\udb40\\udc41 \\u2028 \\n 日本\"\n]\n"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	var back []string
	if err := json.Unmarshal([]byte(got), &back); err != nil || back[0] != text {
		t.Errorf("read back %q, %v", back, err)
	}
}

func TestJSONReportsWhatItCannotHold(t *testing.T) {
	for _, format := range []Format{JSON, JSONL} {
		row := []struct{ X float64 }{{math.NaN()}}
		if err := (&Printer{Out: failingWriter{}, Format: format}).Result(row, row); err == nil {
			t.Errorf("%s printed NaN", format)
		}
	}
}
