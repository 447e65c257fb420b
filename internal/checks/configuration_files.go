package checks

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"avadb/internal/settings"
	"avadb/internal/units"
)

// filesVerdict is what is wrong with the configuration files.
type filesVerdict struct {
	errors  []settings.FileRow
	unknown []string // parameters whose rows cannot be judged: the role does not see them
	syntax  bool     // one of the errors belongs to no parameter: the server shows no other rows behind it
}

// fileErrors sorts real errors from what the server reports in the same words: "setting could not be applied" is also said
// of a sound value that waits for a restart or loses to the command line.
func fileErrors(files settings.Files, parameters map[string]settings.Parameter) filesVerdict {
	var v filesVerdict
	for _, r := range files {
		p, known := parameters[strings.ToLower(r.Name)]
		switch {
		case r.Error == "", r.File == "": // without a file: a restart-class entry that was taken out of the files
		case r.Name == "":
			v.errors, v.syntax = append(v.errors, r), true
		case !strings.Contains(r.Error, "could not be applied"):
			v.errors = append(v.errors, r)
		case !known:
			v.unknown = append(v.unknown, r.Name)
		case p.Context != "postmaster" || !acceptable(p, r.Value):
			v.errors = append(v.errors, r)
		}
	}
	return v
}

// acceptable tells whether the server would take the value at its next start, as far as its type and range say.
func acceptable(p settings.Parameter, value string) bool {
	switch p.Vartype {
	case "bool":
		_, ok := units.ParseBool(value)
		return ok
	case "enum":
		return slices.ContainsFunc(p.EnumVals, func(one string) bool { return strings.EqualFold(one, value) })
	case "integer", "real":
		n, ok := units.Base(value, p.Unit)
		least, hasLeast := units.Base(p.MinVal, "")
		most, hasMost := units.Base(p.MaxVal, "")
		return ok && (!hasLeast || n >= least) && (!hasMost || n <= most)
	}
	return true
}

func brokenCheck(t Threshold) func(context.Context, *Env) (Outcome, error) {
	return func(ctx context.Context, e *Env) (Outcome, error) {
		files, err := e.readFiles(ctx)
		if err != nil {
			return Outcome{}, err
		}
		parameters, err := e.readParameters(ctx)
		if err != nil {
			return Outcome{}, err
		}
		v := fileErrors(files, parameters)
		switch {
		case len(v.errors) > 0:
			return t.measured(float64(len(v.errors)), describeErrors(v.errors), e.mend(v.errors[0])), nil
		case len(v.unknown) > 0:
			return Outcome{}, e.lacks("the role does not see "+strings.Join(v.unknown, ", "), "pg_read_all_settings")
		}
		return t.measured(0, "none", ""), nil
	}
}

func describeErrors(rows []settings.FileRow) string {
	var parts []string
	for _, r := range rows {
		parts = append(parts, strings.TrimSpace(fmt.Sprintf("%s line %d: %s %s", r.File, r.Line, r.Name, r.Error)))
	}
	return strings.Join(parts, "; ")
}

// mend is a command for the server's host that turns the line into a comment and has the files read again.
func (e *Env) mend(r settings.FileRow) string {
	return fmt.Sprintf("sed -i '%ds/^/#/' %s && psql -c 'SELECT pg_reload_conf()'", r.Line, shellWord(r.File))
}
