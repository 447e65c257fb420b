package cmd

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"runtime"
	"strings"
	"time"

	"avadb/internal/fault"
	"avadb/internal/pg"
)

// restartWait bounds the wait for the server after the restart command has ended.
const restartWait = 2 * time.Minute

// unchangedWait is how long a server that answers as before may take to begin with its restart.
const unchangedWait = 15 * time.Second

// restart runs the user's command and waits until the server is back, as a server that was really started anew. after is
// what to do when it does not come back.
func (a *app) restart(ctx context.Context, conn *pg.Conn, command, after string) error {
	a.log.Info("restarting the server: " + pg.MaskSecrets(command))
	startedBefore := conn.Server.StartedAt
	conn.Close()
	if err := a.runShell(ctx, command); err != nil {
		return fault.New(waitKind(ctx), "the restart command failed: %w", err).WithHint("%s", after)
	}
	bounded, cancel := context.WithTimeout(ctx, restartWait)
	defer cancel()
	for begun := time.Now(); ; {
		again, err := pg.WaitReady(bounded, conn.Target, pg.Options{Class: pg.Normal, Changes: true}, a.log)
		if err != nil {
			return notBack(ctx, err, after)
		}
		started := again.Server.StartedAt
		again.Close()
		if started.After(startedBefore) {
			return conn.Reconnect(ctx)
		}
		if err := sleep(bounded, 200*time.Millisecond); err != nil || time.Since(begun) > unchangedWait {
			return fault.New(waitKind(ctx), "the restart command ended, but the server runs since %s: it was not restarted",
				startedBefore.UTC().Format(time.RFC3339)).WithHint("give --restart-command a command that restarts the server and waits for it")
		}
	}
}

func notBack(ctx context.Context, err error, after string) error {
	return fault.New(waitKind(ctx), "the server did not come back after the restart: %w", err).
		WithHint("look at the server's log; if it does not start any more:\n%s", after)
}

// waitKind is the kind of a wait that was in vain: the command's own end, such as --timeout, where that was the reason.
func waitKind(ctx context.Context) fault.Kind {
	if ctx.Err() != nil {
		return fault.KindOf(pg.Describe(ctx, ctx.Err()))
	}
	return fault.Failed
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// runShell runs a shell command line; what it prints goes to stderr, because stdout is for data.
func (a *app) runShell(ctx context.Context, line string) error {
	shell, flag := "/bin/sh", "-c"
	if runtime.GOOS == "windows" {
		shell, flag = "cmd", "/C"
	}
	c := exec.CommandContext(ctx, shell, flag, line) //nolint:gosec // it is what the user asked to be run
	c.Stdout, c.Stderr = a.errOut, a.errOut
	var said bytes.Buffer
	if a.asJSON {
		c.Stdout, c.Stderr = &said, &said
	}
	c.WaitDelay = time.Second // a server it starts may keep our stderr open
	err := c.Run()
	if said.Len() > 0 {
		a.log.Info(strings.TrimSpace(said.String()))
	}
	if ctx.Err() != nil {
		return pg.Describe(ctx, ctx.Err())
	}
	if err != nil {
		return fmt.Errorf("%s: %w", pg.MaskSecrets(line), err)
	}
	return nil
}
