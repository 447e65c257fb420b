package history

import (
	"context"

	"avadb/internal/pg"
	"avadb/internal/query"
)

// catalog is what the databases and roles of a server are called now.
type catalog struct{ databases, roles map[int64]string }

// readCatalog reads it; nil for a server that is no more.
func readCatalog(ctx context.Context, conn *pg.Conn) (*catalog, error) {
	if conn == nil {
		return nil, nil
	}
	rows, err := query.Rows[struct {
		Database bool
		ID       int64
		Name     string
	}](ctx, conn, "history/catalog")
	c := &catalog{databases: map[int64]string{}, roles: map[int64]string{}}
	for _, r := range rows {
		if r.Database {
			c.databases[r.ID] = r.Name
		} else {
			c.roles[r.ID] = r.Name
		}
	}
	return c, err
}

// rename calls a row's database and role what they are called now. What was dropped keeps its name, unless another has it now.
func (c *catalog) rename(g *group) {
	if c == nil {
		return
	}
	g.database, g.user = c.name(c.databases, g.DBID, g.database), c.name(c.roles, g.UserID, g.user)
}

func (c *catalog) name(names map[int64]string, id int64, old *string) *string {
	if now, there := names[id]; there {
		return &now
	}
	for _, taken := range names {
		if old != nil && taken == *old {
			return nil
		}
	}
	return old
}
