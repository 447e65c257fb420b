package settings

import (
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"

	"avadb/internal/fault"
	"avadb/internal/journal"
)

// Side is one side of a comparison: values by lower-case name, and what is known of the parameters where a server was asked.
type Side struct {
	values     map[string]string
	parameters map[string]Parameter
	takenOut   map[string]bool // of a change set: what it took out of postgresql.auto.conf
	entries    map[string]bool // of a server: what stands in its postgresql.auto.conf
	partial    bool            // a change set: it speaks of its own parameters alone
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
	side := Side{values: map[string]string{}, parameters: s.Parameters, entries: map[string]bool{}}
	for _, r := range s.Files {
		if r.isAutoConf() {
			side.entries[strings.ToLower(r.Name)] = true
		}
	}
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

// SetSide is what a change set wrote and what of it was not undone since: a parameter that it took out of postgresql.auto.conf
// is missing. A set of which no parameter stands is an error that says what it holds: it would seem to agree with everything.
func SetSide(set *journal.Set) (Side, error) {
	side := Side{values: map[string]string{}, takenOut: map[string]bool{}, partial: true}
	holds := make([]string, 0, len(set.Items))
	for _, r := range set.Items {
		holds = append(holds, fmt.Sprintf("%s %s (%s)", r.Kind, r.Name, r.State))
		name := strings.ToLower(r.Name)
		switch {
		case r.Kind != journal.SystemSetting || r.State != journal.Written:
		case r.Ours.Present:
			side.values[name] = r.Ours.Text()
		default:
			side.takenOut[name] = true
		}
	}
	if len(side.values)+len(side.takenOut) == 0 {
		return side, fault.New(fault.Usage, "no parameter of ALTER SYSTEM stands of change set %s (%s); it holds: %s", set.ID, set.Command, strings.Join(holds, ", ")).
			WithHint("name a set that wrote parameters and is not undone: avadb history")
	}
	return side, nil
}

// Diff compares by meaning: 1GB is 1024MB. Beside a change set only its own parameters are looked at; of two change sets, those
// of both. What a set took out of postgresql.auto.conf differs on a server where an entry stands there.
func Diff(a, b Side) []Difference {
	var names []string
	for _, side := range []Side{a, b} {
		for name := range side.names() {
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
		if !inA && !inB || a.lacks(name, b) || b.lacks(name, a) {
			continue
		}
		if inA && inB && (valueA == valueB || p.Name != "" && p.Same(valueA, valueB)) {
			continue
		}
		out = append(out, difference(name, p, optional(valueA, inA), optional(valueB, inB)).public())
	}
	return out
}

// names gives what the side has a value of, or took out.
func (s Side) names() iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, all := range []iter.Seq[string]{maps.Keys(s.values), maps.Keys(s.takenOut)} {
			for name := range all {
				if !yield(name) {
					return
				}
			}
		}
	}
}

// speaksOf tells whether a side can be asked about a parameter: a change set only of what it changed.
func (s Side) speaksOf(name string) bool {
	_, has := s.values[name]
	return has || s.takenOut[name] || !s.partial
}

// lacks tells whether a server is as the change set left it, which took the parameter out: without an entry in
// postgresql.auto.conf.
func (s Side) lacks(name string, set Side) bool {
	return !s.partial && set.takenOut[name] && !s.entries[name]
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
