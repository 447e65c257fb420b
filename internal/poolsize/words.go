package poolsize

import (
	"fmt"
	"strings"
	"time"
)

// Sentence says a measure to a person.
func (m Measure) Sentence() string {
	words := []string{fmt.Sprintf("%.2f connections busy on average", m.Busy)}
	if m.Active != nil {
		words[0] += fmt.Sprintf(", %.2f of them at work", *m.Active)
	}
	if m.Peak != nil {
		words = append(words, fmt.Sprintf("%d at once at most", *m.Peak))
	}
	what := "transactions"
	if m.Source == Statements || m.Source == History {
		what = "statements"
	}
	if m.Rate != nil {
		words = append(words, fmt.Sprintf("%.1f %s a second", *m.Rate, what))
	}
	if m.HoldMS != nil {
		words = append(words, fmt.Sprintf("each holds its connection for %.2f ms", *m.HoldMS))
	}
	if m.From != nil {
		words = append(words, fmt.Sprintf("over %s from %s", m.To.Sub(*m.From).Round(time.Second), m.From.Format(time.RFC3339)))
	}
	return strings.Join(words, "; ")
}

// Sentence says a queue to a person.
func (q Queue) Sentence() string {
	text := fmt.Sprintf("of %d connections: %.3f erlangs, busy for %.1f %% of the time, %.2f %% of the transactions wait", q.Connections, q.Erlangs, q.UtilisationPct, q.WaitPct)
	if q.MeanWaitMS != nil {
		text += fmt.Sprintf(", %.3f ms on average of all", *q.MeanWaitMS)
	}
	if q.P99WaitMS != nil {
		text += fmt.Sprintf(", %.2f ms at most for 99 of 100", *q.P99WaitMS)
	}
	return text
}

// Warnings are what the sessions themselves show.
func (s *Seen) Warnings() (out []string) {
	if s.OpenedPerS != nil && *s.OpenedPerS >= 1 {
		out = append(out, fmt.Sprintf("%.1f sessions a second were opened in this database on average: somebody connects anew instead of keeping a pool", *s.OpenedPerS))
	}
	if s.Blocked > 0 {
		out = append(out, fmt.Sprintf("%d sessions waited for locks at once, and are not counted as load: larger pools let more of them wait; avadb connections --only blocking shows for whom", s.Blocked))
	}
	if len(s.asked.Applications) > 0 && s.Sessions == 0 {
		out = append(out, "no session of the application "+strings.Join(s.asked.Applications, ", ")+" was there: check the name, or look again when it runs")
	}
	return out
}
