package cmd

import (
	"cmp"
	"strings"
	"time"

	"avadb/internal/history"
	"avadb/internal/render"
	"avadb/internal/statements"
)

// signatureRow is the statement of one database, role and origin.
type signatureRow struct {
	Database *string `json:"database" col:""`
	User     *string `json:"user" col:""`
	Origin   string  `json:"origin" col:""`
	statements.Statement
}

// signatureText is what all the rows have in common.
type signatureText struct {
	Signature string     `json:"signature" col:""`
	FirstSeen *time.Time `json:"first_seen" col:""`
	Query     string     `json:"query" col:""`
}

// course is one figure over the window, as a line that is read at a glance.
type course struct {
	Figure  string   `json:"figure" col:""`
	History string   `json:"history" col:""`
	Least   *float64 `json:"least" col:"num.2"`
	Most    *float64 `json:"most" col:"num.2"`
}

type planLine struct {
	Plan string `json:"plan" col:""`
}

// print writes the page for a person; for csv and jsonl its statements alone.
func (p *signaturePage) print() error {
	doc := &p.doc
	if p.app.format != render.Table && p.app.format != render.Plain {
		return p.app.result(doc, doc.Statements)
	}
	lists := []any{[]signatureText{{doc.Signature, doc.FirstSeen, doc.Query}}}
	rows := make([]signatureRow, 0, len(doc.Statements))
	for _, s := range doc.Statements {
		rows = append(rows, signatureRow{Database: s.Database, User: s.User, Origin: s.Origin, Statement: s})
	}
	lists = append(lists, rows)
	if len(doc.History) > 0 {
		lists = append(lists, courses(doc.History, p.app.format == render.Plain || !p.app.isUTF8()))
	}
	if len(doc.Applications) > 0 {
		lists = append(lists, doc.Applications)
	}
	if len(doc.Examples) > 0 {
		lists = append(lists, doc.Examples)
	}
	if len(doc.ChangeSets) > 0 {
		lists = append(lists, doc.ChangeSets)
	}
	if len(doc.Plan) > 0 {
		plan := make([]planLine, 0, len(doc.Plan))
		for _, line := range doc.Plan {
			plan = append(plan, planLine{line})
		}
		lists = append(lists, plan)
	}
	return p.app.results(doc, lists...)
}

func courses(points []history.Point, ascii bool) []course {
	of := func(figure string, value func(history.Point) *float64) course {
		c, values := course{Figure: figure}, make([]*float64, 0, len(points))
		for _, p := range points {
			v := value(p)
			values = append(values, v)
			if v == nil {
				continue
			}
			if c.Least == nil || *v < *c.Least {
				c.Least = v
			}
			if c.Most == nil || *v > *c.Most {
				c.Most = v
			}
		}
		c.History = render.Sparkline(values, ascii)
		return c
	}
	return []course{
		of("calls", func(p history.Point) *float64 {
			if p.Calls == nil {
				return nil
			}
			calls := float64(*p.Calls)
			return &calls
		}),
		of("mean_ms", func(p history.Point) *float64 { return p.MeanMS }),
		of("total_ms", func(p history.Point) *float64 { return p.TotalMS }),
	}
}

// isUTF8 tells whether the caller's locale shows more than ASCII.
func (a *app) isUTF8() bool {
	locale := strings.ToLower(cmp.Or(a.env("LC_ALL"), a.env("LC_CTYPE"), a.env("LANG")))
	return strings.Contains(strings.ReplaceAll(locale, "-", ""), "utf8")
}
