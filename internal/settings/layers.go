package settings

import (
	"context"
	"slices"
	"strings"

	"avadb/internal/fault"
	"avadb/internal/pg"
	"avadb/internal/query"
	"avadb/internal/units"
)

// The layers above the server's own, weakest first. They count in sessions of their role and database alone.
const (
	LayerDatabase       Layer = "database"
	LayerRole           Layer = "role"
	LayerRoleInDatabase Layer = "role_in_database"
	LayerClient         Layer = "client" // what the connection itself asked for, such as PGOPTIONS
)

// LayerValue is what one layer says of a parameter.
type LayerValue struct {
	Layer    Layer   `json:"layer" col:""`       // default, file, auto_conf, command_line, environment, database, role or role_in_database
	Value    string  `json:"value" col:"left"`   // as it stands there, secrets as ***
	File     *string `json:"file" col:"elastic"` // of file and auto_conf
	Line     *int    `json:"line" col:""`        // in the file
	Role     *string `json:"role" col:""`        // of role and role_in_database
	Database *string `json:"database" col:""`    // of database and role_in_database
	Applied  bool    `json:"applied" col:""`     // it is the one that counts in this session
	here     bool    // it can count in this session
}

// LayeredSetting is a parameter with every layer that has a value for it, weakest first.
type LayeredSetting struct {
	Name           string       `json:"name" col:""`            // of the parameter
	Effective      string       `json:"effective" col:"left"`   // in this session, as SHOW prints it, secrets as ***
	Unit           *string      `json:"unit"`                   // of a bare number in a layer's value; null where there is none
	Context        string       `json:"context"`                // as pg_settings has it: internal, postmaster, sighup, ...
	Winner         Layer        `json:"winner" col:""`          // the layer that counts in this session
	PendingRestart bool         `json:"pending_restart" col:""` // a value for it waits for a restart
	AlterSystem    string       `json:"alter_system" col:""`    // what an ALTER SYSTEM would take: reload, reconnect, restart, or none where it has no effect here
	Note           string       `json:"note" col:"elastic"`     // why none, and what hides what
	Layers         []LayerValue `json:"layers"`                 // weakest first; of one layer the one that counts comes last
}

// roleSetting is a row of settings/all_overrides.
type roleSetting struct {
	Name     string
	Value    string
	Role     string
	Database string
	Here     bool
}

// layer tells which one a role's or database's own value is.
func (o roleSetting) layer() LayerValue {
	v := LayerValue{Value: o.Value, here: o.Here}
	switch {
	case o.Role == "":
		v.Layer, v.Database = LayerDatabase, &o.Database
	case o.Database == "":
		v.Layer, v.Role = LayerRole, &o.Role
	default:
		v.Layer, v.Role, v.Database = LayerRoleInDatabase, &o.Role, &o.Database
	}
	return v
}

// Layers is all that is known of where a server's parameters get their values from.
type Layers struct {
	snapshot *Snapshot
	byRole   []roleSetting
	// Unseen says what could not be seen, with the GRANT, a sentence each.
	Unseen []string
}

// ReadLayers reads all layers. What the role may not see is not an error, but stands in Unseen.
func ReadLayers(ctx context.Context, conn *pg.Conn) (*Layers, error) {
	l := &Layers{snapshot: &Snapshot{}}
	var err error
	if l.snapshot.Parameters, err = ReadParameters(ctx, conn); err != nil {
		return nil, err
	}
	if l.byRole, err = query.Rows[roleSetting](ctx, conn, "settings/all_overrides"); err != nil {
		return nil, err
	}
	if l.snapshot.CommandLine, err = ReadCommandLine(ctx, conn); err != nil {
		return nil, err
	}
	role := pg.Identifier(conn.Server.Role)
	l.snapshot.Files, err = query.Rows[FileRow](ctx, conn, "settings/file_rows")
	if f := fault.As(err); f != nil && f.Kind == fault.Privilege {
		l.Unseen = append(l.Unseen, "the configuration files are not visible: GRANT SELECT ON pg_file_settings TO "+role+
			"; GRANT EXECUTE ON FUNCTION pg_show_all_file_settings() TO "+role)
	} else if err != nil {
		return nil, err
	}
	if err := l.snapshot.Files.unsound(); err != nil {
		l.Unseen = append(l.Unseen, fault.As(err).Message)
	}
	if !l.snapshot.CommandLine.Known {
		l.Unseen = append(l.Unseen, "the postgres command line is seen only where nothing lies over it: GRANT pg_read_server_files TO "+role+
			"; GRANT EXECUTE ON FUNCTION pg_read_binary_file(text, bigint, bigint, boolean) TO "+role)
	}
	return l, nil
}

// Of gives one parameter, or an error that names the nearest.
func (l *Layers) Of(name string) (LayeredSetting, error) {
	p, known := l.snapshot.Parameters[strings.ToLower(name)]
	if !known {
		return LayeredSetting{}, fault.New(fault.Usage, "the server has no parameter %q", name).WithHint("avadb settings lists those that differ from the default")
	}
	return l.of(p), nil
}

