package render

import (
	"strings"

	"github.com/fatih/color"

	"avadb/internal/fault"
)

// ColorWanted decides for one stream: --color always or never, else CLICOLOR_FORCE, NO_COLOR, a dumb
// TERM, and last whether the stream is a terminal. Any other mode is auto.
func ColorWanted(mode string, env func(string) string, isTerminal bool) bool {
	force := env("CLICOLOR_FORCE")
	switch {
	case mode == "always":
		return true
	case mode == "never":
		return false
	case force != "" && force != "0":
		return true
	case env("NO_COLOR") != "", env("TERM") == "dumb":
		return false
	}
	return isTerminal
}

// CheckColorMode refuses what --color does not know, with a fault.Usage.
func CheckColorMode(mode string) error {
	switch mode {
	case "auto", "always", "never":
		return nil
	}
	return fault.New(fault.Usage, "unknown colour mode %q", mode).WithHint("use --color auto, always or never")
}

// Painter colours text for one stream; one that is off gives the text back. It never looks at the
// process: fatih/color by itself knows only stdout.
type Painter struct{ green, yellow, red, bold, faint *color.Color }

// NewPainter makes a Painter that is on or off.
func NewPainter(on bool) *Painter {
	paint := func(attribute color.Attribute) *color.Color {
		c := color.New(attribute)
		if on {
			c.EnableColor()
		} else {
			c.DisableColor()
		}
		return c
	}
	return &Painter{
		green: paint(color.FgGreen), yellow: paint(color.FgYellow), red: paint(color.FgRed),
		bold: paint(color.Bold), faint: paint(color.Faint),
	}
}

// Green is for what is done or good.
func (p *Painter) Green(s string) string { return p.green.Sprint(s) }

// Yellow is for what deserves a look.
func (p *Painter) Yellow(s string) string { return p.yellow.Sprint(s) }

// Red is for what failed.
func (p *Painter) Red(s string) string { return p.red.Sprint(s) }

// Bold is for headers and names.
func (p *Painter) Bold(s string) string { return p.bold.Sprint(s) }

// Faint is for what may be overlooked.
func (p *Painter) Faint(s string) string { return p.faint.Sprint(s) }

// Status paints a known word of status, action or state, and leaves any other as it is.
func (p *Painter) Status(word string) string {
	switch strings.ToLower(word) {
	case "ok", "set", "restored", "applied":
		return p.Green(word)
	case "warn", "kept", "overridden", "partial", "open", "lower_bound", "since_reset":
		return p.Yellow(word)
	case "fail", "failed":
		return p.Red(word)
	case "unchanged", "skip", "skipped", "undone":
		return p.Faint(word)
	}
	return word
}
