package cmd

import (
	"context"
	"fmt"
	"strings"
	"time"

	"avadb/internal/pglog"
)

// progress is a line on a terminal that says how far a long reading is. On anything else it is silent.
type progress struct {
	app   *app
	began time.Time
	last  time.Time // drawn
	total int64     // bytes; 0: not known, as of compressed files
	done  int64     // of the files before
	width int       // of the line drawn last
}

// drawnEvery is how often the line is drawn.
const drawnEvery = 200 * time.Millisecond

func (a *app) newProgress(ctx context.Context, logs pglog.Logs, names []string) *progress {
	p := &progress{app: a, began: time.Now()}
	for _, name := range names {
		info, err := logs.Stat(ctx, name)
		if err != nil || strings.HasSuffix(name, ".gz") || strings.HasSuffix(name, ".zst") {
			p.total = 0
			return p
		}
		p.total += info.Size()
	}
	return p
}

// at draws the line for a place in the current file.
func (p *progress) at(bytes int64) {
	if p.app.flags.quiet || !isTerminal(p.app.errOut) || time.Since(p.last) < drawnEvery {
		return
	}
	p.last = time.Now()
	done, seconds := float64(p.done+bytes), time.Since(p.began).Seconds()
	line := fmt.Sprintf("%.0f MB, %.0f MB/s", done/1e6, done/1e6/seconds)
	if p.total > 0 && done > 0 {
		left := time.Duration(seconds * (float64(p.total) - done) / done * float64(time.Second)).Round(time.Second)
		line = fmt.Sprintf("%3.0f%%  %s, %s left", 100*done/float64(p.total), line, max(left, 0))
	}
	p.draw(line)
}

func (p *progress) draw(line string) {
	_, _ = fmt.Fprintf(p.app.errOut, "\r%-*s", p.width, line) // a terminal that is gone ends the command by itself
	p.width = len(line)
}

// clear takes the line away.
func (p *progress) clear() {
	if p.width > 0 {
		p.draw("")
		_, _ = fmt.Fprint(p.app.errOut, "\r")
		p.width = 0
	}
}
