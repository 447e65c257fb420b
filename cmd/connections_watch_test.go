package cmd

import (
	"strconv"
	"testing"
)

// A small screen cuts the long lists in the middle: neither the clock nor the commands below them, and it never scrolls.
func TestFitHeight(t *testing.T) {
	body, below := make([]string, 20), []string{"to end it", "command", "statement"}
	for i := range body {
		body[i] = "line " + strconv.Itoa(i)
	}
	for _, rows := range []int{2, 3, 4, 5, 8, 12, 24} {
		lines := fitHeight("clock", body, below, rows)
		if len(lines) > rows-1 || lines[0] != "clock" {
			t.Errorf("%d rows: %q", rows, lines)
		}
		if rows >= 8 && lines[len(lines)-1] != "statement" {
			t.Errorf("%d rows: %q", rows, lines)
		}
	}
	if got := fitHeight("clock", body, below, 8); got[3] != "... 18 more lines; --only and --by show less" || len(got) != 7 {
		t.Errorf("%q", got)
	}
	for _, rows := range []int{0, 25, 100} {
		if got := fitHeight("clock", body, below, rows); len(got) != 24 {
			t.Errorf("%d rows: %q", rows, got)
		}
	}
}
