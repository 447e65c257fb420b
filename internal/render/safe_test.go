package render

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestSafe(t *testing.T) {
	for text, want := range map[string]string{
		"":                  "",
		`plain \n text "q"`: `plain \n text "q"`,
		"größer 日本語 👩‍👩‍👧 עברית فارسی": "größer 日本語 👩‍👩‍👧 עברית فارسی",
		"a\nb\r\tc":             `a\nb\r\tc`,
		"\x1b[31mred\x1b[0m":    `\x1b[31mred\x1b[0m`,
		"\x00\x07\x7f":          `\x00\x07\x7f`,
		"\u009b31m":             `\u009b31m`,
		"\x9b31m":               `\x9b31m`,
		"user\u202etxt.exe":     `user\u202etxt.exe`,
		"\u2066x\u2069":         `\u2066x\u2069`,
		"zero\u200bwidth\ufeff": `zero\u200bwidth\ufeff`,
		"line\u2028end":         `line\u2028end`,
		"\U000e0041":            `\U000e0041`,
		"caf\xe9":               `caf\xe9`,
		"replaced \ufffd":       "replaced \ufffd",
	} {
		if got := Safe(text); got != want {
			t.Errorf("Safe(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestPreview(t *testing.T) {
	for _, c := range []struct {
		text  string
		limit int
		want  string
	}{
		{"select 1", 0, "select 1"},
		{"  select\n\t 1 ;\n", 0, "select 1 ;"},
		{"select 1", 8, "select 1"},
		{"select 12", 8, "select …"},
		{"select", 1, "…"},
		{"日本語", 6, "日本語"},
		{"日本語", 5, "日本…"},
		{"日本語", 4, "日…"},
		{"a\x1bb", 0, `a\x1bb`},
		{"a  ", 1, "a"},
		{"e\u0301e\u0301", 1, "…"},
		{" \n ", 5, ""},
	} {
		if got := Preview(c.text, c.limit); got != c.want {
			t.Errorf("Preview(%q, %d) = %q, want %q", c.text, c.limit, got, c.want)
		}
	}
}

func FuzzSafe(f *testing.F) {
	for _, seed := range []string{"select 1", "\x1b]0;title\x07", "caf\xe9\u202e", "👩‍👩‍👧\u200b", "\u0085\u00a0"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		safe := Safe(text)
		wantHarmless(t, text, safe)
		if Safe(safe) != safe {
			t.Fatalf("%q is not safe yet", safe)
		}
	})
}

func FuzzPreview(f *testing.F) {
	for _, seed := range []string{"select  1", "\n\x1b\n", "日本語 caf\xe9", strings.Repeat("e\u0301", 9)} {
		f.Add(seed, 0)
		f.Add(seed, 5)
	}
	f.Fuzz(func(t *testing.T, text string, limit int) {
		preview := Preview(text, limit)
		wantHarmless(t, text, preview)
		if limit > 0 && width(preview) > limit {
			t.Fatalf("Preview(%q, %d) = %q has %d columns", text, limit, preview, width(preview))
		}
		if full := Preview(text, 0); limit > 0 && width(full) <= limit && preview != full {
			t.Fatalf("Preview(%q, %d) = %q, but all of %q fits", text, limit, preview, full)
		}
	})
}

func wantHarmless(t *testing.T, text, got string) {
	t.Helper()
	if !utf8.ValidString(got) || strings.ContainsFunc(got, unsafeRune) {
		t.Fatalf("%q became %q", text, got)
	}
}
