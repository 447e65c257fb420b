package pg

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// parameter is a session default to be set, with its value as a literal.
type parameter struct{ name, value string }

// sessionDefaults are the parameters that this connection may set: those that neither the role, the database
// nor PGOPTIONS has set. The search_path is avadb's own whoever has set it. A connection that holds a lock also takes away the timeouts that would end it.
func sessionDefaults(s Server, o Options, encoding, serverEncoding string) []parameter {
	defaults := []parameter{
		{"statement_timeout", milliseconds(o.Class.StatementTimeout())},
		{"lock_timeout", milliseconds(o.LockTimeout)},
		{"idle_in_transaction_session_timeout", milliseconds(idleInTransaction)},
	}
	defaults = slices.DeleteFunc(defaults, func(p parameter) bool {
		return !slices.Contains(s.open, p.name) || o.IdleForever && p.name == "idle_in_transaction_session_timeout"
	})
	defaults = append([]parameter{{"search_path", searchPath}}, defaults...)
	if o.IdleForever {
		defaults = append(defaults, parameter{"idle_session_timeout", "0"}, parameter{"idle_in_transaction_session_timeout", "0"})
	}
	if want := clientEncoding(serverEncoding); encoding != want {
		defaults = append(defaults, parameter{"client_encoding", "'" + want + "'"})
	}
	return defaults
}

// clientEncoding is UTF-8, for which the driver takes every text. A database without encoding holds bytes that may be no
// UTF-8, and asked for UTF-8 the server refuses the whole result: there they are taken as they are.
func clientEncoding(serverEncoding string) string {
	if serverEncoding == "SQL_ASCII" {
		return serverEncoding
	}
	return "UTF8"
}

func milliseconds(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }

// setStatements is the text that sets parameters, in one round trip; scope is "SESSION" or "LOCAL".
func setStatements(scope string, parameters []parameter) string {
	var b strings.Builder
	for _, p := range parameters {
		b.WriteString("SET /*avadb:pg/session*/ " + scope + " " + p.name + " = " + p.value + ";")
	}
	return b.String()
}

// applyDefaults sets them for the session. Never called behind a pooler, where they would stay for the next
// client.
func applyDefaults(ctx context.Context, c *pgconn.PgConn, parameters []parameter) error {
	_, err := c.Exec(ctx, setStatements("SESSION", parameters)).ReadAll()
	return err
}
