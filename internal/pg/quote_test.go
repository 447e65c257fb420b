package pg

import (
	"strings"
	"testing"
	"unicode"
)

// TestQuoting sends texts through the server, with standard_conforming_strings on and off.
func TestQuoting(t *testing.T) {
	for _, setting := range []string{"on", "off"} {
		c := mustConnect(t, server.DSN("postgres")+" options='-c standard_conforming_strings="+setting+"'", Options{})
		for _, text := range []string{"", "plain", "it's", `back\slash`, `\'; DROP TABLE x; --`, `'\`, "tab\tand\nline", "ü€", "it's \\ \x1b[31m \u202e", `%s $1 ?`} {
			if got := show(t, c, "SELECT "+Literal(text)+"::text"); got != text {
				t.Errorf("standard_conforming_strings=%s: %q came back as %q", setting, text, got)
			}
			typed := TypeableLiteral(text)
			if got := show(t, c, "SELECT "+typed+"::text"); got != text || strings.ContainsFunc(typed, unicode.IsControl) {
				t.Errorf("standard_conforming_strings=%s: %q as %s came back as %q", setting, text, typed, got)
			}
		}
		for _, name := range []string{"simple", "With Blank", `qu"ote`, "user"} {
			if got := show(t, c, "SELECT c."+Identifier(name)+" FROM (SELECT 'x'::text AS "+Identifier(name)+") c"); got != "x" {
				t.Errorf("%q as a name: %q", name, got)
			}
		}
	}
	if got := Identifier("a", `b"c`); got != `"a"."b""c"` {
		t.Errorf("qualified name %s", got)
	}
	if got := Literal("a\x00b"); got != "'ab'" {
		t.Errorf("NUL in a literal: %s", got)
	}
}
