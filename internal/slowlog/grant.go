package slowlog

import (
	"context"
	"errors"
	"strings"

	"avadb/internal/fault"
	"avadb/internal/journal"
	"avadb/internal/pg"
	"avadb/internal/query"
)

// privilege is one that somebody else than the owner has, on the table, one of its columns, or the sequence of its id.
type privilege struct {
	Object    string
	Privilege string
	Column    string
	Grantee   string // empty: PUBLIC
	Grantable bool
}

func (p privilege) on(table, sequence string) string {
	what := p.Privilege
	if p.Column != "" {
		what += " (" + pg.Identifier(p.Column) + ")"
	}
	if p.Object == "sequence" {
		return what + " ON SEQUENCE " + sequence
	}
	return what + " ON TABLE " + table
}

func (p privilege) role() string {
	if p.Grantee == "" {
		return "PUBLIC"
	}
	return pg.Identifier(p.Grantee)
}

func (p privilege) grant(table, sequence string) string {
	statement := "GRANT " + p.on(table, sequence) + " TO " + p.role()
	if p.Grantable {
		statement += " WITH GRANT OPTION"
	}
	return statement
}

func (p privilege) revoke(table, sequence string) string {
	return "REVOKE " + p.on(table, sequence) + " FROM " + p.role()
}

// GrantItem is the journal's item for what a writer of the table was given: INSERT on it, or USAGE of its schema. Its name is
// the SQL behind GRANT.
type GrantItem struct {
	databases    *pg.Databases
	database     string
	privilege    string // INSERT or USAGE
	schema, role string
}

// NewGrantItem makes the item for a privilege (INSERT or USAGE) of a role.
func NewGrantItem(databases *pg.Databases, database, privilege, schema, role string) *GrantItem {
	return &GrantItem{databases: databases, database: database, privilege: privilege, schema: schema, role: role}
}

// ParseGrantItem makes the item that a name in the journal speaks of.
func ParseGrantItem(databases *pg.Databases, database, name string) (*GrantItem, error) {
	item := NewGrantItem(databases, database, "", "", "")
	rest, insert := strings.CutPrefix(name, "INSERT ON TABLE ")
	if insert {
		item.privilege = "INSERT"
	} else {
		rest, _ = strings.CutPrefix(name, "USAGE ON SCHEMA ")
		item.privilege = "USAGE"
	}
	schema, rest, err := pg.CutIdentifier(rest)
	if err != nil {
		return nil, err
	}
	rest = strings.TrimPrefix(rest, "."+pg.Identifier(Name))
	role, _, err := pg.CutIdentifier(strings.TrimPrefix(rest, " TO "))
	item.schema, item.role = schema, role
	if err == nil && item.Name() != name {
		err = errors.New("not a grant that avadb gives")
	}
	return item, err
}

// Privilege is INSERT or USAGE.
func (g *GrantItem) Privilege() string { return g.privilege }

// Kind is part of journal.Item.
func (g *GrantItem) Kind() journal.Kind { return journal.GrantKind }

// Name is part of journal.Item.
func (g *GrantItem) Name() string { return g.object() + " TO " + pg.Identifier(g.role) }

func (g *GrantItem) object() string {
	if g.privilege == "INSERT" {
		return "INSERT ON TABLE " + pg.Identifier(g.schema, Name)
	}
	return "USAGE ON SCHEMA " + pg.Identifier(g.schema)
}

// Database is part of journal.Item.
func (g *GrantItem) Database() string { return g.database }

// Same compares whether the privilege is given.
func (g *GrantItem) Same(a, b journal.State) bool { return a.Present == b.Present }

// Read looks for the privilege. Where the table, the role or the database is gone, so is it.
func (g *GrantItem) Read(ctx context.Context) (journal.State, error) {
	conn, err := g.databases.On(ctx, g.database)
	if gone(err) {
		return journal.Absent(), nil
	}
	if err != nil {
		return journal.State{}, err
	}
	is, err := query.One[struct{ Granted bool }](ctx, conn, "slowlog/granted", g.privilege, g.schema, g.role)
	if err != nil || !is.Granted {
		return journal.Absent(), err
	}
	return journal.Present(g.privilege), nil
}

// Write gives the privilege or takes it back.
func (g *GrantItem) Write(ctx context.Context, to journal.State) error {
	conn, err := g.databases.On(ctx, g.database)
	if err != nil {
		return err
	}
	statement := "REVOKE " + g.object() + " FROM " + pg.Identifier(g.role)
	if to.Present {
		statement = "GRANT " + g.object() + " TO " + pg.Identifier(g.role)
	}
	return query.Transaction(ctx, conn, mark, func() error {
		if err := execute(ctx, conn, statement); err != nil {
			return err
		}
		stands, err := g.Read(ctx) // without the right to grant, the server only warns
		if err == nil && stands.Present != to.Present {
			return fault.New(fault.Privilege, "role %s may not grant or revoke that", pg.Identifier(conn.Server.Role)).WithHint("as the owner: %s", statement)
		}
		return err
	})
}

// MissingGrants gives the items for what roles lack to INSERT into the table. A role that has it through another role lacks nothing.
func (t *Table) MissingGrants(ctx context.Context, conn *pg.Conn, databases *pg.Databases, roles []string) ([]*GrantItem, error) {
	var missing []*GrantItem
	for _, role := range roles {
		needs, err := query.Rows[writerNeeds](ctx, conn, "slowlog/role_needs", role, t.Schema)
		if err != nil {
			return nil, err
		}
		if len(needs) == 0 {
			return nil, fault.New(fault.Usage, "there is no role %q on this server", role).
				WithHint("SELECT rolname FROM pg_roles lists them; or CREATE ROLE %s LOGIN", pg.Identifier(role))
		}
		insert := NewGrantItem(databases, conn.Server.Database, "INSERT", t.Schema, role)
		usage := NewGrantItem(databases, conn.Server.Database, "USAGE", t.Schema, role)
		n := needs[0]
		switch {
		case !n.MayInsert && !n.MayGrantInsert:
			return nil, mayNotGrant(conn, insert, t.Owner)
		case !n.MayUseSchema && !n.MayGrantSchema:
			return nil, mayNotGrant(conn, usage, n.SchemaOwner)
		}
		if !n.MayInsert {
			missing = append(missing, insert)
		}
		if !n.MayUseSchema {
			missing = append(missing, usage)
		}
	}
	return missing, nil
}

// writerNeeds is what a role lacks, and what of it this session's role can give.
type writerNeeds struct {
	MayUseSchema   bool   `db:"may_use_schema"`
	MayInsert      bool   `db:"may_insert"`
	MayGrantSchema bool   `db:"may_grant_schema"`
	MayGrantInsert bool   `db:"may_grant_insert"`
	SchemaOwner    string `db:"schema_owner"`
}

func mayNotGrant(conn *pg.Conn, g *GrantItem, owner string) error {
	return fault.New(fault.Privilege, "role %s may not give what %s lacks", pg.Identifier(conn.Server.Role), pg.Identifier(g.role)).
		WithHint("as %s: GRANT %s", pg.Identifier(owner), g.Name())
}
