package statements

import (
	"context"
	"strings"

	"avadb/internal/fault"
	"avadb/internal/pg"
	"avadb/internal/query"
)

// unreadable explains why the view could not be read: the library is not loaded, or it holds a text that the connected
// database cannot show.
func unreadable(ctx context.Context, conn *pg.Conn, err error) error {
	f := fault.As(err)
	if f == nil {
		return err
	}
	switch f.SQLState {
	case "55000":
		return fault.New(fault.Prerequisite, "pg_stat_statements is not loaded: the server has not been restarted since it was prepared").
			WithHint("avadb enable-stats says what is missing").WithSQLState(f.SQLState)
	case "22021", "22P05": // the extension converts every text, and one that it cannot convert fails the whole view
		return fault.New(fault.Prerequisite, "pg_stat_statements cannot be read from database %s: a statement of a database of another encoding is no text in this one's (%s)",
			conn.Server.Database, f.Message).WithHint("%s", otherDatabase(ctx, conn)).WithSQLState(f.SQLState)
	}
	return err
}

// otherDatabase is the way to read the texts all the same: nothing is converted where there is no encoding.
func otherDatabase(ctx context.Context, conn *pg.Conn) string {
	const made = "CREATE DATABASE raw ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0"
	rows, err := query.Rows[struct{ Name string }](ctx, conn, "statements/without_encoding")
	if err != nil || len(rows) == 0 {
		return "a database without encoding shows every text as it is: " + made + ", then avadb enable-stats -d raw and avadb slow -d raw --all-databases"
	}
	names := make([]string, 0, len(rows))
	for _, row := range rows {
		names = append(names, row.Name)
	}
	return "a database without encoding shows every text as it is: avadb enable-stats, then avadb slow --all-databases, with -d " + strings.Join(names, " or ")
}
