package cmd

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"avadb/internal/fault"
	"avadb/internal/render"
)

// exitCode is the one place that turns a kind of error into an exit code.
func exitCode(kind fault.Kind) int {
	switch kind {
	case fault.Failed, fault.Locked:
		return 1
	case fault.Usage, fault.Config, fault.NotFound:
		return 2
	case fault.Connect:
		return 3
	case fault.Privilege, fault.Prerequisite:
		return 4
	case fault.Found:
		return 5
	case fault.RestartNeeded:
		return 6
	case fault.Timeout:
		return 124
	case fault.Interrupted:
		return 130
	case fault.Terminated:
		return 143
	}
	return 1
}

// exitTopic is `avadb help exit-codes` and docs/exit-codes.md.
const exitTopic = `Exit codes are part of avadb's contract with scripts.

| code | meaning |
| --- | --- |
| 0 | done, or nothing to do |
| 1 | the operation failed; also when another avadb holds the lock (kind ` + "`locked`" + `) |
| 2 | usage or configuration is wrong: an unknown command, flag, value, key in the configuration file, change set or target |
| 3 | cannot connect or authenticate |
| 4 | a privilege or a prerequisite is missing; the message names the GRANT or the command that gives it |
| 5 | a check found something: verify (--fail-on), slow --require-coverage and --fail-over, connections (--fail-above) and connections advise; a rollback kept a value; tune --probation was rolled back |
| 6 | enable-stats only: prepared, but the server must be restarted before statistics flow |
| 124 | timed out (--timeout, or the statement_timeout of the command's priority) |
| 130 | interrupted (^C); the query on the server was cancelled, and what was already changed is reported |
| 143 | terminated (SIGTERM), or the terminal was closed (SIGHUP); likewise |

Scripts may rely on any other code meaning failure. tune and rollback that leave a restart pending exit 0: read
restart_required in their JSON. verify --nagios has Nagios' own codes: 0 OK, 1 WARN, 2 FAIL and no connection, 3 unknown:
a check that could not be seen, where nothing is worse, usage and all else. When the reader of a pipe goes away
(avadb slow | head -1) avadb ends silently with the code of what it did.
`

// finish reports an error and gives the exit code.
func (a *app) finish(command *cobra.Command, err error) int {
	if a.nagios {
		return a.finishNagios(err)
	}
	if err == nil {
		for _, n := range a.held {
			a.tell(n) //nolint:errcheck // nobody is left to tell
		}
		return 0
	}
	f := fault.As(err)
	if f == nil {
		f = fault.New(fault.Failed, "%w", err)
	}
	code := exitCode(f.Kind)
	if a.asJSON {
		a.reportJSON(code, f)
		return code
	}
	paint := render.NewPainter(a.colorOn(a.errOut))
	fmt.Fprintln(a.errOut, paint.Red("avadb: ")+safeLines(f.Message)) //nolint:errcheck // nobody is left to tell
	if f.Hint != "" {
		fmt.Fprintln(a.errOut, paint.Bold("next:  ")+safeLines(f.Hint)) //nolint:errcheck // as above
	}
	if f.Kind == fault.Usage && command != nil {
		fmt.Fprintf(a.errOut, "usage: %s (more: %s --help)\n", command.UseLine(), command.CommandPath()) //nolint:errcheck // as above
	}
	return code
}

// safeLines escapes what a server or a user put into a message, but keeps its line breaks.
func safeLines(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = render.Safe(line)
	}
	return strings.Join(lines, "\n       ")
}

type errorDocument struct {
	SchemaVersion int       `json:"schema_version"` // as in every document
	Error         errorBody `json:"error"`          // what went wrong
	Notices       []string  `json:"notices"`        // what was said on the way: what was changed, what to know
}

type errorBody struct {
	Code     int        `json:"code"`     // the exit code
	Kind     fault.Kind `json:"kind"`     // class of failure, with its exit code
	Message  string     `json:"message"`  // what was being done, and what went wrong
	Hint     string     `json:"hint"`     // the next step to take, may be empty
	SQLState string     `json:"sqlstate"` // empty where no server spoke
}

func (a *app) reportJSON(code int, f *fault.Error) {
	doc := errorDocument{SchemaVersion: schemaVersion, Error: errorBody{code, f.Kind, f.Message, f.Hint, f.SQLState}, Notices: []string{}}
	for _, n := range a.held {
		doc.Notices = append(doc.Notices, n.text)
	}
	p := render.Printer{Out: a.errOut, Format: render.JSONL}
	p.Result(nil, []errorDocument{doc}) //nolint:errcheck // nobody is left to tell
}

// wantsJSON looks for -o json by itself, because the flags may be what is wrong.
func wantsJSON(args []string) bool {
	for i, arg := range args {
		value := ""
		switch {
		case (arg == "-o" || arg == "--output") && i+1 < len(args):
			value = args[i+1]
		case strings.HasPrefix(arg, "--output="):
			value = strings.TrimPrefix(arg, "--output=")
		case strings.HasPrefix(arg, "-o"):
			value = strings.TrimPrefix(strings.TrimPrefix(arg, "-o"), "=")
		case arg == "--":
			return false
		}
		if value == string(render.JSON) || value == string(render.JSONL) {
			return true
		}
	}
	return false
}
