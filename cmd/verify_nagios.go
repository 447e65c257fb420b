package cmd

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"avadb/internal/checks"
	"avadb/internal/fault"
	"avadb/internal/render"
)

// The exit codes of a Nagios plugin (Monitoring Plugins Development Guidelines).
const (
	nagiosOK       = 0
	nagiosWarning  = 1
	nagiosCritical = 2
	nagiosUnknown  = 3
)

// wantsNagios looks for verify --nagios by itself: where a flag is wrong none is parsed, and a monitor must get its line.
func wantsNagios(args []string) bool {
	if end := slices.Index(args, "--"); end >= 0 {
		args = args[:end]
	}
	wanted := false
	for _, arg := range args {
		value, given := strings.CutPrefix(arg, "--nagios=")
		on, err := strconv.ParseBool(value)
		wanted = wanted || arg == "--nagios" || given && (on || err != nil)
	}
	return wanted && slices.Contains(args, "verify")
}

// finishNagios gives the exit code, and the line where none was printed: whatever went wrong, a monitor reads stdout.
func (a *app) finishNagios(err error) int {
	if err == nil || a.nagiosSaid {
		return a.nagiosCode
	}
	code, word := nagiosUnknown, "UNKNOWN"
	text := err.Error()
	f := fault.As(err)
	if f != nil && f.Kind == fault.Connect {
		code, word = nagiosCritical, "CRITICAL"
	}
	if f != nil && f.Hint != "" {
		text += "; next: " + f.Hint
	}
	fmt.Fprintln(a.out, "AVADB "+word+" - "+nagiosText(text)) //nolint:errcheck // nobody is left to tell
	return code
}

// printNagios prints the one line of a run, with the measures as performance data.
func (a *app) printNagios(doc verifyDocument) error {
	code, word := nagiosVerdict(doc)
	line := "AVADB " + word + " - " + doc.Summary.String()
	var unseen []string
	for _, r := range checks.WorstFirst(doc.Checks) {
		switch {
		case r.Status == checks.Fail, r.Status == checks.Warn, r.Status == checks.Skip && code == nagiosUnknown && (r.Blind || doc.Summary.OK == 0):
			line += fmt.Sprintf("; %s %s: %s: %s", r.ID, r.Status, r.Title, nagiosText(r.Detail))
		case r.Blind:
			unseen = append(unseen, r.ID)
		}
	}
	if len(unseen) > 0 { // worse was found: the line is about that
		line += "; could not be seen: " + strings.Join(unseen, ", ")
	}
	if err := a.write([]byte(line + performance(doc.Checks) + "\n")); err != nil {
		return err
	}
	a.nagiosSaid, a.nagiosCode = true, code
	return nil
}

// nagiosVerdict takes what could not be seen for unknown: a monitor whose role lost a GRANT must not stay green.
func nagiosVerdict(doc verifyDocument) (code int, word string) {
	blind := slices.ContainsFunc(doc.Checks, func(r checks.Result) bool { return r.Blind })
	switch {
	case doc.Summary.Fail > 0:
		return nagiosCritical, "CRITICAL"
	case doc.Summary.Warn > 0:
		return nagiosWarning, "WARNING"
	case blind, doc.Summary.OK == 0:
		return nagiosUnknown, "UNKNOWN"
	}
	return nagiosOK, "OK"
}

// nagiosText keeps the line one line, and free of the bar that begins the performance data.
func nagiosText(text string) string {
	return render.Preview(strings.ReplaceAll(text, "|", "/"), 0)
}

// performance is " | label=value[unit];warn;crit ...", empty where nothing was measured.
func performance(results []checks.Result) string {
	units := map[string]string{"pct": "%", "s": "s", "ms": "ms"}
	var words []string
	for _, r := range results {
		if r.Value == nil {
			continue
		}
		word := fmt.Sprintf("%s=%s%s;%s;%s", r.ID, plainNumber(r.Value), units[r.Unit], plainNumber(r.Threshold.Warn), plainNumber(r.Threshold.Fail))
		words = append(words, strings.TrimRight(word, ";"))
	}
	if len(words) == 0 {
		return ""
	}
	return " | " + strings.Join(words, " ")
}

func plainNumber(f *float64) string {
	if f == nil {
		return ""
	}
	return strconv.FormatFloat(*f, 'f', -1, 64)
}
