package slowlog

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"avadb/internal/fault"
	"avadb/internal/journal"
	"avadb/internal/pg"
)

// Cursors remember how far each log file was ingested, in a file of this host: the logs are here as well. They only save work. Were they
// lost, every file would be read again, and not a row added twice.
type Cursors struct {
	path  string
	Table string            `json:"table"` // whose rows these are: see incarnation
	Files map[string]Cursor `json:"files"` // by pglog.Identity
}

// Cursor is how far a file was ingested.
type Cursor struct {
	Name string    `json:"name"` // when it was read last
	To   int64     `json:"to"`   // decompressed bytes
	At   time.Time `json:"at"`   // when
	Covers
}

// Covers is which executions up to a cursor are in the table.
type Covers struct {
	Threshold time.Duration `json:"threshold_ns"` // that took longer
	Since     time.Time     `json:"since"`        // zero: all
	Until     time.Time     `json:"until"`        // zero: all
}

// all tells that what others would let in is in the table.
func (c Covers) all(others Covers) bool {
	return c.Threshold <= others.Threshold && !c.Since.After(others.Since) && (c.Until.IsZero() || !others.Until.IsZero() && !c.Until.Before(others.Until))
}

// forgetAfter is how long a file that is not read any more is remembered.
const forgetAfter = 90 * 24 * time.Hour

// OpenCursors reads those of a table. root is the folder of avadb's state. There are none where the table is not the one that they are of: it was
// dropped and made anew, or the server was put back to what it was before.
func OpenCursors(root string, conn *pg.Conn, t *Table) (*Cursors, error) {
	name := Key("%s", conn.Server.Database+"."+t.Schema) + ".json"
	c := &Cursors{path: filepath.Join(root, "ingest", conn.Server.SystemIdentifier, name)}
	raw, err := os.ReadFile(c.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		err = nil
	case err == nil:
		err = json.Unmarshal(raw, c)
	}
	if err != nil {
		return nil, fault.New(fault.Failed, "read how far the logs were ingested: %w", err).
			WithHint("remove %s: every log is read again, and no row is added twice", c.path)
	}
	c.Of(conn, t)
	return c, nil
}

// Of forgets all where the table is another one than before, and tells whether it is.
func (c *Cursors) Of(conn *pg.Conn, t *Table) (another bool) {
	table := incarnation(conn, t)
	if c.Table == table && c.Files != nil {
		return false
	}
	c.Table, c.Files = table, map[string]Cursor{}
	return true
}

// incarnation tells a table from others that have had its name. A timeline begins where a backup was restored or a standby promoted: rows that
// were written after that moment of the old one are not there.
func incarnation(conn *pg.Conn, t *Table) string {
	return fmt.Sprintf("%d/%s", conn.Server.Timeline, t.Incarnation)
}

// At is where to go on in a file; 0 where it is new, or where an earlier reading left out what this one would not.
func (c *Cursors) At(identity string, covers Covers) int64 {
	if one := c.Files[identity]; one.all(covers) {
		return one.To
	}
	return 0
}

// Set moves a file's cursor. What was read before At is covered as well.
func (c *Cursors) Set(identity string, one Cursor) {
	one.At = time.Now().UTC()
	c.Files[identity] = one
}

// Save writes them, whole or not at all.
func (c *Cursors) Save() error {
	for identity, one := range c.Files {
		if time.Since(one.At) > forgetAfter {
			delete(c.Files, identity)
		}
	}
	raw, err := json.Marshal(c)
	if err == nil {
		err = os.MkdirAll(filepath.Dir(c.path), 0o700)
	}
	if err == nil {
		err = journal.ReplaceFile(c.path, raw, 0o600, nil)
	}
	if err != nil {
		return fault.New(fault.Failed, "keep how far the logs were ingested: %w", err).WithHint("make $XDG_STATE_HOME writable; the rows are in the table")
	}
	return nil
}
