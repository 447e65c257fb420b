package pg

import (
	"strings"
	"unicode"
)

// Storable makes a text one that the connection's database takes, whatever its bytes and the database's encoding: what is no UTF-8 becomes the
// sign for that, and where the database cannot hold all of UTF-8 a question mark stands for what is not ASCII.
func (c *Conn) Storable(text string) string {
	text = strings.ReplaceAll(strings.ToValidUTF8(text, string(unicode.ReplacementChar)), "\x00", "")
	switch c.Raw().PgConn().ParameterStatus("server_encoding") {
	case "UTF8", "SQL_ASCII":
		return text
	}
	return strings.Map(func(r rune) rune {
		if r > unicode.MaxASCII {
			return '?'
		}
		return r
	}, text)
}

// StorableOrNil is Storable for a text that may not be known.
func (c *Conn) StorableOrNil(text *string) *string {
	if text == nil {
		return nil
	}
	clean := c.Storable(*text)
	return &clean
}
