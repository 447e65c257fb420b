package statements

import (
	"context"
	"strings"

	"avadb/internal/fault"
	"avadb/internal/pg"
	"avadb/internal/query"
)

// Names lists the databases that enable-stats goes over: all connectable ones that are no templates.
func Names(ctx context.Context, conn *pg.Conn) ([]string, error) {
	rows, err := query.Rows[struct {
		Name       string
		MayConnect bool `db:"may_connect"`
	}](ctx, conn, "statements/databases")
	if err != nil {
		return nil, err
	}
	var names, closed []string
	for _, row := range rows {
		names = append(names, row.Name)
		if !row.MayConnect {
			closed = append(closed, row.Name)
		}
	}
	if len(closed) > 0 {
		return nil, fault.New(fault.Privilege, "the role may not connect to %s", strings.Join(closed, ", ")).
			WithHint("GRANT CONNECT ON DATABASE %s TO %s, or name the databases with --for-db",
				pg.Identifier(closed[0]), pg.Identifier(conn.Server.Role))
	}
	return names, nil
}
