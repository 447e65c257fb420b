package statements

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"avadb/internal/fault"
	"avadb/internal/fingerprint"
	"avadb/internal/pg"
	"avadb/internal/query"
)

// genericMajor is the first PostgreSQL that plans a statement without the values of its parameters.
const genericMajor = 16

var parameter = regexp.MustCompile(`\$[0-9]+`)

// Explain gives the plan of a statement as it is counted, with $1 for constants, a line each. Nothing is run: but the planner itself
// calls functions that claim to be immutable, so that the statement should be one of the role's own. The error is a
// fault.Prerequisite where the server cannot plan it.
func Explain(ctx context.Context, conn *pg.Conn, text string) ([]string, error) {
	command, err := explaining(conn.Server, text)
	if err != nil {
		return nil, err
	}
	const name = "statements/explain"
	var lines []string
	err = query.ReadOnly(ctx, conn, name, func() error {
		for _, set := range []string{"SET LOCAL search_path TO DEFAULT", "SET LOCAL statement_timeout = '10s'"} {
			if err := query.ExecText(ctx, conn, query.Mark(name, set)); err != nil {
				return err
			}
		}
		session := conn.Raw().PgConn()
		if _, err := session.Prepare(ctx, "", text, nil); err != nil { // one statement, and no more
			return pg.Describe(ctx, err)
		}
		results, err := session.Exec(ctx, query.Mark(name, command+text)).ReadAll() // parameters without values need the simple protocol
		if err != nil {
			return pg.Describe(ctx, err)
		}
		for _, row := range results[0].Rows {
			lines = append(lines, string(row[0]))
		}
		return nil
	})
	return lines, err
}

// explaining is the command that goes before a statement.
func explaining(server pg.Server, text string) (string, error) {
	verb, _, _ := strings.Cut(string(fingerprint.Append(nil, text)), " ")
	switch {
	case server.Pooler:
		return "", fault.New(fault.Prerequisite, "a connection pooler stands in between, and plans depend on the session").WithHint("connect to the server itself")
	case !slices.Contains([]string{"select", "with", "insert", "update", "delete", "merge", "values", "table"}, strings.ToLower(verb)):
		return "", fault.New(fault.Prerequisite, "a statement that begins with %s has no plan", strings.ToUpper(verb)).WithHint("leave --explain out")
	case server.Major() >= genericMajor:
		return "EXPLAIN (GENERIC_PLAN) ", nil
	case parameter.MatchString(text):
		return "", fault.New(fault.Prerequisite, "PostgreSQL %d plans no statement without the values of its parameters: %d and newer do", server.Major(), genericMajor).
			WithHint("EXPLAIN the statement in psql, with values for $1 and so on")
	}
	return "EXPLAIN ", nil
}
