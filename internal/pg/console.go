package pg

import (
	"context"
	"errors"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"avadb/internal/fault"
)

// Console is the administration console of a PgBouncer: no database, but SHOW commands with the simple protocol.
type Console struct {
	Version string // such as 1.18.0
	target  *Target
	raw     *pgconn.PgConn
}

// consoleDatabase is the name that leads to the console.
const consoleDatabase = "pgbouncer"

// OpenConsole connects to the console that a connection string leads to; it needs no dbname. What libpq's environment would send as
// startup parameters is left out: PgBouncer refuses most.
func OpenConsole(ctx context.Context, dsn string, env func(string) string) (*Console, error) {
	target, err := Resolve(Sources{DSN: dsn, Database: consoleDatabase, Env: func(name string) string {
		if name == "PGOPTIONS" || name == "PGTZ" || env == nil {
			return ""
		}
		return env(name)
	}})
	if err != nil {
		return nil, err
	}
	raw, err := pgconn.ConnectConfig(ctx, &target.config.Copy().Config)
	if err != nil {
		return nil, consoleFault(ctx, target, err)
	}
	c := &Console{target: target, raw: raw}
	version, isConsole := strings.CutSuffix(raw.ParameterStatus("server_version"), "/bouncer")
	if !isConsole {
		c.Close()
		return nil, fault.New(fault.Connect, "%s is no PgBouncer: it reports %q as its version", target.where(), version).
			WithHint("give PgBouncer's own address and port")
	}
	c.Version = version
	return c, nil
}

// consoleFault says what to do where PgBouncer does not let its console be used.
func consoleFault(ctx context.Context, t *Target, err error) error {
	described := describeConnect(ctx, t, err)
	f := fault.As(described)
	if server := (*pgconn.PgError)(nil); f != nil && errors.As(err, &server) {
		f.Hint = "add " + t.User() + " to stats_users in pgbouncer.ini, then RELOAD on the console; name a user with user= in the connection string"
	}
	return described
}

// Show runs SHOW with a word such as POOLS. A row is by the name of its columns, which differ from version to version; those that are NULL
// are left out.
func (c *Console) Show(ctx context.Context, what string) ([]map[string]string, error) {
	results, err := c.raw.Exec(ctx, "SHOW "+what).ReadAll()
	if err != nil {
		return nil, Describe(ctx, err)
	}
	var rows []map[string]string
	for _, result := range results {
		for _, values := range result.Rows {
			row := make(map[string]string, len(values))
			for i, value := range values {
				if value != nil {
					row[result.FieldDescriptions[i].Name] = string(value)
				}
			}
			rows = append(rows, row)
		}
	}
	return rows, nil
}

// Close ends the connection.
//
//nolint:contextcheck // it must also work when the command's context has ended
func (c *Console) Close() {
	ctx, stop := context.WithTimeout(context.Background(), cancelTimeout)
	defer stop()
	_ = c.raw.Close(ctx)
}
