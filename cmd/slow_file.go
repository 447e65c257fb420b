package cmd

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/pflag"

	"avadb/internal/fault"
	"avadb/internal/fingerprint"
	"avadb/internal/pglog"
	"avadb/internal/render"
	"avadb/internal/statements"
)

const sourceFile = "file"

func addFileFlags(f *pflag.FlagSet, o *slowOptions) {
	f.StringArrayVar(&o.files, "file", nil, "server logs to read instead of asking a server: a name or a quoted pattern, - is stdin; can be given more than once")
	f.StringVar(&o.prefix, "log-line-prefix", "", "with --file: log_line_prefix of stderr logs (default: detected)")
	f.StringVar(&o.zone, "log-timezone", "", "with --file: "+zoneUsage)
}

// checkFile refuses what --file does not go with.
func (o slowOptions) checkFile(a *app) error {
	orders := []statements.By{statements.ByTotal, statements.ByMean, statements.ByMax, statements.ByCalls}
	switch {
	case len(o.files) == 0 && o.prefix != "":
		return fault.New(fault.Usage, "--log-line-prefix goes with --file")
	case len(o.files) == 0 && o.zone != "":
		return fault.New(fault.Usage, "--log-timezone goes with --file")
	case len(o.files) == 0:
		return nil
	case a.changed("source") || o.sample != "" || o.compare != "":
		return fault.New(fault.Usage, "--file and --source, --sample, --compare exclude each other").WithHint("a log is a source of its own")
	case !slices.Contains(orders, statements.By(o.by)):
		return fault.New(fault.Usage, "a log does not hold what --by %s orders by", o.by).WithHint("use one of: total, mean, max, calls")
	}
	return nil
}

// fileRow is a row for people and for spreadsheets: a log has percentiles, and no rows.
type fileRow struct {
	Calls    int64    `json:"calls" col:""`
	TotalMS  float64  `json:"total_ms" col:"num.2"`
	MeanMS   float64  `json:"mean_ms" col:"num.2"`
	P50MS    *float64 `json:"p50_ms" col:"num.2,spare"`
	P95MS    *float64 `json:"p95_ms" col:"num.2,spare"`
	P99MS    *float64 `json:"p99_ms" col:"num.2"`
	MaxMS    *float64 `json:"max_ms" col:"num.2"`
	SharePct *float64 `json:"share_pct" col:"num.1,spare"`
	Query    string   `json:"query" col:"elastic"`
}

// runSlowFile answers from log files.
func runSlowFile(ctx context.Context, a *app, o slowOptions, w window) error {
	options := pglog.Options{Prefix: o.prefix, Statements: true}
	asked := a.changed("since") || a.changed("around")
	var err error
	if options.Zone, err = readZone(o.zone); err != nil {
		return err
	}
	if asked {
		if options.Since, err = w.begin(a.now()); err != nil {
			return err
		}
	}
	if w.end != nil {
		if options.Until, err = w.end(a.now()); err != nil {
			return err
		}
	}
	defer collectSeldom()()
	r, err := a.readLogs(ctx, o.files, options)
	if err != nil {
		return err
	}
	answer := statements.Slow{Source: sourceFile, Window: fileWindow(r, options, a.now()), Statements: fileStatements(r, o)}
	found := w.judge(&answer)
	if o.limit > 0 && len(answer.Statements) > o.limit {
		answer.Statements = answer.Statements[:o.limit]
	}
	doc := slowDocument{head: a.head("slow", nil), Slow: answer}
	if anyRead(r.Files) { // else nothing is known of any window
		a.explainWindow(nil, doc)
	}
	return errors.Join(a.result(doc, fileRows(a, answer.Statements)), found, unreadLogs(r.Files))
}

