package pg

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
)

// Identifier quotes a name for SQL; several parts are joined with dots: Identifier("avadb", "lock") is
// "avadb"."lock" with the quotes.
func Identifier(parts ...string) string { return pgx.Identifier(parts).Sanitize() }

// Literal quotes a text for SQL. The result means the same with standard_conforming_strings on or off:
// as soon as there is a backslash, it becomes an escape string with the backslashes doubled. NUL, which no text of
// PostgreSQL can hold, is left out.
func Literal(s string) string {
	s = strings.ReplaceAll(s, "\x00", "")
	quoted := "'" + strings.ReplaceAll(s, "'", "''") + "'"
	if !strings.Contains(s, `\`) {
		return quoted
	}
	return "E" + strings.ReplaceAll(quoted, `\`, `\\`)
}

// TypeableLiteral is Literal for a person or a script to run: what a terminal obeys, hides or shows as an escape is written as one, so
// that the statement means the same as it is read.
func TypeableLiteral(s string) string {
	if strings.IndexFunc(s, func(r rune) bool { return !unicode.IsGraphic(r) }) < 0 && utf8.ValidString(s) {
		return Literal(s)
	}
	var b strings.Builder
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		switch {
		case r == 0:
		case r == '\'':
			b.WriteString("''")
		case r == '\\':
			b.WriteString(`\\`)
		case unicode.IsGraphic(r) && (r != utf8.RuneError || size > 1):
			b.WriteString(s[:size])
		default:
			for i := range size {
				fmt.Fprintf(&b, `\x%02x`, s[i])
			}
		}
		s = s[size:]
	}
	return "E'" + b.String() + "'"
}

// CutIdentifier reads a quoted identifier at the beginning of a text, and gives what follows it.
func CutIdentifier(text string) (name, rest string, err error) {
	var b strings.Builder
	if !strings.HasPrefix(text, `"`) {
		return "", "", errors.New("no quoted name")
	}
	for text = text[1:]; ; {
		before, after, found := strings.Cut(text, `"`)
		if !found {
			return "", "", errors.New("a quoted name that does not end")
		}
		b.WriteString(before)
		if !strings.HasPrefix(after, `"`) {
			return b.String(), after, nil
		}
		b.WriteByte('"')
		text = after[1:]
	}
}
