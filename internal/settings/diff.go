package settings

import (
	"slices"
	"strings"

	"avadb/internal/journal"
)

// Side is one side of a comparison: values by lower-case name, and what is known of the parameters where a server was asked.
type Side struct {
	values     map[string]string
	parameters map[string]Parameter
	partial    bool // a change set: it speaks of its own parameters alone
}

// Difference is a parameter that two sides have different values of.
type Difference struct {
	Name string  `json:"name" col:""`  // of the parameter
	A    *string `json:"a" col:"left"` // null: this side does not have it
	B    *string `json:"b" col:"left"` // likewise
	Unit *string `json:"unit" col:""`  // of a bare number; null where there is none, or where no server was asked
}

// ServerSide is what a server has, whatever this session's role and database say: what its next start would have of what the files
// set, else what runs.
func (s *Snapshot) ServerSide() Side {
	side := Side{values: map[string]string{}, parameters: s.Parameters}
	for name, p := range s.Parameters {
		if !volatile(name) {
			side.values[name] = s.Future(p.Name)
		}
	}
	return side
}

// volatile names what belongs to a session or a moment.
func volatile(name string) bool {
	switch name {
	case "application_name", "in_hot_standby", "is_superuser", "role", "seed", "session_authorization", "client_encoding",
		"transaction_deferrable", "transaction_isolation", "transaction_read_only":
		return true
	}
	return false
}

// SetSide is what a change set wrote: a parameter that it took out of postgresql.auto.conf is missing.
func SetSide(set *journal.Set) Side {
	side := Side{values: map[string]string{}, partial: true}
	for _, r := range set.Items {
		if r.Kind == journal.SystemSetting && r.Ours.Present {
			side.values[strings.ToLower(r.Name)] = r.Ours.Text()
		}
	}
	return side
}

// Diff compares by meaning: 1GB is 1024MB. Beside a change set only its own parameters are looked at; of two change sets, those
// of both.
func Diff(a, b Side) []Difference {
	var names []string
	for _, side := range []Side{a, b} {
		for name := range side.values {
			if !slices.Contains(names, name) && (a.partial && b.partial || a.speaksOf(name) && b.speaksOf(name)) {
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	var out []Difference
	for _, name := range names {
		valueA, inA := a.values[name]
		valueB, inB := b.values[name]
		p, known := a.parameters[name]
		if !known {
			p = b.parameters[name]
		}
		if inA && inB && (valueA == valueB || p.Name != "" && p.Same(valueA, valueB)) {
			continue
		}
		out = append(out, difference(name, p, optional(valueA, inA), optional(valueB, inB)).public())
	}
	return out
}

// speaksOf tells whether a side can be asked about a parameter: a change set only of what it wrote.
func (s Side) speaksOf(name string) bool {
	_, has := s.values[name]
	return has || !s.partial
}

func difference(name string, p Parameter, a, b *string) Difference {
	d := Difference{Name: name, A: a, B: b}
	if p.Name != "" {
		d.Name = p.Name
	}
	if p.Unit != "" {
		d.Unit = &p.Unit
	}
	return d
}

func optional(value string, present bool) *string {
	if !present {
		return nil
	}
	return &value
}
