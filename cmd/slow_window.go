package cmd

import (
	"fmt"
	"time"

	"github.com/spf13/pflag"

	"avadb/internal/fault"
	"avadb/internal/statements"
	"avadb/internal/units"
)

// windowOptions say which window is asked for, and what it must be.
type windowOptions struct {
	since, until, around, within string
	requireCoverage              float64
	failOver                     string
}

func (o *windowOptions) addFlags(f *pflag.FlagSet) {
	f.StringVar(&o.since, "since", "1h", "begin: how far back, a duration (90s 15m 1h 7d), or a time (2026-11-24T09:00; 03:15 is the last one)")
	f.StringVar(&o.until, "until", "", "end: a time (a 03:15 without a date is the last one), or how far back (default: now)")
	f.StringVar(&o.around, "around", "", "a time in the middle of the window, instead of its begin and end; 03:15 is the last one")
	f.StringVar(&o.within, "within", "5m", "with --around: how far the window reaches to both sides")
	f.Float64Var(&o.requireCoverage, "require-coverage", 0, "exit with 5 where less than this percentage of the window is covered, or that is not known")
	f.StringVar(&o.failOver, "fail-over", "", "exit with 5 where the mean of a statement is above this (500ms)")
}

// window is what was asked for.
type window struct {
	begin, end      statements.Begin // end is nil for now
	sample          time.Duration    // instead of begin and end
	compare         time.Duration    // 0: with nothing
	requireCoverage float64          // percent; 0: whatever it is
	failOver        time.Duration    // 0: whatever it costs
}

func (o windowOptions) read(a *app) (w window, err error) {
	w.requireCoverage = o.requireCoverage
	switch {
	case !(o.requireCoverage >= 0 && o.requireCoverage <= 100): // NaN is neither
		return w, fault.New(fault.Usage, "--require-coverage %g is no percentage", o.requireCoverage).WithHint("from 0 to 100, such as 90")
	case o.around != "" && (a.changed("since") || a.changed("until")):
		return w, fault.New(fault.Usage, "--around and --since, --until exclude each other").WithHint("--within says how far the window reaches")
	case a.changed("within") && o.around == "":
		return w, fault.New(fault.Usage, "--within goes with --around")
	}
	if o.failOver != "" {
		if w.failOver, err = duration("fail-over", o.failOver, time.Microsecond); err != nil {
			return w, err
		}
	}
	if o.around != "" {
		return w, w.setAround(a, o)
	}
	if w.begin, err = o.moment(a, "since", o.since); err != nil || o.until == "" {
		return w, err
	}
	w.end, err = o.moment(a, "until", o.until)
	return w, err
}

// moment reads a while before the server's now, or a time.
func (o windowOptions) moment(a *app, flag, text string) (statements.Begin, error) {
	while, err := units.ParseDuration(text)
	switch {
	case err != nil:
		at, err := units.ParseTime(text, a.now())
		return statements.At(at), err
	case while <= 0:
		return nil, fault.New(fault.Usage, "--%s %s is not in the past", flag, text)
	}
	return statements.Ago(while), nil
}

func (w *window) setAround(a *app, o windowOptions) error {
	within, err := duration("within", o.within, time.Second)
	if err != nil {
		return err
	}
	middle, err := units.ParseTime(o.around, a.now())
	if err != nil {
		return err
	}
	w.begin = statements.At(middle.Add(-within))
	w.end = func(now time.Time) (time.Time, error) {
		if end := middle.Add(within); end.Before(now) {
			return end, nil
		}
		return now, nil
	}
	return nil
}

// needsAll tells that more rows than are shown must be looked at.
func (w window) needsAll() bool { return w.failOver > 0 || w.compare > 0 }

// judge gives the error for what --require-coverage and --fail-over find.
func (w window) judge(answer *statements.Slow) error {
	if covered := answer.Window.CoveragePct; w.requireCoverage > 0 && (covered == nil || *covered < w.requireCoverage) {
		known := "not known"
		if covered != nil {
			known = fmt.Sprintf("%g%%", *covered)
		}
		return fault.New(fault.Found, "the coverage of the window is %s, and %g%% was required", known, w.requireCoverage).
			WithHint("avadb slowlog collect keeps the history that a window needs; avadb slowlog status shows its gaps")
	}
	if (w.requireCoverage > 0 || w.failOver > 0) && answer.NotVisible > 0 {
		return fault.New(fault.Found, "%d statements of other roles are not visible: whether all is well cannot be told", answer.NotVisible).
			WithHint("run the check as a role that sees them: GRANT pg_read_all_stats TO it")
	}
	if covered := answer.Window; w.failOver > 0 && covered.CoveredFrom != nil && !covered.CoveredFrom.Before(covered.CoveredTo) {
		return fault.New(fault.Found, "nothing of the window is counted: whether all is well cannot be told").
			WithHint("ask for a window that holds two snapshots: avadb slowlog status says when they were taken")
	}
	limit := float64(w.failOver) / float64(time.Millisecond)
	slow, worst := 0, (*statements.Statement)(nil)
	for i := range answer.Statements {
		s := &answer.Statements[i]
		if answer.Source == sourceMerged && s.Origin != sourceStats {
			continue // of a table that holds only what was slow no mean can be told
		}
		if w.failOver > 0 && s.MeanMS > limit {
			if slow++; worst == nil || s.MeanMS > worst.MeanMS {
				worst = s
			}
		}
	}
	if worst == nil {
		return nil
	}
	name := "without a signature"
	if worst.Signature != nil {
		name = *worst.Signature
	}
	hint := "avadb slow " + name + " shows one of them"
	if answer.Source == sourceFile {
		hint = "avadb slow --file FILE -o json shows the one with the signature " + name
	}
	if worst.Signature == nil {
		hint = "avadb slow -o json shows them"
	}
	what := "1 statement took"
	if slow > 1 {
		what = fmt.Sprintf("%d statements took", slow)
	}
	return fault.New(fault.Found, "%s more than %s on average; the slowest %.2f ms: %s", what, units.FormatDuration(w.failOver), worst.MeanMS, name).
		WithHint("%s", hint)
}
