package cmd

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"syscall"

	"github.com/rogpeppe/go-internal/testscript"
)

// cmdExit runs a program that must end with this very code: `exit 2 avadb tune`.
func cmdExit(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exit CODE PROGRAM [ARGUMENT...]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	if failed := (*exec.ExitError)(nil); errors.As(err, &failed) {
		got = failed.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// cmdSignal sends a signal to the newest program in the background.
func cmdSignal(ts *testscript.TestScript, neg bool, args []string) {
	signals := map[string]syscall.Signal{"INT": syscall.SIGINT, "TERM": syscall.SIGTERM, "HUP": syscall.SIGHUP, "KILL": syscall.SIGKILL}
	running := ts.BackgroundCmds()
	if neg || len(args) != 1 || signals[args[0]] == 0 || len(running) == 0 {
		ts.Fatalf("usage: signal INT|TERM|HUP|KILL, while a program runs in the background")
	}
	of(ts).signaled = running[len(running)-1]
	ts.Check(of(ts).signaled.Process.Signal(signals[args[0]]))
}

// cmdEnded checks, after `wait`, the exit code of the program that got the signal; 128 and the signal where it died of it, as
// a shell says it.
func cmdEnded(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 || of(ts).signaled == nil || of(ts).signaled.ProcessState == nil {
		ts.Fatalf("usage: ended CODE, after signal and wait")
	}
	got := of(ts).signaled.ProcessState.ExitCode()
	if status, ok := of(ts).signaled.ProcessState.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		got = 128 + int(status.Signal())
	}
	if strconv.Itoa(got) != args[0] {
		ts.Fatalf("exit code %d, want %s", got, args[0])
	}
}

// cmdSeen waits until a pattern is in a file that a program in the background writes: `seen [-count N] FILE PATTERN`.
func cmdSeen(ts *testscript.TestScript, neg bool, args []string) {
	count := 1
	if len(args) == 4 && args[0] == "-count" {
		var err error
		count, err = strconv.Atoi(args[1])
		ts.Check(err)
		args = args[2:]
	}
	if neg || len(args) != 2 {
		ts.Fatalf("usage: seen [-count N] FILE PATTERN")
	}
	pattern, err := regexp.Compile("(?m)" + args[1])
	ts.Check(err)
	until(ts, args[1]+" is in "+args[0], func() bool {
		text, err := os.ReadFile(ts.MkAbs(args[0])) // which the program may not have opened yet
		return err == nil && len(pattern.FindAll(text, count)) == count
	})
}

// cmdJSON checks jq expressions on a file, stdout or stderr: each must be true. -s takes all values as one array.
func cmdJSON(ts *testscript.TestScript, neg bool, args []string) {
	slurp := len(args) > 0 && args[0] == "-s"
	if slurp {
		args = args[1:]
	}
	if neg || len(args) < 2 {
		ts.Fatalf("usage: json [-s] FILE EXPRESSION...")
	}
	text := ts.ReadFile(args[0])
	for _, expression := range args[1:] {
		flags := []string{"-c", expression}
		if slurp {
			flags = append([]string{"-s"}, flags...)
		}
		if got := jq(ts, text, flags...); got != "true" {
			ts.Fatalf("%s\n%s gives %s", text, expression, got)
		}
	}
}

// cmdCSV reads csv as any program would, and puts it on stdout as a JSON list with an object for each line.
func cmdCSV(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: csv FILE")
	}
	lines, err := csv.NewReader(strings.NewReader(ts.ReadFile(args[0]))).ReadAll()
	ts.Check(err)
	rows := []map[string]string{}
	for _, line := range lines[min(1, len(lines)):] {
		row := map[string]string{}
		for i, value := range line {
			row[lines[0][i]] = value
		}
		rows = append(rows, row)
	}
	ts.Check(json.NewEncoder(ts.Stdout()).Encode(rows))
}

// cmdCapture puts what a jq expression gives on stdout into a variable: `capture SET .change_set`.
func cmdCapture(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: capture VARIABLE EXPRESSION")
	}
	text := ts.ReadFile("stdout")
	value := jq(ts, text, "-r", args[1])
	if value == "" || value == "null" {
		ts.Fatalf("%s gives nothing in:\n%s", args[1], text)
	}
	ts.Setenv(args[0], value)
}

func jq(ts *testscript.TestScript, text string, args ...string) string {
	var out, errOut bytes.Buffer
	command := exec.Command("jq", args...) //nolint:noctx // ends at once
	command.Stdin, command.Stdout, command.Stderr = strings.NewReader(text), &out, &errOut
	if err := command.Run(); err != nil {
		ts.Fatalf("jq %q: %v: %s\n%s", args, err, errOut.String(), text)
	}
	return strings.TrimSpace(out.String())
}
