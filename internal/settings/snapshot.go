package settings

import (
	"context"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"avadb/internal/pg"
	"avadb/internal/query"
	"avadb/internal/units"
)

// Parameter is a row of pg_settings.
type Parameter struct {
	Name           string   `db:"name"`
	Current        string   `db:"current"`   // as SHOW prints it
	ResetVal       string   `db:"reset_val"` // the server's value in base units, whatever avadb's session has set
	BootVal        string   `db:"boot_val"`
	Unit           string   `db:"unit"`
	Vartype        string   `db:"vartype"`
	Context        string   `db:"context"`
	Source         string   `db:"source"`
	SourceFile     string   `db:"sourcefile"`
	MinVal         string   `db:"min_val"`
	MaxVal         string   `db:"max_val"`
	EnumVals       []string `db:"enumvals"`
	PendingRestart bool     `db:"pending_restart"`
}

// Same compares two values of the parameter by meaning: 60s is 1min, on is true.
func (p Parameter) Same(a, b string) bool {
	if IsList(p.Name) {
		return sameList(p.Name, a, b)
	}
	return units.SameValue(a, b, p.Vartype, p.Unit)
}

// Snapshot is the configuration of a server at one moment.
type Snapshot struct {
	Parameters  map[string]Parameter // by lower-case name
	Files       Files
	CommandLine CommandLine
}

// Read reads the parameters and the files.
func Read(ctx context.Context, conn *pg.Conn) (*Snapshot, error) {
	files, err := ReadFiles(ctx, conn)
	if err != nil {
		return nil, err
	}
	parameters, err := ReadParameters(ctx, conn)
	if err != nil {
		return nil, err
	}
	line, err := ReadCommandLine(ctx, conn)
	if err != nil {
		return nil, err
	}
	return &Snapshot{Parameters: parameters, Files: files, CommandLine: line}, nil
}

// ReadParameters reads pg_settings as the server has it: what avadb's own session has set is reset within a
// transaction that is rolled back, because it would hide the server's value and its source. The statement that reads is safe
// under any search_path.
func ReadParameters(ctx context.Context, conn *pg.Conn) (map[string]Parameter, error) {
	const name = "settings/parameters"
	text, err := query.Text(name, conn.Server.Major(), query.Extension{})
	if err != nil {
		return nil, err
	}
	parameters := map[string]Parameter{}
	err = conn.Discard(ctx, func(tx pgx.Tx) error {
		for _, ours := range []string{"statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout", "search_path"} {
			if _, err := tx.Exec(ctx, query.Mark(name, "RESET "+ours)); err != nil {
				return err
			}
		}
		rows, err := tx.Query(ctx, text)
		if err != nil {
			return err
		}
		all, err := pgx.CollectRows(rows, pgx.RowToStructByName[Parameter])
		for _, p := range all {
			parameters[strings.ToLower(p.Name)] = p
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return parameters, nil
}

// Layer is where the value of a parameter comes from. It is part of the JSON contract.
type Layer string

// The layers, weakest first.
const (
	LayerDefault     Layer = "default"
	LayerEnvironment Layer = "environment"
	LayerFile        Layer = "file"
	LayerAutoConf    Layer = "auto_conf"
	LayerCommandLine Layer = "command_line"
)

// hiding are the sources that lie over the server's own value in avadb's session.
var hiding = map[string]bool{
	"global": true, "database": true, "user": true, "database user": true, "client": true, "session": true, "interactive": true,
}

// ServerLayer is the layer that decides the server's value at the next start: only the command line is above the files.
func (s *Snapshot) ServerLayer(name string) Layer {
	p := s.Parameters[strings.ToLower(name)]
	if _, set := s.CommandLine.Values[strings.ToLower(name)]; set || p.Source == "command line" {
		return LayerCommandLine
	}
	if last, found := s.Files.Last(name); found {
		if last.isAutoConf() {
			return LayerAutoConf
		}
		return LayerFile
	}
	if p.Source == "environment variable" {
		return LayerEnvironment
	}
	return LayerDefault
}

// Next is the server's value after the next reload or start.
func (s *Snapshot) Next(name string) string {
	p := s.Parameters[strings.ToLower(name)]
	switch s.ServerLayer(name) {
	case LayerAutoConf, LayerFile:
		last, _ := s.Files.Last(name)
		return last.Value
	case LayerCommandLine:
		if value, set := s.CommandLine.Values[strings.ToLower(name)]; set && hiding[p.Source] {
			return value
		}
		return p.ResetVal
	case LayerEnvironment:
		return p.ResetVal
	default:
		return p.BootVal
	}
}

// Running is the server's value at this moment, as far as this session can see it.
func (s *Snapshot) Running(name string) string {
	p := s.Parameters[strings.ToLower(name)]
	if hiding[p.Source] {
		return s.Next(name)
	}
	return p.ResetVal
}

// Waits tells whether a parameter has a value that only a restart brings.
func (s *Snapshot) Waits(name string) bool {
	p := s.Parameters[strings.ToLower(name)]
	if p.Context == "postmaster" && s.ServerLayer(name) == LayerDefault {
		// The compiled-in default of wal_buffers, -1, runs as what the server computes from it, which the server itself
		// then takes for a pending change.
		return p.PendingRestart && (p.Name != "wal_buffers" || !s.runsAutomaticWALBuffers(p))
	}
	return p.Context == "postmaster" && !p.Same(s.Running(name), s.Next(name))
}

// Future is the value that the next start will have, for rules that judge it: what the files say, else what runs.
func (s *Snapshot) Future(name string) string {
	switch s.ServerLayer(name) {
	case LayerAutoConf, LayerFile:
		return s.Next(name)
	default:
		return s.Running(name)
	}
}

// HiddenNames gives those of the names whose value on the server lies below one that this session has of its own, so that a
// command line below it is not seen in pg_settings; none where the command line itself could be read.
func (s *Snapshot) HiddenNames(names []string) []string {
	var hidden []string
	if s.CommandLine.Known {
		return nil
	}
	for _, name := range names {
		if hiding[s.Parameters[strings.ToLower(name)].Source] {
			hidden = append(hidden, name)
		}
	}
	return hidden
}

// runsAutomaticWALBuffers tells whether wal_buffers runs with what the next start would compute for -1: a 32nd of
// shared_buffers, at least 8 blocks and at most one WAL segment (XLOGChooseNumBuffers of src/backend/access/transam/xlog.c).
func (s *Snapshot) runsAutomaticWALBuffers(p Parameter) bool {
	blocks, known := units.BaseInt(s.Next("shared_buffers"), s.Parameters["shared_buffers"].Unit)
	segment, knownSegment := units.BaseInt(s.Parameters["wal_segment_size"].ResetVal, "")
	block, knownBlock := units.BaseInt(s.Parameters["wal_block_size"].ResetVal, "")
	if !known || !knownSegment || !knownBlock || block == 0 {
		return false
	}
	return p.Same(p.ResetVal, strconv.FormatInt(min(max(blocks/32, 8), segment/block), 10))
}
