package render

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/olekukonko/tablewriter/pkg/twwidth"
)

const ellipsis = "…"

// Safe makes text from elsewhere fit for a terminal: control characters (C0, DEL, C1), invisible and
// direction-changing ones and bytes that are no UTF-8 are shown as \n, \x1b, \u202e; all other text is
// unchanged, and so are backslashes.
func Safe(s string) string {
	if isSafe(s) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		writeSafe(&b, r, s[i:i+size])
		i += size
	}
	return b.String()
}

func isSafe(s string) bool {
	return isPrintableASCII(s) || utf8.ValidString(s) && strings.IndexFunc(s, unsafeRune) < 0
}

// isPrintableASCII is the quick way out for nearly all text.
func isPrintableASCII(s string) bool {
	for i := range len(s) {
		if s[i] < 0x20 || s[i] >= 0x7f {
			return false
		}
	}
	return true
}

func writeSafe(b *strings.Builder, r rune, encoded string) {
	switch {
	case r == utf8.RuneError && len(encoded) == 1:
		fmt.Fprintf(b, `\x%02x`, encoded[0])
	case !unsafeRune(r):
		b.WriteString(encoded)
	case r == '\n':
		b.WriteString(`\n`)
	case r == '\r':
		b.WriteString(`\r`)
	case r == '\t':
		b.WriteString(`\t`)
	case r < 0x80:
		fmt.Fprintf(b, `\x%02x`, r)
	case r < 0x10000:
		fmt.Fprintf(b, `\u%04x`, r)
	default:
		fmt.Fprintf(b, `\U%08x`, r)
	}
}

// unsafeRune tells what a terminal obeys or hides instead of showing it. The joiners U+200C and U+200D
// are not among it: Persian, Indic scripts and emoji are written with them.
func unsafeRune(r rune) bool {
	switch {
	case unicode.IsControl(r): // C0, DEL, C1
		return true
	case r < 0x600:
		return false
	case r == 0x061c, r == 0x200b, r == 0x200e, r == 0x200f, r == 0xfeff: // marks of direction, zero-width blanks
		return true
	case r >= 0x2028 && r <= 0x202e, r >= 0x2060 && r <= 0x206f: // line separators, embeddings, overrides, isolates
		return true
	case r >= 0xfff9 && r <= 0xfffb, r >= 0xe0000 && r <= 0xe0fff: // annotations, tags
		return true
	}
	return false
}

// Preview is text on one line of at most limit columns: runs of white space, line ends too, become one
// blank, the rest is made Safe, and what is cut off is shown by "…". Limit 0 cuts nothing.
func Preview(s string, limit int) string {
	var b strings.Builder
	columns, blank := 0, false
	for i := 0; i < len(s); {
		if limit > 0 && columns > limit {
			break // a query may be megabytes long: look at no more than is shown
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if unicode.IsSpace(r) {
			blank = b.Len() > 0
			i += size
			continue
		}
		start := b.Len()
		if blank {
			b.WriteByte(' ')
			blank = false
		}
		writeSafe(&b, r, s[i:i+size])
		columns += width(b.String()[start:])
		i += size
	}
	if limit <= 0 {
		return b.String()
	}
	return cut(b.String(), limit)
}

// cut shortens text to so many columns, the last of them "…".
func cut(s string, columns int) string {
	if width(s) <= columns {
		return s
	}
	room := columns - width(ellipsis)
	if room < 0 {
		return ""
	}
	for i, r := range s {
		if room -= width(string(r)); room < 0 {
			return s[:i] + ellipsis
		}
	}
	return s
}

// width is how many columns text takes, counted as tablewriter counts.
func width(s string) int {
	if isPrintableASCII(s) {
		return len(s)
	}
	return twwidth.WidthNoCache(s)
}
