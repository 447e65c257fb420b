// Package cmd wires the commands: flags in, results out. What they do lives in the packages under internal.
package cmd

import (
	"context"
	"errors"
	"io"
	"os"
	"os/signal"
	"syscall"

	"avadb/internal/fault"
)

// Main runs avadb and returns its exit code.
func Main(args []string, in io.Reader, out, errOut io.Writer) int {
	// A reader that goes away must not kill avadb in the middle of a change: the write fails instead. The signal is caught
	// and not ignored, because a restart command would inherit that.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	ctx, stop := interruptible(context.Background())
	defer stop()

	a := newApp(in, out, errOut)
	a.args = args
	root := newRoot(a)
	root.SetArgs(args)
	root.SetIn(in)
	root.SetOut(pipe{out})
	root.SetErr(errOut)
	a.asJSON = wantsJSON(args)
	a.nagios = wantsNagios(args)
	command, err := root.ExecuteContextC(ctx)
	return a.finish(command, err)
}

// interruptible gives a context that the first SIGINT, SIGTERM or SIGHUP ends, with that as its cause. After the first the
// signals have their usual effect again, so that a second ^C ends the process. A terminal that goes away says so more than
// once, and the undoing of a half-made change must not end of that: SIGHUP stays caught, unless the caller had it ignored (nohup).
func interruptible(parent context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(parent)
	signals, hangUp := make(chan os.Signal, 1), make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	if !signal.Ignored(syscall.SIGHUP) {
		signal.Notify(hangUp, syscall.SIGHUP)
	}
	done := make(chan struct{})
	go func() {
		select {
		case s := <-signals:
			signal.Stop(signals)
			kind, what := fault.Interrupted, "interrupted"
			if s == syscall.SIGTERM {
				kind, what = fault.Terminated, "terminated"
			}
			cancel(fault.New(kind, "%s", what))
		case <-hangUp:
			cancel(fault.New(fault.Terminated, "the terminal was closed (SIGHUP)"))
		case <-done:
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		signal.Stop(hangUp)
		close(done)
		cancel(nil)
	}
}

// pipe is a stream whose reader may go away.
type pipe struct{ io.Writer }

func (p pipe) Write(b []byte) (int, error) {
	n, err := p.Writer.Write(b)
	if toReader(err) == nil {
		return len(b), nil
	}
	return n, err
}

// toReader takes the failure out of a write to a reader that has gone, such as head: nobody is left to tell, and what the
// command did decides its exit code.
func toReader(err error) error {
	if errors.Is(err, syscall.EPIPE) {
		return nil
	}
	return err
}
