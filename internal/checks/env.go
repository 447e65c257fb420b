package checks

import (
	"context"
	"strconv"
	"strings"
	"time"

	"avadb/internal/fault"
	"avadb/internal/history"
	"avadb/internal/journal"
	"avadb/internal/pg"
	"avadb/internal/query"
	"avadb/internal/settings"
	"avadb/internal/statements"
)

// Env is what checks look at. What several of them read is read once.
type Env struct {
	Conn   *pg.Conn
	Expect string // primary, standby, or empty: nothing is expected
	RAM    int64  // bytes of the server's memory as the user says; 0: as the newest tune says
	Now    func() time.Time
	// StoreFlags are --store as the user gave it, for the commands that the findings name; empty where it was not given.
	StoreFlags string
	// Endpoints are those of --health-url; nil: none were named.
	Endpoints *Endpoints
	// Journal gives the change sets of the server; an error where they, or some of them, cannot be read.
	Journal func(ctx context.Context) ([]*journal.Set, error)
	// History opens the history of the server, to be closed; nil where there is none.
	History func(ctx context.Context) (*history.Store, *history.Server, error)
	// Memory reads a size such as 8GB, or finds the host's for auto.
	Memory func(size string) (int64, error)
	// Against is what an earlier run kept, nil where there is none: counters that only go up are compared with it.
	Against *Saved

	sight      *sight
	parameters map[string]settings.Parameter
	files      settings.Files
	line       *settings.CommandLine
	sets       []*journal.Set
	tally      *statements.Tally
	hour       *hour
}

// sight is what the role may see.
type sight struct {
	Stats    bool `db:"may_read_stats"`
	Settings bool `db:"may_read_settings"`
	Files    bool `db:"may_read_files"`
}

func (e *Env) sees(ctx context.Context) (sight, error) {
	if e.sight == nil {
		s, err := query.One[sight](ctx, e.Conn, "checks/sight")
		if err != nil {
			return sight{}, err
		}
		e.sight = &s
	}
	return *e.sight, nil
}

// needStats refuses where the sessions of others show no state, with the GRANT.
func (e *Env) needStats(ctx context.Context) error {
	s, err := e.sees(ctx)
	if err != nil || s.Stats {
		return err
	}
	return e.lacks("sessions of other roles show neither state nor times", "pg_monitor")
}

func (e *Env) lacks(what, role string) error {
	return fault.New(fault.Privilege, "%s", what).WithHint("GRANT %s TO %s", role, e.role())
}

// role is the session's role, quoted.
func (e *Env) role() string { return pg.Identifier(e.Conn.Server.Role) }

// command is a command line of avadb that reaches the same server.
func (e *Env) command(words string) string {
	if strings.HasPrefix(words, "slow") {
		words += " " + e.StoreFlags
	}
	return strings.TrimSpace("avadb " + strings.TrimSpace(words) + " " + e.Conn.Target.CommandFlags())
}

// readParameters gives pg_settings as the server has it, by lower-case name.
func (e *Env) readParameters(ctx context.Context) (map[string]settings.Parameter, error) {
	if e.parameters == nil {
		parameters, err := settings.ReadParameters(ctx, e.Conn)
		if err != nil {
			return nil, err
		}
		e.parameters = parameters
	}
	return e.parameters, nil
}

// fileGrants are what reading pg_file_settings takes.
func (e *Env) fileGrants() string {
	return "GRANT SELECT ON pg_catalog.pg_file_settings TO " + e.role() +
		"; GRANT EXECUTE ON FUNCTION pg_catalog.pg_show_all_file_settings() TO " + e.role()
}

// readFiles gives the entries of the configuration files, errors and all.
func (e *Env) readFiles(ctx context.Context) (settings.Files, error) {
	s, err := e.sees(ctx)
	switch {
	case err != nil:
		return nil, err
	case !s.Files:
		return nil, fault.New(fault.Privilege, "the role may not read pg_file_settings").WithHint("%s", e.fileGrants())
	case e.files == nil:
		e.files, err = query.Rows[settings.FileRow](ctx, e.Conn, "settings/file_rows")
	}
	return e.files, err
}

// snapshot is parameters and files together, for who asks which layer wins.
func (e *Env) snapshot(ctx context.Context) (*settings.Snapshot, error) {
	parameters, err := e.readParameters(ctx)
	if err != nil {
		return nil, err
	}
	files, err := e.readFiles(ctx)
	if err != nil {
		return nil, err
	}
	if bad := fileErrors(files, parameters); bad.syntax {
		return nil, fault.New(fault.Prerequisite, "an error in the configuration files (CFG03) hides what stands in them")
	}
	line, err := e.commandLine(ctx)
	if err != nil {
		return nil, err
	}
	return &settings.Snapshot{Parameters: parameters, Files: files, CommandLine: line}, nil
}

// commandLine is what the server was started with; not Known where the role may not read it.
func (e *Env) commandLine(ctx context.Context) (settings.CommandLine, error) {
	if e.line == nil {
		line, err := settings.ReadCommandLine(ctx, e.Conn)
		if err != nil {
			return line, err
		}
		e.line = &line
	}
	return *e.line, nil
}

// hidden is of names below values that this role or database has of its own: the files tell the server's, unless its command
// line beats them, which the role may not read.
func (e *Env) hidden(names []string) *fault.Error {
	return fault.New(fault.Privilege, "a value of this role's or database's own lies over the server's %s, which the postgres command line may decide: the role may not read that",
		strings.Join(names, ", ")).WithHint("GRANT pg_read_server_files TO %[1]s; GRANT EXECUTE ON FUNCTION pg_catalog.pg_read_binary_file(text, bigint, bigint, boolean) TO %[1]s", e.role())
}

// parameter gives a parameter and its value on the server in base units, whatever this role and database have set for
// themselves. known is false where the server has no such parameter, or does not show it to the role. The error is a
// fault.Privilege where such a value hides the server's.
func (e *Env) parameter(ctx context.Context, name string) (p settings.Parameter, running string, known bool, err error) {
	parameters, err := e.readParameters(ctx)
	if err != nil {
		return p, "", false, err
	}
	p, known = parameters[strings.ToLower(name)]
	alone := &settings.Snapshot{Parameters: parameters}
	if len(alone.HiddenNames([]string{name})) == 0 {
		return p, p.ResetVal, known, nil
	}
	whole, err := e.snapshot(ctx)
	if err != nil {
		return p, "", known, err
	}
	if hidden := whole.HiddenNames([]string{name}); len(hidden) > 0 {
		return p, "", known, e.hidden(hidden)
	}
	return p, whole.Running(name), known, nil
}

// changeSets gives the journal's sets.
func (e *Env) changeSets(ctx context.Context) ([]*journal.Set, error) {
	if e.sets == nil {
		sets, err := e.Journal(ctx)
		if err != nil {
			return nil, err
		}
		e.sets = sets
	}
	return e.sets, nil
}

// number writes a measure as briefly as it can be read back.
func number(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }
