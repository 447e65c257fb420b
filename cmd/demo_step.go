package cmd

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"time"

	"avadb/internal/fault"
)

// stepPatience is what an interrupted step may take to end by itself: a restart that has begun is let finish, so that no
// server starts behind the demo's back after it has cleaned up.
const stepPatience = 20 * time.Second

// step prints a heading.
func (d *demo) step(title string, explain ...string) error {
	d.steps++
	if _, err := fmt.Fprintf(d.app.out, "\n%s\n", d.paint.Green(fmt.Sprintf("# %d. %s", d.steps, title))); err != nil {
		return err
	}
	for _, line := range explain {
		if err := d.say("%s", line); err != nil {
			return err
		}
	}
	return nil
}

// say prints a sentence of the walk, as a comment in a shell would look.
func (d *demo) say(format string, args ...any) error {
	for line := range strings.SplitSeq(fmt.Sprintf(format, args...), "\n") {
		if _, err := fmt.Fprintln(d.app.out, "# "+line); err != nil {
			return err
		}
	}
	return nil
}

// avadb prints a command line of avadb and runs it as a child, which then is what a user would have run: with exit codes
// and signals. It must end with one of the wanted codes. What it prints on stderr goes to stdout too, so that the whole
// walk can be kept in a file.
func (d *demo) avadb(ctx context.Context, want []int, args ...string) (code int, err error) {
	words := make([]string, len(args))
	for i, arg := range args {
		words[i] = shellQuote(arg)
	}
	line := "avadb " + strings.Join(words, " ")
	c := exec.CommandContext(ctx, d.self, args...) //nolint:gosec // avadb itself
	c.Args[0] = "avadb"
	return d.run(line, c, want)
}

// shell prints a shell command line and runs it.
func (d *demo) shell(ctx context.Context, want []int, line string) (code int, err error) {
	shell, flag := "/bin/sh", "-c"
	if runtime.GOOS == "windows" {
		shell, flag = "cmd", "/C"
	}
	return d.run(line, exec.CommandContext(ctx, shell, flag, line), want) //nolint:gosec // the demo's own line
}

func (d *demo) run(line string, c *exec.Cmd, want []int) (code int, err error) {
	if _, err := fmt.Fprintf(d.app.out, "\n%s\n", d.paint.Bold("$ "+line)); err != nil {
		return 0, err
	}
	c.Env, c.Stdout, c.Stderr, c.WaitDelay = d.env, d.app.out, d.app.out, stepPatience
	// Of ^C in the terminal only the demo hears, and hands it on once: the second would end avadb half-way.
	separate(c)
	if err := c.Start(); err != nil {
		return 0, fault.New(fault.Failed, "running %s: %w", line, err)
	}
	err = c.Wait()
	if err != nil {
		awaitGroup(c.Process.Pid, stepPatience)
	}
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		return 0, fault.New(fault.Failed, "running %s: %w", line, err)
	}
	code = c.ProcessState.ExitCode()
	if !slices.Contains(want, code) {
		return code, fault.New(fault.Failed, "%s ended with exit code %d, which the demo did not expect", line, code).
			WithHint("avadb demo --keep leaves the server for a look at it")
	}
	if code != 0 {
		_, err = fmt.Fprintln(d.app.out, d.paint.Faint(fmt.Sprintf("(exit code %d)", code)))
		return code, err
	}
	return code, nil
}
