package render

import (
	"slices"
	"strings"

	"avadb/internal/fault"
)

// Format is what -o takes.
type Format string

// The formats of every result. A command may accept more and print those itself.
const (
	Table Format = "table" // for people: aligned, a rule, colours, fitted to the terminal
	Plain Format = "plain" // for grep and awk: aligned, no lines, never cut
	JSON  Format = "json"  // the whole document
	JSONL Format = "jsonl" // one object a row
	CSV   Format = "csv"   // RFC 4180, the values as they are
)

// ParseFormat reads a format that the command accepts: one of the five, or one of its extra ones. The
// error is a fault.Usage whose hint names them all.
func ParseFormat(s string, extra ...Format) (Format, error) {
	accepted := append([]Format{Table, Plain, JSON, JSONL, CSV}, extra...)
	if slices.Contains(accepted, Format(s)) {
		return Format(s), nil
	}
	names := make([]string, len(accepted))
	for i, f := range accepted {
		names[i] = string(f)
	}
	return "", fault.New(fault.Usage, "unknown output format %q", s).WithHint("use one of %s", strings.Join(names, ", "))
}
