package settings

import (
	"context"
	"strings"

	"avadb/internal/fault"
	"avadb/internal/journal"
	"avadb/internal/pg"
	"avadb/internal/query"
)

// SystemSetting is the journal's item for one entry of postgresql.auto.conf.
type SystemSetting struct {
	conn *pg.Conn
	name string
}

// NewSystemSetting makes the item for a parameter.
func NewSystemSetting(conn *pg.Conn, name string) *SystemSetting {
	return &SystemSetting{conn: conn, name: name}
}

// Kind is part of journal.Item.
func (s *SystemSetting) Kind() journal.Kind { return journal.SystemSetting }

// Name is part of journal.Item.
func (s *SystemSetting) Name() string { return s.name }

// Database is part of journal.Item: the whole server.
func (s *SystemSetting) Database() string { return "" }

// Same compares raw values: what stood before is to come back as it was written, and lists equal in meaning.
func (s *SystemSetting) Same(a, b journal.State) bool {
	if a.Present != b.Present {
		return false
	}
	if a.Present && IsList(s.name) {
		return sameList(s.name, a.Text(), b.Text())
	}
	return a.Text() == b.Text()
}

// Read gives what postgresql.auto.conf says; never pg_settings, which misses what waits for a restart.
func (s *SystemSetting) Read(ctx context.Context) (journal.State, error) {
	files, err := ReadFiles(ctx, s.conn)
	if err != nil {
		return journal.State{}, err
	}
	return files.AutoConf(s.name), nil
}

// Write sets the entry, or takes it out.
func (s *SystemSetting) Write(ctx context.Context, to journal.State) error {
	if !to.Present {
		return alterSystem(ctx, s.conn, "RESET "+quoteName(s.name))
	}
	assignment, err := Assignment(s.name, to.Text())
	if err != nil {
		return err
	}
	return alterSystem(ctx, s.conn, "SET "+assignment)
}

// Assignment is `name = value` as ALTER SYSTEM SET wants it.
func Assignment(name, value string) (string, error) {
	if strings.ContainsAny(value, "\n\r") {
		return "", fault.New(fault.Usage, "the value of %s holds a line break, which postgresql.auto.conf cannot keep", name)
	}
	if !IsList(name) {
		return quoteName(name) + " = " + pg.Literal(value), nil
	}
	list, err := ParseList(name, value)
	if err != nil {
		return "", err
	}
	if len(list) == 0 {
		return "", fault.New(fault.Failed, "an empty %s would be stored as one quoted empty name, and the server would not start", name).
			WithHint("take the entry out with ALTER SYSTEM RESET, or edit the file with avadb rollback --offline")
	}
	return quoteName(name) + " = " + listLiterals(list), nil
}

// quoteName quotes a parameter's name part by part: pg_stat_statements.max has two.
func quoteName(name string) string {
	parts := strings.Split(name, ".")
	quoted := make([]string, 0, len(parts))
	for _, part := range parts {
		quoted = append(quoted, pg.Identifier(part))
	}
	return strings.Join(quoted, ".")
}

// alterSystem runs alone: ALTER SYSTEM is refused in a transaction and in a string of several statements.
func alterSystem(ctx context.Context, conn *pg.Conn, action string) error {
	err := query.ExecText(ctx, conn, query.Mark("settings/alter_system", "ALTER SYSTEM "+action))
	f := fault.As(err)
	if f == nil || !strings.Contains(f.Message, AutoConfName) {
		return err
	}
	// The server could not write the file. Where its own user may not, it says so with the code of a missing privilege, and
	// no GRANT helps.
	return fault.New(fault.Failed, "%w", err).WithSQLState(f.SQLState).
		WithHint("look at the data directory on the server's host: is the disk full or mounted read-only, and does the folder belong to the server's user?")
}
