package history

import (
	"strings"
	"unicode"

	"avadb/internal/pg"
)

// storable makes a text one that the connection's database takes. The texts of all databases come through one connection, whatever their
// encoding: what is no UTF-8 becomes the sign for that, and where the database cannot hold all of UTF-8 a question mark stands for
// what is not ASCII. The counters are right in any case.
func storable(conn *pg.Conn, text string) string {
	text = strings.ToValidUTF8(text, string(unicode.ReplacementChar))
	switch conn.Raw().PgConn().ParameterStatus("server_encoding") {
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

func storableOrNil(conn *pg.Conn, text *string) *string {
	if text == nil {
		return nil
	}
	clean := storable(conn, *text)
	return &clean
}