// Changed gives the parameters with a value beside the default, in the order of their names.
func (l *Layers) Changed() []LayeredSetting {
	var out []LayeredSetting
	for _, p := range l.snapshot.Parameters {
		if s := l.of(p); p.Context != "internal" && !volatile(p.Name) && (len(s.Layers) > 1 || s.Winner != LayerDefault) {
			out = append(out, s)
		}
	}
	slices.SortFunc(out, func(a, b LayeredSetting) int {
		return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name))
	})
	return out
}

func (l *Layers) of(p Parameter) LayeredSetting {
	s := LayeredSetting{Name: p.Name, Effective: p.Current, Context: p.Context, Layers: l.values(p)}
	if p.Unit != "" {
		s.Unit = &p.Unit
	}
	s.Winner = l.winner(p, s.Layers)
	for i := range slices.Backward(s.Layers) {
		if v := &s.Layers[i]; v.Layer == s.Winner && v.here {
			v.Applied = true
			break
		}
	}
	s.PendingRestart = l.snapshot.Waits(p.Name)
	s.AlterSystem, s.Note = l.effect(p, s.Winner)
	return s.public()
}

// values lists the layers of a parameter, weakest first.
func (l *Layers) values(p Parameter) []LayerValue {
	values := []LayerValue{{Layer: LayerDefault, Value: p.shown(p.BootVal), here: true}}
	if p.Source == "environment variable" {
		values = append(values, LayerValue{Layer: LayerEnvironment, Value: p.shown(p.ResetVal), here: true})
	}
	for _, r := range l.snapshot.Files {
		if strings.EqualFold(r.Name, p.Name) {
			v := LayerValue{Layer: LayerFile, Value: r.Value, File: &r.File, Line: &r.Line, here: true}
			if r.isAutoConf() {
				v.Layer = LayerAutoConf
			}
			values = append(values, v)
		}
	}
	if value, set := l.snapshot.CommandLine.Values[strings.ToLower(p.Name)]; set || p.Source == "command line" {
		if !set {
			value = p.shown(p.ResetVal)
		}
		values = append(values, LayerValue{Layer: LayerCommandLine, Value: value, here: true})
	}
	for _, layer := range []Layer{LayerDatabase, LayerRole, LayerRoleInDatabase} {
		for _, o := range l.byRole {
			if v := o.layer(); o.Name == strings.ToLower(p.Name) && v.Layer == layer {
				values = append(values, v)
			}
		}
	}
	if clientSources()[p.Source] {
		values = append(values, LayerValue{Layer: LayerClient, Value: p.shown(p.ResetVal), here: true})
	}
	return values
}

// shown is a value of pg_settings, which is in base units, as a person writes it.
func (p Parameter) shown(raw string) string {
	if n, ok := units.Base(raw, p.Unit); ok && p.Unit != "" {
		return units.FormatBase(n, p.Unit)
	}
	return raw
}

func clientSources() map[string]bool {
	return map[string]bool{"client": true, "session": true, "interactive": true}
}

// winner is what pg_settings says of this session; where the files are not visible it is all that is known.
func (l *Layers) winner(p Parameter, values []LayerValue) Layer {
	_, onCommandLine := l.snapshot.CommandLine.Values[strings.ToLower(p.Name)]
	switch p.Source {
	case "command line":
		return LayerCommandLine
	case "override": // what the server itself decided as it started, such as data_directory from -D
		if onCommandLine {
			return LayerCommandLine
		}
	case "environment variable":
		return LayerEnvironment
	case "database", "global":
		return LayerDatabase
	case "user":
		return LayerRole
	case "database user":
		return LayerRoleInDatabase
	case "configuration file":
		if strings.HasSuffix(strings.ReplaceAll(p.SourceFile, `\`, "/"), "/postgresql.auto.conf") {
			return LayerAutoConf
		}
		if p.SourceFile == "" && slices.ContainsFunc(values, func(v LayerValue) bool { return v.Layer == LayerAutoConf }) {
			return LayerAutoConf
		}
		return LayerFile
	}
	if clientSources()[p.Source] {
		return LayerClient
	}
	return LayerDefault
}

// effect tells what an ALTER SYSTEM would take to count in this session.
func (l *Layers) effect(p Parameter, winner Layer) (effect, note string) {
	_, onCommandLine := l.snapshot.CommandLine.Values[strings.ToLower(p.Name)]
	switch {
	case p.Context == "internal":
		return "none", "it cannot be set"
	case winner == LayerCommandLine || onCommandLine:
		return "none", "the postgres command line wins over every file"
	case winner == LayerDatabase, winner == LayerRole, winner == LayerRoleInDatabase:
		return "none", "in sessions of this role and database its own value wins; in others it would count"
	case winner == LayerClient:
		return "none", "this connection asked for its own value; in others it would count"
	case p.Context == "postmaster":
		return "restart", ""
	case p.Context == "backend", p.Context == "superuser-backend":
		return "reconnect", ""
	}
	return "reload", ""
}
