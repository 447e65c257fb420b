package settings

import (
	"context"
	"fmt"
	"slices"
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
// instead where the server is managed by something else: plan is shown there in the form that place wants.
func WriteAccess(ctx context.Context, conn *pg.Conn, names []string, plan []Setting) error {
	a, err := query.One[access](ctx, conn, "settings/preflight")
	if err != nil {
		return err
	}
	if err := a.manager(conn, plan); err != nil {
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
	if slices.ContainsFunc(forbidden, func(name string) bool { return strings.EqualFold(name, PreloadParameter) }) { // not in the hint: that is SQL to be run
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
func (a access) manager(conn *pg.Conn, plan []Setting) error {
	switch {
	case a.Manager == "Patroni":
		return fault.New(fault.Prerequisite, "Patroni manages this server: ALTER SYSTEM would stay local to one node, and some values lose against Patroni's command line").
			WithHint("patronictl edit-config, and put there (avadb tune -o patroni prints it); what needs a restart waits for patronictl restart:\n%s", PatroniYAML(plan))
	case a.Manager == "CloudNativePG":
		return fault.New(fault.Prerequisite, "CloudNativePG manages this server: it writes the configuration anew from its Cluster resource").
			WithHint("kubectl edit cluster, and put there (avadb tune -o k8s prints it):\n%s", KubernetesYAML(plan))
	case a.Manager != "" && !conn.Server.Superuser:
		return fault.New(fault.Prerequisite, "%s manages this server and does not allow ALTER SYSTEM", a.Manager).WithHint("%s", a.provider(plan))
	case !a.AllowAlterSystem:
		return fault.New(fault.Prerequisite, "the server does not allow ALTER SYSTEM (allow_alter_system = off)").
			WithHint("put this into a configuration file and reload (restart for those that need it):\n%s", strings.Join(ConfLines(plan), "\n"))
	}
	return nil
}

// provider gives the commands of a managed service that set the plan.
func (a access) provider(plan []Setting) string {
	switch a.Manager {
	case "Amazon RDS":
		return "set them in the instance's parameter group (not the default one, which cannot be changed):\n" + RDSCommand(plan)
	case "Google Cloud SQL":
		return "set them as flags; this replaces all flags of the instance, so add those it has (gcloud sql instances describe INSTANCE):\n" + CloudSQLCommand(plan)
	case "Azure Database":
		return "set them as server parameters:\n" + AzureCommands(plan)
	}
	return "set these in the provider's console:\n" + strings.Join(ConfLines(plan), "\n")
}
