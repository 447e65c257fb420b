package journal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"

	"avadb/internal/fault"
	"avadb/internal/pg"
	"avadb/internal/query"
)

// table is the journal in schema avadb of the store database.
type table struct {
	conn  *pg.Conn
	facts tableFacts
}

type tableFacts struct {
	SchemaExists bool   `db:"schema_exists"`
	MayCreate    bool   `db:"may_create"`
	TableExists  bool   `db:"table_exists"`
	Trusted      bool   `db:"trusted"`
	MayRead      bool   `db:"may_read"`
	MayWrite     bool   `db:"may_write"`
	Owner        string `db:"owner"`
}

func openTable(ctx context.Context, conn *pg.Conn) (*table, error) {
	facts, err := query.One[tableFacts](ctx, conn, "journal/table")
	if err != nil {
		return nil, err
	}
	return &table{conn: conn, facts: facts}, nil
}

// writable says why the table cannot be written; nil where it can, or can be made.
func (t *table) writable() error {
	server, database, role := t.conn.Server, t.conn.Server.Database, pg.Identifier(t.conn.Server.Role)
	switch {
	case server.InRecovery:
		return errors.New("the server is a standby")
	case !t.facts.Trusted:
		return fmt.Errorf("schema avadb in database %s belongs to %s, who is neither this role nor a superuser", database, t.facts.Owner)
	case t.facts.TableExists && !t.facts.MayWrite:
		return fault.New(fault.Privilege, "no right to write avadb.change_set in database %s", database).
			WithHint("GRANT USAGE ON SCHEMA avadb TO %s; GRANT SELECT, INSERT, UPDATE ON avadb.change_set TO %s", role, role)
	case !t.facts.TableExists && !t.facts.MayCreate:
		return fault.New(fault.Privilege, "no right to create schema avadb in database %s", database).
			WithHint("GRANT CREATE ON DATABASE %s TO %s", pg.Identifier(database), role)
	}
	return nil
}

// create makes the schema and the table where they are missing.
func (t *table) create(ctx context.Context) error {
	if t.facts.TableExists {
		return nil
	}
	return query.Transaction(ctx, t.conn, "journal/transaction", func() error {
		if !t.facts.SchemaExists {
			if err := query.Exec(ctx, t.conn, "journal/create_schema"); err != nil {
				return err
			}
		}
		if err := query.Exec(ctx, t.conn, "journal/create_table"); err != nil {
			return err
		}
		t.facts.TableExists, t.facts.SchemaExists, t.facts.MayRead, t.facts.MayWrite = true, true, true, true
		return nil
	})
}

// put writes a revision. newest is false, and nothing is written, where the table has this revision or a later one.
func (t *table) put(ctx context.Context, s *Set) (newest bool, err error) {
	raw, err := json.Marshal(s)
	if err != nil {
		return false, err
	}
	if err := t.create(ctx); err != nil {
		return false, err
	}
	err = query.Transaction(ctx, t.conn, "journal/transaction", func() error {
		rows, err := query.Rows[struct{ Rev int }](ctx, t.conn, "journal/put", s.Node.SystemIdentifier, s.ID, s.Rev, escapeNonASCII(raw))
		newest = len(rows) == 1
		return err
	})
	return newest, err
}

// sets reads all sets of a server. A damaged document is reported in the second result and hides no other.
func (t *table) sets(ctx context.Context, systemIdentifier string) (sets []*Set, damaged []error, err error) {
	switch {
	case !t.facts.Trusted:
		return nil, nil, fault.New(fault.Privilege, "%w", t.writable())
	case !t.facts.TableExists:
		return nil, nil, nil
	case !t.facts.MayRead:
		return nil, nil, fault.New(fault.Privilege, "no right to read avadb.change_set in database %s", t.conn.Server.Database).
			WithHint("GRANT USAGE ON SCHEMA avadb TO %[1]s; GRANT SELECT ON avadb.change_set TO %[1]s", pg.Identifier(t.conn.Server.Role))
	}
	rows, err := query.Rows[struct{ ID, Document string }](ctx, t.conn, "journal/list", systemIdentifier)
	if err != nil {
		return nil, nil, err
	}
	for _, row := range rows {
		set, err := parseSet([]byte(row.Document))
		if err == nil && (set.ID != row.ID || set.Node.SystemIdentifier != systemIdentifier) {
			err = fmt.Errorf("the row %s of the server %s holds change set %s of %s", row.ID, systemIdentifier, set.ID, set.Node.SystemIdentifier)
		}
		if err != nil {
			damaged = append(damaged, fmt.Errorf("a document in avadb.change_set of database %s is damaged: %w", t.conn.Server.Database, err))
			continue
		}
		sets = append(sets, set)
	}
	return sets, damaged, nil
}

// escapeNonASCII writes JSON with \u escapes only, which a database of any encoding can store.
func escapeNonASCII(raw []byte) string {
	out := make([]byte, 0, len(raw))
	for len(raw) > 0 {
		r, size := utf8.DecodeRune(raw)
		switch {
		case r < utf8.RuneSelf:
			out = append(out, raw[0])
		case r > 0xFFFF:
			r -= 0x10000
			out = fmt.Appendf(out, `\u%04x\u%04x`, 0xD800+(r>>10), 0xDC00+(r&0x3FF))
		default:
			out = fmt.Appendf(out, `\u%04x`, r)
		}
		raw = raw[size:]
	}
	return string(out)
}
