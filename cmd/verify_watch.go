package cmd

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"avadb/internal/checks"
	"avadb/internal/fault"
	"avadb/internal/pg"
	"avadb/internal/render"
	"avadb/internal/units"
)

// shortestWatch is how often the checklist can be run without being the load itself.
const shortestWatch = time.Second

// interval is that of --watch, 0 without it.
func (o verifyOptions) interval() (time.Duration, error) {
	if o.watch == "" {
		return 0, nil
	}
	return duration("watch", o.watch, shortestWatch)
}

// endpoints are those of --health-url, with their token; nil without it.
func (a *app) endpoints(o verifyOptions) (*checks.Endpoints, error) {
	if o.healthURL == "" {
		return nil, nil
	}
	token := a.env("AVADB_SERVE_TOKEN")
	if o.tokenFile != "" {
		raw, err := os.ReadFile(o.tokenFile)
		if err != nil {
			return nil, fault.New(fault.Config, "read the token: %w", err)
		}
		token = string(raw)
	}
	return checks.NewEndpoints(o.healthURL, strings.TrimSpace(token))
}

// clearScreen puts the cursor at the top of an empty screen.
const clearScreen = "\x1b[H\x1b[2J"

// watchVerify runs the checklist until the context ends. What a check finds is shown and ends nothing; neither does a server that goes
// away, once it has been seen.
func (a *app) watchVerify(ctx context.Context, o verifyOptions, list []checks.Check) error {
	every, err := o.interval()
	if err != nil {
		return err
	}
	for round := 1; ; round++ {
		began := time.Now()
		if err := a.watchRound(ctx, o, list, round, every); err != nil {
			return err
		}
		a.tellHeld()
		if a.readerGone {
			return nil
		}
		timer := time.NewTimer(max(every-time.Since(began), 0))
		select {
		case <-ctx.Done():
			timer.Stop()
			return pg.Describe(ctx, ctx.Err())
		case <-timer.C:
		}
	}
}

func (a *app) watchRound(ctx context.Context, o verifyOptions, list []checks.Check, round int, every time.Duration) error {
	a.lookedAt = stamp(a.now())
	onTerminal := a.redraws()
	if round > 1 && !onTerminal && a.format != render.JSON && a.format != render.JSONL {
		if err := a.write([]byte("\n")); err != nil {
			return err
		}
	}
	if onTerminal {
		header := fmt.Sprintf("%savadb verify, every %s: %s\n\n", clearScreen, o.watch, a.now().Format(time.RFC3339))
		if err := a.write([]byte(header)); err != nil {
			return err
		}
	}
	err := a.verifyOnce(ctx, o, list)
	switch kind := fault.KindOf(err); {
	case err == nil, kind == fault.Found:
		return nil
	case ctx.Err() != nil, kind != fault.Connect, round == 1:
		return err
	}
	a.log.Warn("not checked: " + err.Error() + "; again in " + units.FormatDuration(every))
	return nil
}

// tellHeld says what waits for the end beside JSON: here the end does not come.
func (a *app) tellHeld() {
	for _, n := range a.held {
		a.tell(n) //nolint:errcheck // nobody is left to tell
	}
	a.held = nil
}
