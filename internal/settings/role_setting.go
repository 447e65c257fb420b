package settings

import (
	"context"
	"strings"

	"avadb/internal/fault"
	"avadb/internal/journal"
	"avadb/internal/pg"
	"avadb/internal/query"
)

// Scope is whose sessions take a value: those of a role, of a database, or of a role in a database.
type Scope struct {
	Role     string // empty: every role
	Database string // empty: every database
}

// String is the scope as ALTER takes it: ROLE "reports" IN DATABASE "shop".
func (s Scope) String() string {
	switch {
	case s.Role == "":
		return "DATABASE " + pg.Identifier(s.Database)
	case s.Database == "":
		return "ROLE " + pg.Identifier(s.Role)
	}
	return "ROLE " + pg.Identifier(s.Role) + " IN DATABASE " + pg.Identifier(s.Database)
}

// Layer is where a value of the scope counts.
func (s Scope) Layer() Layer {
	switch {
	case s.Role == "":
		return LayerDatabase
	case s.Database == "":
		return LayerRole
	}
	return LayerRoleInDatabase
}

// Access refuses where the role or database is not there, or its settings may not be changed.
func (s Scope) Access(ctx context.Context, conn *pg.Conn) error {
	a, err := query.One[struct {
		RoleExists       bool `db:"role_exists"`
		DatabaseExists   bool `db:"database_exists"`
		MayAlterRole     bool `db:"may_alter_role"`
		MayAlterDatabase bool `db:"may_alter_database"`
		Superuser        bool `db:"superuser"`
	}](ctx, conn, "settings/role_access", optional(s.Role, s.Role != ""), optional(s.Database, s.Database != ""))
	role, me := pg.Identifier(s.Role), pg.Identifier(conn.Server.Role)
	switch {
	case err != nil:
		return err
	case !a.RoleExists:
		return fault.New(fault.Usage, "there is no role %q on this server", s.Role).WithHint("SELECT rolname FROM pg_roles lists them")
	case !a.DatabaseExists:
		return fault.New(fault.Usage, "there is no database %q on this server", s.Database).WithHint("SELECT datname FROM pg_database lists them")
	case conn.Server.InRecovery:
		return fault.New(fault.Prerequisite, "the server is a standby: the settings of roles and databases come from its primary").WithHint("run it on the primary")
	case s.Role != "" && !a.MayAlterRole && a.Superuser:
		return fault.New(fault.Privilege, "only a superuser may change the settings of role %s, which is one", role).WithHint("connect as a superuser")
	case s.Role != "" && !a.MayAlterRole && conn.Server.Major() >= 16:
		return fault.New(fault.Privilege, "role %s may not change the settings of role %s", me, role).
			WithHint("ALTER ROLE %s CREATEROLE; GRANT %s TO %s WITH ADMIN OPTION", me, role, me)
	case s.Role != "" && !a.MayAlterRole:
		return fault.New(fault.Privilege, "role %s may not change the settings of role %s", me, role).WithHint("ALTER ROLE %s CREATEROLE", me)
	case s.Role == "" && !a.MayAlterDatabase:
		return fault.New(fault.Privilege, "role %s may not change the settings of database %s", me, pg.Identifier(s.Database)).
			WithHint("connect as its owner or as a superuser")
	}
	return nil
}

// RoleSetting is the journal's item for a parameter that a role or a database sets for itself. Its name is the scope, as ALTER
// takes it, and the parameter.
type RoleSetting struct {
	conn  *pg.Conn
	scope Scope
	name  string
}

// NewRoleSetting makes the item.
func NewRoleSetting(conn *pg.Conn, scope Scope, name string) *RoleSetting {
	return &RoleSetting{conn: conn, scope: scope, name: name}
}

// ParseRoleSetting makes the item that a name in the journal speaks of.
func ParseRoleSetting(conn *pg.Conn, name string) (*RoleSetting, error) {
	item := &RoleSetting{conn: conn}
	rest := name
	for _, part := range []struct {
		word string
		to   *string
	}{{"ROLE ", &item.scope.Role}, {"IN DATABASE ", &item.scope.Database}, {"DATABASE ", &item.scope.Database}} {
		after, found := strings.CutPrefix(rest, part.word)
		if !found {
			continue
		}
		identifier, after, err := pg.CutIdentifier(after)
		if err != nil {
			return nil, err
		}
		*part.to, rest = identifier, strings.TrimPrefix(after, " ")
	}
	item.name = rest
	if item.Name() != name {
		return nil, fault.New(fault.Failed, "the journal names %q, which is no setting of a role or a database", name)
	}
	return item, nil
}

// Kind is part of journal.Item.
func (r *RoleSetting) Kind() journal.Kind { return journal.RoleSetting }

// Name is part of journal.Item.
func (r *RoleSetting) Name() string { return r.scope.String() + " " + r.name }

// Database is part of journal.Item: the catalogue of roles belongs to the whole server.
func (r *RoleSetting) Database() string { return "" }

// Same compares raw values.
func (r *RoleSetting) Same(a, b journal.State) bool {
	return a.Present == b.Present && a.Text() == b.Text()
}

// Read gives the value that stands. A role or a database that was dropped took it along.
func (r *RoleSetting) Read(ctx context.Context) (journal.State, error) {
	rows, err := query.Rows[struct{ Value string }](ctx, r.conn, "settings/role_setting", r.scope.Role, r.scope.Database, strings.ToLower(r.name))
	if err != nil || len(rows) == 0 {
		return journal.Absent(), err
	}
	return journal.Present(rows[0].Value), nil
}

// Write sets the value or takes it away.
func (r *RoleSetting) Write(ctx context.Context, to journal.State) error {
	statement, err := r.Statement(to)
	if err != nil {
		return err
	}
	const name = "settings/alter_role"
	return query.Transaction(ctx, r.conn, name, func() error { return query.ExecText(ctx, r.conn, query.Mark(name, statement)) })
}

// Statement is the SQL that brings the value to a state.
func (r *RoleSetting) Statement(to journal.State) (string, error) {
	if !to.Present {
		return "ALTER " + r.scope.String() + " RESET " + quoteName(r.name), nil
	}
	assignment, err := Assignment(r.name, to.Text())
	return "ALTER " + r.scope.String() + " SET " + assignment, err
}
