package cmd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"time"

	"golang.org/x/term"

	"avadb/internal/fault"
	"avadb/internal/pg"
	"avadb/internal/render"
	"avadb/internal/units"
)

// sample is one look: the document, the lists that it is printed as, what is said below them, and the verdict.
type sample struct {
	doc     any
	lists   []any
	below   string
	verdict error
	missed  error // nothing could be looked at, and the next look may
}

// repeat looks again and again: on a terminal in the same place, into a pipe one document after the other. It ends well when the reader goes
// away, after so many samples (0: without end), and with the first verdict.
func (a *app) repeat(ctx context.Context, every time.Duration, samples int, look func() (sample, error)) error {
	for n := 1; ; n++ {
		began := a.now()
		a.lookedAt = stamp(began)
		s, err := look()
		if err != nil {
			return err
		}
		if gone, err := a.writeSample(s, n, every); gone || err != nil {
			return err
		}
		switch {
		case s.verdict != nil:
			return s.verdict
		case n == samples:
			return s.missed
		}
		select {
		case <-ctx.Done():
			return pg.Describe(ctx, ctx.Err())
		case <-time.After(every - a.now().Sub(began)):
		}
	}
}

// writeSample prints one look, and tells that nobody reads any more.
func (a *app) writeSample(s sample, n int, every time.Duration) (gone bool, err error) {
	var raw []byte
	if s.missed == nil {
		if raw, err = a.rendered(s.doc, s.lists...); err != nil {
			return false, err
		}
	} else if s.below = "not seen: " + s.missed.Error() + "; again in " + units.FormatDuration(every); !a.redraws() {
		a.log.Warn(s.below)
		a.tellHeld()
		return false, nil
	}
	switch {
	case a.redraws():
		heading := fmt.Sprintf("avadb %s, every %s: %s", commandName(a.command), units.FormatDuration(every), a.now().Format(time.RFC3339))
		raw = a.frame(heading, linesOf(string(raw)), linesOf(s.below), n == 1)
	case a.flags.outFile != "":
		return false, a.write(append(raw, s.below...))
	case n > 1 && a.format != render.JSON && a.format != render.JSONL:
		raw = append([]byte("\n"), raw...)
	}
	_, err = a.out.Write(raw)
	if errors.Is(err, syscall.EPIPE) {
		return true, nil
	}
	if err != nil {
		return false, fault.New(fault.Failed, "write the result: %w", err).WithHint("check the space and the permissions where the output goes")
	}
	return false, nil
}

// redraws tells a terminal, on which each look takes the place of the one before.
func (a *app) redraws() bool {
	return a.format == render.Table && a.flags.outFile == "" && isTerminal(a.out)
}

const (
	home      = "\x1b[H"
	clearAll  = "\x1b[2J"
	clearLine = "\x1b[K"
	clearDown = "\x1b[J"
	cutLines  = "\x1b[?7l" // a line that is too long must not become two: the next frame would begin in the wrong place
	wrapLines = "\x1b[?7h"
)

// stamp is a time as documents have it.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z07:00") }

func linesOf(text string) []string {
	if text = strings.TrimRight(text, "\n"); text == "" {
		return nil
	}
	return strings.Split(text, "\n")
}

// fitHeight gives what a screen of so many rows can show: the heading, as much of the body as there is room for, and what stands below it, which
// takes up to half of the screen. 0 rows is no screen.
func fitHeight(heading string, body, below []string, rows int) []string {
	if rows > 1 && 1+len(body)+len(below) > rows-1 {
		kept := min(len(below), max(rows-2, 0)/2)
		room := min(max(rows-3-kept, 0), len(body)) // without the heading, the line of what is left out, and the one of the cursor
		more := len(body) - room + len(below) - kept
		body = append(slices.Clone(body[:room]), fmt.Sprintf("... %d more lines; --only and --by show less", more))
		below = below[:kept]
	}
	lines := slices.Concat([]string{heading}, body, below)
	if rows > 1 {
		lines = lines[:min(len(lines), rows-1)]
	}
	return lines
}

// frame draws over the last look line by line, in one write: nothing flickers, as nothing is cleared that is drawn again.
func (a *app) frame(heading string, body, below []string, first bool) []byte {
	lines := fitHeight(heading, body, below, height(a.out))
	var b bytes.Buffer
	if first {
		b.WriteString(clearAll)
	}
	b.WriteString(home + cutLines)
	for _, line := range lines {
		b.WriteString(line + clearLine + "\r\n")
	}
	b.WriteString(clearDown + wrapLines)
	return b.Bytes()
}

// height is how many lines a terminal has; 0 for what is none.
func height(stream any) int {
	f, ok := stream.(interface{ Fd() uintptr })
	if !ok {
		return 0
	}
	_, rows, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 0
	}
	return rows
}
