package settings

import (
	"context"
	"strings"

	"avadb/internal/fault"
	"avadb/internal/journal"
	"avadb/internal/pg"
	"avadb/internal/query"
)

// FileRow is one entry of the configuration files, in the order the server reads them.
type FileRow struct {
	Name    string `db:"name"`
	Value   string `db:"value"`
	File    string `db:"file"`
	Line    int    `db:"line"`
	Applied bool   `db:"applied"`
	Error   string `db:"error"`
}

// Files are the configuration files as the server parses them at this moment.
type Files []FileRow

// isAutoConf tells postgresql.auto.conf, on whatever platform the server runs.
func (r FileRow) isAutoConf() bool {
	return strings.HasSuffix(strings.ReplaceAll(r.File, `\`, "/"), "/postgresql.auto.conf")
}

// ReadFiles reads them, and refuses where what pg_file_settings shows of postgresql.auto.conf cannot be believed. It is
// one query, which parses the files once: an edit between two of them could make "absent" a lie.
func ReadFiles(ctx context.Context, conn *pg.Conn) (Files, error) {
	rows, err := query.Rows[FileRow](ctx, conn, "settings/file_rows")
	if err != nil {
		return nil, err
	}
	if err := Files(rows).unsound(); err != nil {
		return nil, err
	}
	return rows, nil
}

// unsound looks for what hides rows or cannot be written back: a syntax error anywhere makes the server show no row of
// postgresql.auto.conf at all.
func (f Files) unsound() error {
	inAutoConf, included, broken := false, false, false
	for _, r := range f {
		if r.isSyntaxError() {
			return fault.New(fault.Prerequisite, "the configuration has an error, nothing was changed: %s line %d: %s", r.File, r.Line, r.Error).
				WithHint("mend the file, then look: SELECT sourcefile, sourceline, name, error FROM pg_file_settings WHERE error IS NOT NULL")
		}
		broken = broken || r.isAutoConf() && strings.ContainsAny(r.Value, "\n\r")
		included = included || inAutoConf && r.File != "" && !r.isAutoConf()
		inAutoConf = inAutoConf || r.isAutoConf()
	}
	switch {
	case broken:
		return fault.New(fault.Prerequisite, "a value in postgresql.auto.conf holds a line break, which ALTER SYSTEM would turn into an unreadable file").
			WithHint("remove that line by hand, then run the command again")
	case included:
		return fault.New(fault.Prerequisite, "postgresql.auto.conf includes another file, which ALTER SYSTEM would flatten").
			WithHint("remove the include by hand, then run the command again")
	}
	return nil
}

// isSyntaxError tells an error that belongs to no parameter. Without a file it is none: that is what the server says of a
// restart-class parameter that was taken out of the files and waits for the restart.
func (r FileRow) isSyntaxError() bool { return r.Error != "" && r.Name == "" && r.File != "" }

// AutoConf is what postgresql.auto.conf says of a parameter: the last entry of that name, in whatever case.
func (f Files) AutoConf(name string) journal.State {
	state := journal.Absent()
	for _, r := range f {
		if r.isAutoConf() && strings.EqualFold(r.Name, name) {
			state = journal.Present(r.Value)
		}
	}
	return state
}

// Elsewhere is what the other files say of a parameter: what would hold if postgresql.auto.conf were silent.
func (f Files) Elsewhere(name string) journal.State {
	state := journal.Absent()
	for _, r := range f {
		if !r.isAutoConf() && strings.EqualFold(r.Name, name) {
			state = journal.Present(r.Value)
		}
	}
	return state
}

// Last is the entry that counts among all files; postgresql.auto.conf is read last.
func (f Files) Last(name string) (FileRow, bool) {
	var last FileRow
	found := false
	for _, r := range f {
		if strings.EqualFold(r.Name, name) {
			last, found = r, true
		}
	}
	return last, found
}
