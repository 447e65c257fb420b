package render

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/renderer"
	"github.com/olekukonko/tablewriter/tw"
)

const (
	columnGap = "  "
	// Up to these limits a table is tablewriter's; beyond, the same picture is written line by line.
	// Tablewriter takes 28 us a row where a line takes 2, and it fills every cell up to the widest of
	// its column: one query of a megabyte among thousands would take gigabytes.
	maxRows  = 500
	maxBytes = 1 << 20
)

// writeTable prints a header, a rule below each column, and the rows: no boxes, so that it reads well
// and can be copied. Cells must be cut and safe before they are coloured.
func (p *Printer) writeTable(out *bytes.Buffer, g *grid) error {
	widths := g.widths(!p.NoHeaders)
	if p.Width > 0 {
		widths = g.fit(widths, p.Width)
	}
	headers := g.headers()
	p.paint(g, headers)
	// Without rows tablewriter leaves the rule out; pairs, such as those of `version`, are not worth its start.
	if len(g.cells) == 0 || g.pairs || len(g.cells) > maxRows || len(g.cells)*sum(widths) > maxBytes {
		p.writeLines(out, g, headers, widths)
		return nil
	}
	return p.drawTrimmed(out, g, headers, widths)
}

// drawTrimmed gives tablewriter a buffer of its own: Render loses write errors, and its lines end in
// blanks.
func (p *Printer) drawTrimmed(out *bytes.Buffer, g *grid, headers []string, widths []int) error {
	var drawn bytes.Buffer
	if err := p.draw(&drawn, g, headers, widths); err != nil {
		return fmt.Errorf("drawing the table: %w", err)
	}
	for line := range bytes.Lines(drawn.Bytes()) {
		out.Write(bytes.TrimRight(line, " \n"))
		out.WriteByte('\n')
	}
	return nil
}

func sum(widths []int) (total int) {
	for _, w := range widths {
		total += w
	}
	return total
}

func (p *Printer) paint(g *grid, headers []string) {
	painter := NewPainter(p.Color)
	for i, name := range headers {
		headers[i] = painter.Bold(name)
	}
	for i, c := range g.columns {
		for _, line := range g.cells {
			if c.status {
				line[i] = painter.Status(line[i])
			}
		}
	}
}

func (p *Printer) draw(out *bytes.Buffer, g *grid, headers []string, widths []int) error {
	t := tablewriter.NewTable(out, tablewriter.WithRenderer(renderer.NewBlueprint(rendition())), tablewriter.WithConfig(layout(g, widths)))
	if !p.NoHeaders {
		t.Header(rightAligned(g.columns, widths, headers))
	}
	for _, line := range g.cells {
		if err := t.Append(rightAligned(g.columns, widths, line)); err != nil {
			return err
		}
	}
	return t.Render()
}

// rightAligned fills the cells of right-aligned columns up, because tablewriter 1.1.0 ignores the alignment of a column. It
// gives a fresh slice: tablewriter keeps it.
func rightAligned(columns []column, widths []int, line []string) []string {
	filled := slices.Clone(line)
	for i, c := range columns {
		if c.right {
			filled[i] = strings.Repeat(" ", widths[i]-width(line[i])) + line[i]
		}
	}
	return filled
}

func rendition() tw.Rendition {
	symbols := tw.NewSymbolCustom("gap").WithRow("-").WithColumn(columnGap).WithCenter(columnGap).
		WithHeaderMid(columnGap).WithMidLeft("").WithMidRight("")
	return tw.Rendition{
		Borders: tw.BorderNone,
		Symbols: symbols,
		Settings: tw.Settings{
			Separators: tw.Separators{BetweenColumns: tw.On, BetweenRows: tw.Off, ShowHeader: tw.On, ShowFooter: tw.Off},
			Lines:      tw.Lines{ShowHeaderLine: tw.On, ShowTop: tw.Off, ShowBottom: tw.Off, ShowFooterLine: tw.Off},
		},
	}
}

func layout(g *grid, widths []int) tablewriter.Config {
	perColumn := tw.NewMapper[int, int]()
	for i := range g.columns {
		perColumn.Set(i, widths[i])
	}
	cell := tw.CellConfig{
		Formatting: tw.CellFormatting{AutoFormat: tw.Off, AutoWrap: tw.WrapNone},
		Alignment:  tw.CellAlignment{Global: tw.AlignLeft},
		Padding:    tw.CellPadding{Global: tw.PaddingNone},
	}
	return tablewriter.Config{
		Header: cell, Row: cell,
		Widths:   tw.CellWidth{PerColumn: perColumn},
		Behavior: tw.Behavior{TrimSpace: tw.Off},
	}
}

// writeLines draws what tablewriter would.
func (p *Printer) writeLines(out *bytes.Buffer, g *grid, headers []string, widths []int) {
	if !p.NoHeaders {
		rules := make([]string, len(widths))
		for i, w := range widths {
			rules[i] = strings.Repeat("-", w)
		}
		writeLine(out, g.columns, widths, headers)
		writeLine(out, g.columns, widths, rules)
	}
	for _, line := range g.cells {
		writeLine(out, g.columns, widths, line)
	}
}
