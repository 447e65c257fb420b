package settings

import (
	"context"
	"strings"

	"avadb/internal/fault"
	"avadb/internal/pg"
	"avadb/internal/query"
)

// CommandLine is what the postgres command line sets, by lower-case name. It is known only where the role may read files
// of the server.
type CommandLine struct {
	Known  bool
	Values map[string]string
}

// ReadCommandLine reads the options that the server was started with, from postmaster.opts in its data directory. A role that
// may not is no error: Known says so.
func ReadCommandLine(ctx context.Context, conn *pg.Conn) (CommandLine, error) {
	row, err := query.One[struct{ Options []byte }](ctx, conn, "settings/start_options")
	if f := fault.As(err); f != nil && f.Kind == fault.Privilege {
		return CommandLine{}, nil
	}
	if err != nil || row.Options == nil {
		return CommandLine{}, err
	}
	return CommandLine{Known: true, Values: ParseOptions(strings.ToValidUTF8(string(row.Options), "\uFFFD"))}, nil
}
