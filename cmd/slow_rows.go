package cmd

import (
	"strings"

	"avadb/internal/render"
	"avadb/internal/statements"
)

// mergedRow is a row of a table with several sources.
type mergedRow struct {
	Origin string `json:"origin" col:""` // where its figures come from
	statements.Statement
}

// comparedRow is a row of a table with two windows.
type comparedRow struct {
	Calls       int64    `json:"calls" col:""`
	BeforeCalls *int64   `json:"before_calls" col:"spare"`
	MeanMS      float64  `json:"mean_ms" col:"num.2"`
	BeforeMean  *float64 `json:"before_mean_ms" col:"num.2"`
	TotalMS     float64  `json:"total_ms" col:"num.2,spare"`
	BeforeTotal *float64 `json:"before_total_ms" col:"num.2,spare"`
	ChangePct   *float64 `json:"change_pct" col:"num.1"` // of total_ms
	Confidence  string   `json:"confidence" col:""`
	Flags       string   `json:"flags" col:""`
	Query       string   `json:"query" col:"elastic"`
}

// slowRows are the rows as a person sees them; for programs they are the statements.
func slowRows(a *app, w window, answer *statements.Slow) any {
	if a.format != render.Table && a.format != render.Plain {
		return answer.Statements
	}
	switch {
	case w.compare > 0:
		rows := make([]comparedRow, 0, len(answer.Statements))
		for i := range answer.Statements {
			rows = append(rows, compared(&answer.Statements[i]))
		}
		return rows
	case answer.Source == sourceMerged:
		rows := make([]mergedRow, 0, len(answer.Statements))
		for _, s := range answer.Statements {
			rows = append(rows, mergedRow{Origin: s.Origin, Statement: s})
		}
		return rows
	}
	return answer.Statements
}

func compared(s *statements.Statement) comparedRow {
	r := comparedRow{
		Calls: s.Calls, MeanMS: s.MeanMS, TotalMS: s.TotalMS, ChangePct: s.ChangePct, Confidence: string(s.Confidence),
		Flags: strings.Join(s.Flags, " "), Query: s.Query,
	}
	if b := s.Before; b != nil {
		r.BeforeCalls, r.BeforeMean, r.BeforeTotal = &b.Calls, &b.MeanMS, &b.TotalMS
	}
	return r
}
