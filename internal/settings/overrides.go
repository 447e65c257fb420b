package settings

import (
	"context"
	"strings"

	"avadb/internal/pg"
	"avadb/internal/query"
)

// Override is a role's or a database's own value of a parameter, which hides the server's.
type Override struct {
	Name     string `db:"name"`
	Value    string `db:"value"`
	Role     string `db:"role"`     // empty: every role
	Database string `db:"database"` // empty: every database
}

// Who names whom the override is for.
func (o Override) Who() string {
	var parts []string
	if o.Role != "" {
		parts = append(parts, "role "+o.Role)
	}
	if o.Database != "" {
		parts = append(parts, "database "+o.Database)
	}
	return strings.Join(parts, " in ")
}

// Overrides lists who will not feel a change of these parameters.
func Overrides(ctx context.Context, conn *pg.Conn, names []string) ([]Override, error) {
	lower := make([]string, 0, len(names))
	for _, name := range names {
		lower = append(lower, strings.ToLower(name))
	}
	return query.Rows[Override](ctx, conn, "settings/overrides", lower)
}
