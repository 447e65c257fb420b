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
	code, word := nagiosOK, "OK"
	s := doc.Summary
	switch {
	case s.Fail > 0:
		code, word = nagiosCritical, "CRITICAL"
	case s.Warn > 0:
		code, word = nagiosWarning, "WARNING"
	case s.OK == 0:
		code, word = nagiosUnknown, "UNKNOWN"
	}
	line := "AVADB " + word + " - " + s.String()
	for _, r := range checks.WorstFirst(doc.Checks) {
		if r.Status == checks.Fail || r.Status == checks.Warn || s.OK == 0 && s.Warn == 0 && s.Fail == 0 {
			line += fmt.Sprintf("; %s %s: %s: %s", r.ID, r.Status, r.Title, nagiosText(r.Detail))
		}
	}
	if err := a.write([]byte(line + performance(doc.Checks) + "\n")); err != nil {
		return err
	}
	a.nagiosSaid, a.nagiosCode = true, code
	return nil
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
