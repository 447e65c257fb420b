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
		return nil, fault.New(fault.Connect, "%s is PostgreSQL, not PgBouncer's console: it reports %q as its version", target.where(), version).
			WithHint(ownAddress)
	}
	c.Version = version
	return c, nil
}

// IsClosed tells that the connection is gone.
func (c *Console) IsClosed() bool { return c.raw.IsClosed() }

const ownAddress = "give PgBouncer's own address and port (listen_port in pgbouncer.ini, 6432 unless it says otherwise)"

// consoleFault says what to do where PgBouncer does not let its console be used. What is answered by PostgreSQL names the function in the
// server's source that refused; PgBouncer has no such field.
func consoleFault(ctx context.Context, t *Target, err error) error {
	described := describeConnect(ctx, t, err)
	f := fault.As(described)
	if server := (*pgconn.PgError)(nil); f != nil && errors.As(err, &server) {
		switch {
		case server.Routine != "":
			f.Message = t.where() + " is PostgreSQL, not PgBouncer's console: " + server.Message
			f.Hint = ownAddress
			return described
		case server.Code == "28P01", strings.Contains(server.Message, "password authentication"), strings.Contains(server.Message, "SASL authentication"):
			f.Hint = "put the password that auth_file of PgBouncer has for " + t.User() + " into ~/.pgpass (host:port:pgbouncer:user:password, mode 0600) or PGPASSWORD"
			return described
		}
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
