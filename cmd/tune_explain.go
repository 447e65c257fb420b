package cmd

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"avadb/internal/fault"
	"avadb/internal/render"
	"avadb/internal/settings"
	"avadb/internal/units"
)

// checkExplain refuses the formats that have no room for an explanation; json and jsonl always carry it.
func (o tuneOptions) checkExplain(a *app) error {
	if !o.explain || slices.Contains([]render.Format{render.Table, render.Plain, render.JSON, render.JSONL}, a.format) {
		return nil
	}
	return fault.New(fault.Usage, "--explain does not go with -o %s", a.format).WithHint("use -o table, plain, json or jsonl")
}

// explains tells whether the result is the explanation instead of the table.
func (o tuneOptions) explains(a *app) bool {
	return o.explain && (a.format == render.Table || a.format == render.Plain)
}

// explainTune prints a paragraph for each parameter, then what holds for all.
func (a *app) explainTune(doc *tuneDocument) error {
	e := explanation{paint: render.NewPainter(a.flags.outFile == "" && a.colorOn(a.out))}
	if a.flags.outFile == "" && a.format == render.Table {
		e.width = width(a.out)
	}
	for _, line := range doc.Settings {
		e.setting(line)
	}
	e.whole(doc)
	return a.write([]byte(e.text.String()))
}

// explanation collects the text. Everything in it may come from the server.
type explanation struct {
	text  strings.Builder
	paint *render.Painter
	width int // 0: nothing is broken
}

func (e *explanation) setting(line settings.Setting) {
	title := line.Name
	switch {
	case line.Value != nil:
		title += " = " + *line.Value
	case line.Current != "":
		title += " = " + line.Current
	}
	mark := ""
	if line.ByEvidence {
		mark = "  " + e.paint.Yellow("* by evidence")
	}
	does := string(line.Action)
	if line.Action == settings.Set {
		does += ", now " + line.Current + ", " + line.Context
	}
	e.text.WriteString(e.paint.Bold(render.Safe(title)) + "  (" + render.Safe(does) + ")" + mark + "\n")
	e.entry("reason", line.Reason)
	e.entry("formula", line.Formula)
	e.entry("source", line.Source)
	e.optional("evidence", line.Evidence)
	e.optional("cost", line.Cost)
	e.text.WriteByte('\n')
}

// whole says what is about all parameters together.
func (e *explanation) whole(doc *tuneDocument) {
	e.text.WriteString(e.paint.Bold("together") + "\n")
	cpus := "not known"
	if doc.CPUs != nil {
		cpus = strconv.Itoa(*doc.CPUs)
	}
	e.entry("for", fmt.Sprintf("profile %s, %s of memory, storage %s, processors %s", doc.Profile, units.FormatSize(doc.RAMBytes), *doc.Storage, cpus))
	if doc.Memory.PlannedBytes != nil {
		e.entry("memory", fmt.Sprintf("%s with every session and worker busy: shared_buffers, maintenance, and a hash in each", units.HumanSize(*doc.Memory.PlannedBytes)))
	}
	if doc.Evidence == nil {
		e.entry("evidence", "left out: these are the pure rules")
		return
	}
	if word := doc.Evidence.HugePages; word != nil {
		e.entry("kernel", "transparent_hugepage is "+*word+"; with madvise and never no session's memory is on huge pages, and large work_mem is slower for it")
	}
	if mode := doc.Evidence.Overcommit; mode != nil && *mode != 2 {
		e.entry("kernel", fmt.Sprintf("vm.overcommit_memory is %d: where memory runs out the kernel kills a server process; PostgreSQL's manual advises 2 on a host of its own", *mode))
	}
	for _, u := range doc.Evidence.Unread {
		text := u.What
		if u.Next != "" {
			text += " (" + u.Next + ")"
		}
		e.entry("not known", text)
	}
}

func (e *explanation) optional(label string, text *string) {
	if text != nil {
		e.entry(label, *text)
	}
}

// entry is a label and its text, broken between words where the terminal ends.
func (e *explanation) entry(label, text string) {
	const indent = 13
	head := fmt.Sprintf("  %-*s", indent-2, label)
	column := indent
	e.text.WriteString(e.paint.Faint(head))
	for i, word := range strings.Fields(render.Safe(text)) {
		switch {
		case i == 0:
		case e.width > 2*indent && column+1+len(word) > e.width:
			e.text.WriteString("\n" + strings.Repeat(" ", indent))
			column = indent
		default:
			e.text.WriteByte(' ')
			column++
		}
		e.text.WriteString(word)
		column += len(word)
	}
	e.text.WriteByte('\n')
}
