package cmd

import (
	"bytes"
	"errors"
	"os"
	"syscall"
	"time"

	"avadb/internal/fault"
	"avadb/internal/pg"
	"avadb/internal/render"
)

// schemaVersion is that of the JSON documents: fields may be added, none is renamed without a new version.
const schemaVersion = 1

// head begins every document.
type head struct {
	SchemaVersion int         `json:"schema_version"`   // 1; a new one where a field is renamed or changes its meaning
	Command       string      `json:"command"`          // such as tune, or config show
	GeneratedAt   time.Time   `json:"generated_at"`     // to the millisecond
	Target        *targetInfo `json:"target,omitempty"` // where a server was asked
}

type targetInfo struct {
	Name             string `json:"name"`              // of a named target, else empty
	Host             string `json:"host"`              // name, address or socket folder
	Port             int    `json:"port"`              // of the server
	Database         string `json:"database"`          // the connected one
	User             string `json:"user"`              // role of the session
	ServerVersion    string `json:"server_version"`    // as SHOW server_version says
	SystemIdentifier string `json:"system_identifier"` // text: it exceeds 2^53
}

func (a *app) head(command string, conn *pg.Conn) head {
	h := head{SchemaVersion: schemaVersion, Command: command, GeneratedAt: a.now().UTC().Truncate(time.Millisecond)}
	if conn != nil {
		s, t := conn.Server, conn.Target
		h.Target = &targetInfo{
			Name: t.Name, Host: t.Host(), Port: t.Port(), Database: s.Database, User: s.Role,
			ServerVersion: s.Version, SystemIdentifier: s.SystemIdentifier,
		}
	}
	return h
}

// result writes a result in the format that was asked for, to stdout or to --out.
func (a *app) result(doc, rows any) error { return a.results(doc, rows) }

// results writes several lists of rows, one below the other with an empty line between; jsonl needs none. As JSON it is
// the document alone.
func (a *app) results(doc any, lists ...any) error {
	raw, err := a.rendered(doc, lists...)
	if err != nil {
		return err
	}
	return a.write(raw)
}

// rendered is what results writes.
func (a *app) rendered(doc any, lists ...any) ([]byte, error) {
	var buffer bytes.Buffer
	if a.lookedAt != "" && !a.flags.noHeaders && !a.redraws() && (a.format == render.Table || a.format == render.Plain) {
		buffer.WriteString(a.lookedAt + "\n")
	}
	for i, rows := range lists {
		if i > 0 && a.format == render.JSON {
			break
		}
		if i > 0 && a.format != render.JSONL {
			buffer.WriteByte('\n')
		}
		p := render.Printer{Out: &buffer, Format: a.format, NoHeaders: a.flags.noHeaders, Stamp: a.lookedAt}
		if a.flags.outFile == "" {
			p.Color, p.Width = a.colorOn(a.out), width(a.out)
		}
		if err := p.Result(doc, rows); err != nil {
			return nil, err
		}
	}
	return buffer.Bytes(), nil
}

// write sends bytes where results go.
func (a *app) write(raw []byte) error {
	if a.flags.outFile == "" {
		_, err := a.out.Write(raw)
		a.readerGone = a.readerGone || errors.Is(err, syscall.EPIPE)
		if toReader(err) != nil {
			return fault.New(fault.Failed, "write the result: %w", err).WithHint("check the space and the permissions where the output goes")
		}
		return nil
	}
	if err := os.WriteFile(a.flags.outFile, raw, 0o644); err != nil { //nolint:gosec // a result, as a shell redirection makes it
		return fault.New(fault.Failed, "write the result: %w", err)
	}
	return nil
}
