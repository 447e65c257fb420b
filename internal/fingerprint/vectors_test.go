package fingerprint_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"avadb/internal/fingerprint"
)

var vector = regexp.MustCompile("(?m)^\\| ``? ?(.+?) ?``? \\| ``? ?(.+?) ?``? \\| `([0-9a-f]{16})` \\|$")

// The document's table is the specification: it changes with a decision and not with the code.
func TestVectorsOfTheDocument(t *testing.T) {
	text, err := os.ReadFile("../../docs/signatures.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(text), "| --- | --- | --- |\n")
	table, _, found := strings.Cut(table, "\n\n") // an empty line ends it
	rows := vector.FindAllStringSubmatch(table, -1)
	if lines := strings.Count(table, "\n") + 1; !found || len(rows) < 15 || len(rows) != lines {
		t.Fatalf("%d vectors in the table's %d lines", len(rows), lines)
	}
	for _, row := range rows {
		sql, canonical, signature := strings.ReplaceAll(row[1], `\|`, "|"), strings.ReplaceAll(row[2], `\|`, "|"), row[3]
		if got := string(fingerprint.Append(nil, sql)); got != canonical {
			t.Errorf("%s\n got %s\nwant %s", sql, got, canonical)
		}
		if got := fingerprint.Of(sql).String(); got != signature {
			t.Errorf("%s: got %s, want %s", sql, got, signature)
		}
		if parsed, err := fingerprint.Parse(signature); err != nil || parsed != fingerprint.Of(sql) {
			t.Errorf("%s: parsed as %s, %v", signature, parsed, err)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for _, text := range []string{"", "1", "00000000000000zz", "+000000000000001", "00000000000000001"} {
		if _, err := fingerprint.Parse(text); err == nil {
			t.Errorf("%q was taken", text)
		}
	}
}
