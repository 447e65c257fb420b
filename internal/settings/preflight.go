package settings

import (
	"context"
	"fmt"
	"strings"

	"avadb/internal/fault"
	"avadb/internal/pg"
	"avadb/internal/query"
)

type access struct {
	MayReadView      bool   `db:"may_read_view"`
	MayReadFunction  bool   `db:"may_read_function"`
	MayReload        bool   `db:"may_reload"`
	MayReadSettings  bool   `db:"may_read_settings"`
	MayReadStats     bool   `db:"may_read_stats"`
	AllowAlterSystem bool   `db:"allow_alter_system"`
	Manager          string `db:"manager"`
}

// ReadAccess refuses, with the GRANTs that are missing, where the role cannot see what stands in the configuration files, or whose sessions there are.
func ReadAccess(ctx context.Context, conn *pg.Conn) error {
	a, err := query.One[access](ctx, conn, "settings/preflight")
	if err != nil {
		return err
	}
	return missing("see the configuration files", a.readGrants(pg.Identifier(conn.Server.Role)))
}

// WriteAccess refuses where these parameters cannot be changed with ALTER SYSTEM: with the GRANTs, or with what to do
// instead where the server is managed by something else. assignments are shown there, `name = 'value'` a line.
func WriteAccess(ctx context.Context, conn *pg.Conn, names, assignments []string) error {
	a, err := query.One[access](ctx, conn, "settings/preflight")
	if err != nil {
		return err
	}
	if err := a.manager(conn, assignments); err != nil {
		return err
	}
	role := pg.Identifier(conn.Server.Role)
	grants := a.readGrants(role)
	if !a.MayReload {
		grants = append(grants, "GRANT EXECUTE ON FUNCTION pg_catalog.pg_reload_conf() TO "+role)
	}
	forbidden, err := forbiddenNames(ctx, conn, names)
	if err != nil {
		return err
	}
	if len(forbidden) > 0 && conn.Server.Major() < 15 {
		return fault.New(fault.Privilege, "role %s may not ALTER SYSTEM: PostgreSQL %d wants a superuser for that", role, conn.Server.Major()).
			WithHint("connect as a superuser, or ALTER ROLE %s SUPERUSER", role)
	}
	if len(forbidden) > 0 {
		grants = append(grants, fmt.Sprintf("GRANT ALTER SYSTEM ON PARAMETER %s TO %s", strings.Join(forbidden, ", "), role))
	}
	what := "change the server's configuration"
	if contains(forbidden, PreloadParameter) { // not in the hint: that is SQL to be run
		what += " (mind that a grant on shared_preload_libraries lets the role load any library into the server)"
	}
	return missing(what, grants)
}

func (a access) readGrants(role string) []string {
	var grants []string
	if !a.MayReadView {
		grants = append(grants, "GRANT SELECT ON pg_catalog.pg_file_settings TO "+role)
	}
	if !a.MayReadFunction {
		grants = append(grants, "GRANT EXECUTE ON FUNCTION pg_catalog.pg_show_all_file_settings() TO "+role)
	}
	if !a.MayReadSettings || !a.MayReadStats {
		grants = append(grants, "GRANT pg_monitor TO "+role)
	}
	return grants
}

func missing(what string, grants []string) error {
	if len(grants) == 0 {
		return nil
	}
	return fault.New(fault.Privilege, "the role may not %s, nothing was changed", what).WithHint("%s", strings.Join(grants, "; "))
}

func forbiddenNames(ctx context.Context, conn *pg.Conn, names []string) ([]string, error) {
	rows, err := query.Rows[struct {
		Name    string
		Allowed bool
	}](ctx, conn, "settings/alter_system_privilege", names)
	if err != nil {
		return nil, err
	}
	var forbidden []string
	for _, r := range rows {
		if !r.Allowed {
			forbidden = append(forbidden, r.Name)
		}
	}
	return forbidden, nil
}

// manager refuses where something else than postgresql.auto.conf decides, and prints what to put there.
func (a access) manager(conn *pg.Conn, assignments []string) error {
	lines := strings.Join(assignments, "\n")
	switch {
	case a.Manager == "Patroni":
		yaml := strings.NewReplacer(" = ", ": ").Replace("      " + strings.Join(assignments, "\n      "))
		return fault.New(fault.Prerequisite, "Patroni manages this server: ALTER SYSTEM would stay local to one node, and some values lose against Patroni's command line").
			WithHint("patronictl edit-config, and put there:\npostgresql:\n  parameters:\n%s", yaml)
	case a.Manager != "" && !conn.Server.Superuser:
		return fault.New(fault.Prerequisite, "%s manages this server and does not allow ALTER SYSTEM", a.Manager).
			WithHint("set these in the provider's parameter group or console (avadb tune -o conf prints them):\n%s", lines)
	case !a.AllowAlterSystem:
		return fault.New(fault.Prerequisite, "the server does not allow ALTER SYSTEM (allow_alter_system = off)").
			WithHint("put this into a configuration file and reload (restart for those that need it):\n%s", lines)
	}
	return nil
}

func contains(names []string, name string) bool {
	for _, n := range names {
		if strings.EqualFold(n, name) {
			return true
		}
	}
	return false
}
