package settings

import (
	"fmt"
	"strings"

	"avadb/internal/fault"
	"avadb/internal/journal"
)

// Wanted is a value that somebody wants a parameter to have, or the reason to leave it alone.
type Wanted struct {
	Name, Value             string
	Skip                    bool
	Reason, Formula, Source string
	Evidence, Cost          string // empty where there is nothing to say
	ByEvidence              bool   // the evidence made the value
}

// Action is what is done with a parameter. It is part of the JSON contract.
type Action string

// The actions.
const (
	Set        Action = "set"
	Unchanged  Action = "unchanged"
	Skipped    Action = "skipped"    // with its reason
	Overridden Action = "overridden" // another layer wins; it is named in winner
)

// Setting is one line of a plan. Value is nil where nothing would be written.
type Setting struct {
	Name           string        `json:"name" col:""`          // of the parameter
	Current        string        `json:"current" col:"left"`   // as SHOW prints it
	Before         journal.State `json:"before"`               // the entry of postgresql.auto.conf
	Value          *string       `json:"value" col:"left"`     // the text to write, such as 64MB; null where it is left alone
	Action         Action        `json:"action" col:"status"`  // what is done with it
	Context        string        `json:"context" col:""`       // reload or restart: what it takes
	Winner         Layer         `json:"winner" col:""`        // the layer that decides once this is done
	Role           *string       `json:"role"`                 // whose sessions alone take it; null: everybody's
	Database       *string       `json:"database"`             // in which sessions alone take it; null: in every one
	PendingRestart bool          `json:"pending_restart"`      // a value for it waits for a restart of the server
	Reason         string        `json:"reason" col:"elastic"` // one sentence
	Formula        string        `json:"formula"`              // how the value was found, such as RAM / 4
	Source         string        `json:"source"`               // where the rule comes from
	Evidence       *string       `json:"evidence"`             // what the server has counted that bears on it; null where nothing does
	ByEvidence     bool          `json:"by_evidence"`          // the evidence, and not the rule alone, made the value
	Cost           *string       `json:"cost"`                 // what the value can cost; null where nothing is known

	unit string // the parameter's base unit
}

// Plan compares what is wanted with what stands.
func (s *Snapshot) Plan(wanted []Wanted) []Setting {
	plan := make([]Setting, 0, len(wanted))
	for _, w := range wanted {
		plan = append(plan, s.plan(w))
	}
	return plan
}

func (s *Snapshot) plan(w Wanted) Setting {
	p := s.Parameters[strings.ToLower(w.Name)]
	line := Setting{
		Name: w.Name, Current: p.Current, Before: s.Files.AutoConf(w.Name), Value: &w.Value, Context: effect(p.Context),
		Winner: s.ServerLayer(w.Name), Reason: w.Reason, Formula: w.Formula, Source: w.Source,
		Evidence: orNull(w.Evidence), ByEvidence: w.ByEvidence, Cost: orNull(w.Cost), unit: p.Unit,
	}
	waits := s.Waits(w.Name)
	switch {
	case w.Skip:
		line.Action, line.Value, line.PendingRestart = Skipped, nil, waits
	case line.Winner == LayerCommandLine:
		line.Action = Overridden
		line.Reason = fmt.Sprintf("the postgres command line sets it to %s: a value written here would have no effect", p.Current)
	case p.Same(s.Next(w.Name), w.Value):
		line.Action, line.PendingRestart = Unchanged, waits
	default:
		line.Action, line.Winner = Set, LayerAutoConf
		line.PendingRestart = p.Context == "postmaster" && !p.Same(s.Running(w.Name), w.Value)
	}
	return line
}

func orNull(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// effect is what it takes until a new value counts.
func effect(context string) string {
	if context == "postmaster" {
		return "restart"
	}
	return "reload"
}

// ReconnectNames are the parameters among those set that only new sessions take.
func (s *Snapshot) ReconnectNames(plan []Setting) []string {
	var names []string
	for _, line := range plan {
		c := s.Parameters[strings.ToLower(line.Name)].Context
		if line.Action == Set && (c == "backend" || c == "superuser-backend") {
			names = append(names, line.Name)
		}
	}
	return names
}

// Named gives the names of the lines that a test picks.
func Named(plan []Setting, pick func(Setting) bool) []string {
	var names []string
	for _, line := range plan {
		if pick(line) {
			names = append(names, line.Name)
		}
	}
	return names
}

// IsSet picks what is to be written.
func IsSet(line Setting) bool { return line.Action == Set }

// IsPending picks what waits for a restart.
func IsPending(line Setting) bool { return line.PendingRestart }

// ConfLines gives `name = 'value'` for each line with a value, as a configuration file has it.
func ConfLines(plan []Setting) []string {
	var lines []string
	for _, line := range plan {
		if line.Value != nil {
			lines = append(lines, ConfLine(line.Name, *line.Value))
		}
	}
	return lines
}

// ConfLine is an entry of a configuration file, quoted as ALTER SYSTEM quotes it.
func ConfLine(name, value string) string {
	return name + " = '" + strings.NewReplacer(`\`, `\\`, `'`, `''`).Replace(value) + "'"
}

// Statements gives the ALTER SYSTEM statements for each line with a value, without a semicolon.
func Statements(plan []Setting) ([]string, error) {
	var statements []string
	for _, line := range plan {
		if line.Value == nil || line.Action == Overridden {
			continue
		}
		assignment, err := Assignment(line.Name, *line.Value)
		if err != nil {
			return nil, err
		}
		statements = append(statements, "ALTER SYSTEM SET "+assignment)
	}
	return statements, nil
}

// CheckNames refuses where the configuration files name a parameter that the server does not know: a reload would then
// apply nothing at all.
func (s *Snapshot) CheckNames() error {
	for _, r := range s.Files {
		_, known := s.Parameters[strings.ToLower(r.Name)]
		if r.Name != "" && r.Error != "" && !known && !strings.Contains(r.Name, ".") {
			return fault.New(fault.Prerequisite, "a reload would apply nothing, because %s line %d has the unknown parameter %s; nothing was changed",
				r.File, r.Line, r.Name).WithHint("remove that line by hand")
		}
	}
	return nil
}
