package cmd

import (
	"bufio"
	"context"
	"fmt"
	"strings"

	"avadb/internal/fault"
	"avadb/internal/pg"
	"avadb/internal/render"
)

// asks tells whether a change waits for a person's word: only where both stdin and stderr are a terminal and --yes is
// absent. Off a terminal a reversible command goes ahead, as the script asked.
func (a *app) asks() bool {
	return !a.flags.yes && isTerminal(a.in) && isTerminal(a.errOut)
}

// confirm shows a plan on stderr and asks for a yes. Anything else changes nothing and is a failure.
func (a *app) confirm(ctx context.Context, rows any, question string) error {
	p := render.Printer{Out: a.errOut, Format: render.Table, Color: a.colorOn(a.errOut), Width: width(a.errOut)}
	if err := p.Result(nil, rows); err != nil {
		return err
	}
	if _, err := fmt.Fprint(a.errOut, render.Safe(question)+" [y/N] "); err != nil {
		return err
	}
	answer := make(chan string, 1)
	go func() { // a read cannot be interrupted; ^C must not wait for it
		line, _ := bufio.NewReader(a.in).ReadString('\n')
		answer <- strings.ToLower(strings.TrimSpace(line))
	}()
	select {
	case <-ctx.Done():
		return pg.Describe(ctx, ctx.Err())
	case word := <-answer:
		if word == "y" || word == "yes" {
			return nil
		}
	}
	return fault.New(fault.Failed, "not confirmed, nothing was changed")
}

// shown tells that the terminal shows the confirmed plan already, so that the table need not follow once more.
func (a *app) shown() bool {
	return a.asks() && a.format == render.Table && a.flags.outFile == "" && isTerminal(a.out)
}
