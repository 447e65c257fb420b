package render

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strings"

	"avadb/internal/fault"
)

// Printer writes results to one stream.
type Printer struct {
	Out       io.Writer
	Format    Format
	NoHeaders bool // leaves the header out of table, plain and csv
	Color     bool // only table is ever coloured; ColorWanted decides
	// Stamp is a time that each row of jsonl and csv begins with, as generated_at: rows of many looks go into one stream. Empty: none.
	Stamp string
	Width int // terminal columns; 0 = no terminal: nothing is cut
}

// Result prints one result. doc is the whole document, which json prints. rows is the slice of structs
// in it that the other formats print; a single struct is listed as name and value, a column each, and
// is one object in jsonl. The error is a failed write, or a value or `col` tag that cannot be printed.
func (p *Printer) Result(doc, rows any) error {
	var out bytes.Buffer // first a buffer: a result that cannot be printed leaves nothing half printed
	if err := p.format(&out, doc, rows); err != nil {
		return err
	}
	if _, err := out.WriteTo(p.Out); err != nil {
		return fault.New(fault.Failed, "writing the result: %w", err).
			WithHint("check the space and the permissions where the output goes")
	}
	return nil
}

// Without are rows of which some columns say nothing: table, plain and csv leave them out.
type Without struct {
	Rows    any      // as Result takes them
	Columns []string // by their JSON keys
}

func (p *Printer) format(out *bytes.Buffer, doc, rows any) error {
	var leaveOut []string
	if w, ok := rows.(Without); ok {
		rows, leaveOut = w.Rows, w.Columns
	}
	switch p.Format {
	case JSON:
		return writeJSON(out, doc)
	case JSONL:
		return writeJSONLines(out, rows, p.Stamp)
	case CSV:
		text := rawText
		if p.Width > 0 { // a terminal: nothing from a server may steer it
			text = safeText
		}
		return p.writeGrid(out, rows, leaveOut, text, p.writeCSV)
	case Plain:
		return p.writeGrid(out, rows, leaveOut, plainText, p.writePlain)
	case Table:
		return p.writeGrid(out, rows, leaveOut, tableText, p.writeTable)
	}
	return fmt.Errorf("format %q is not one of this package's", p.Format)
}

func (p *Printer) writeGrid(out *bytes.Buffer, rows any, leaveOut []string, text cellText, write func(*bytes.Buffer, *grid) error) error {
	g, err := newGrid(rows)
	if err != nil || len(g.columns) == 0 {
		return err
	}
	g.fill(text)
	for _, name := range leaveOut {
		g.drop(slices.IndexFunc(g.columns, func(c column) bool { return c.name == name }))
	}
	return write(out, g)
}

func (p *Printer) writeCSV(out *bytes.Buffer, g *grid) error {
	w := csv.NewWriter(out)
	if p.Stamp != "" {
		g.lead(stampName, p.Stamp)
	}
	if !p.NoHeaders {
		if err := w.Write(g.headers()); err != nil {
			return fmt.Errorf("writing csv: %w", err)
		}
	}
	if err := w.WriteAll(g.cells); err != nil {
		return fmt.Errorf("writing csv: %w", err)
	}
	return nil
}

// writePlain prints aligned columns, two blanks between them, no blanks at the end of a line.
func (p *Printer) writePlain(out *bytes.Buffer, g *grid) error {
	widths := g.widths(!p.NoHeaders)
	if !p.NoHeaders {
		writeLine(out, g.columns, widths, g.headers())
	}
	for _, line := range g.cells {
		writeLine(out, g.columns, widths, line)
	}
	return nil
}

func writeLine(out *bytes.Buffer, columns []column, widths []int, line []string) {
	last := len(line) - 1
	for i, cell := range line {
		pad := widths[i] - width(cell)
		if columns[i].right {
			out.WriteString(strings.Repeat(" ", pad))
		}
		out.WriteString(cell)
		if i == last {
			break // not filled up: the widest cell may be megabytes
		}
		if !columns[i].right {
			out.WriteString(strings.Repeat(" ", pad))
		}
		out.WriteString(columnGap)
	}
	out.Truncate(len(bytes.TrimRight(out.Bytes(), " ")))
	out.WriteByte('\n')
}