// fileWindow tells what of the window asked for the logs reach over: all of them, where none was asked for.
func fileWindow(r *pglog.Result, o pglog.Options, now time.Time) statements.Window {
	w := statements.Window{
		RequestedFrom: o.Since.UTC(), RequestedTo: o.Until.UTC(), CoveredFrom: r.Range.From, Confidence: statements.LowerBound,
		Reasons: []string{"a log holds what log_min_duration_statement, log_duration and sampling let in: at least this happened"},
	}
	if o.Until.IsZero() {
		w.RequestedTo = now.UTC()
	}
	if r.Range.From == nil {
		w.CoveredTo = w.RequestedTo
		if o.Since.IsZero() {
			w.RequestedFrom = w.RequestedTo
		}
		w.Reasons = append(w.Reasons, "no event of the logs lies within the window, or they have no timestamps")
		return w
	}
	w.CoveredTo = *r.Range.To
	if o.Since.IsZero() {
		w.RequestedFrom = *r.Range.From
		if o.Until.IsZero() {
			w.RequestedTo = *r.Range.To
		}
	}
	if asked := w.RequestedTo.Sub(w.RequestedFrom); asked > 0 {
		pct := math.Round(10000*w.CoveredTo.Sub(*w.CoveredFrom).Seconds()/asked.Seconds()) / 100
		w.CoveragePct = &pct
	}
	if n := r.Dropped.Statements; n > 0 {
		w.Reasons = append(w.Reasons, fmt.Sprintf("there are too many different statements: %d with less time were left out, none of more than %.3f ms", n, r.Dropped.BoundMS))
	}
	return w
}

// fileStatements are the statements in order, those that were asked for.
func fileStatements(r *pglog.Result, o slowOptions) []statements.Statement {
	var scopeMS float64
	only := func(s *pglog.Statement) bool {
		if o.onlyDB != "" && s.Database != o.onlyDB || o.onlyUser != "" && s.User != o.onlyUser {
			return false
		}
		scopeMS += s.TotalMS
		return s.Calls >= o.minCalls
	}
	limit := o.limit
	if o.window.failOver != "" { // it looks at all
		limit = 0
	}
	found := r.Top(only, fileOrder(statements.By(o.by)), limit)
	rows := make([]statements.Statement, len(found))
	for i := range found {
		rows[i] = fileStatement(&found[i])
	}
	for i := range rows {
		if scopeMS > 0 {
			pct := math.Round(10000*rows[i].TotalMS/scopeMS) / 100
			rows[i].SharePct = &pct
		}
		rows[i].Query = fingerprint.MaskSecrets(string(fingerprint.AppendRedacted(nil, rows[i].Query)))
		rows[i].Example.Query = fingerprint.MaskSecrets(rows[i].Example.Query)
	}
	return rows
}

// fileOrder compares statements, and leaves none equal.
func fileOrder(by statements.By) func(a, b *pglog.Statement) int {
	weight := func(s *pglog.Statement) float64 {
		switch by {
		case statements.ByMean:
			return s.MeanMS()
		case statements.ByMax:
			return s.MaxMS
		case statements.ByCalls:
			return float64(s.Calls)
		default:
			return s.TotalMS
		}
	}
	return func(a, b *pglog.Statement) int {
		return cmp.Or(cmp.Compare(weight(b), weight(a)), cmp.Compare(b.TotalMS, a.TotalMS), cmp.Compare(a.Signature, b.Signature),
			cmp.Compare(a.Database, b.Database), cmp.Compare(a.User, b.User))
	}
}

func fileStatement(s *pglog.Statement) statements.Statement {
	signature := s.Signature.String()
	row := statements.Statement{
		Signature: &signature, Database: optionalText(s.Database), User: optionalText(s.User), Origin: "log", Calls: s.Calls, TotalMS: s.TotalMS,
		MeanMS: s.MeanMS(), MinMS: &s.MinMS, MaxMS: &s.MaxMS, StddevMS: &s.StddevMS,
		P50MS: &s.Quantiles[0], P95MS: &s.Quantiles[1], P99MS: &s.Quantiles[2], Confidence: statements.LowerBound, Flags: []string{},
		Example: &statements.Example{At: s.Example.At, DurationMS: s.MaxMS, Query: s.Example.Query, Parameters: optionalText(s.Example.Parameters)},
		Query:   s.Example.Query,
	}
	if s.QueryID != 0 {
		id := strconv.FormatInt(s.QueryID, 10)
		row.QueryID = &id
	}
	if s.MissingMS > 0 {
		row.Flags = append(row.Flags, "evicted")
	}
	return row
}

func fileRows(a *app, all []statements.Statement) any {
	if a.format == render.JSON || a.format == render.JSONL {
		return all
	}
	rows := make([]fileRow, 0, len(all))
	for i := range all {
		s := &all[i]
		rows = append(rows, fileRow{s.Calls, s.TotalMS, s.MeanMS, s.P50MS, s.P95MS, s.P99MS, s.MaxMS, s.SharePct, s.Query})
	}
	return rows
}

func optionalText(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
