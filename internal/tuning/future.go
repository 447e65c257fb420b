package tuning

import (
	"slices"

	"avadb/internal/units"
)

// future is the server as it would be with the recommended values laid over what it has now.
type future struct {
	parameters map[string]Parameter
	chosen     map[string]Recommendation
}

func newFuture(in Input, recs []Recommendation) future {
	f := future{parameters: in.Parameters, chosen: map[string]Recommendation{}}
	for _, rec := range recs {
		if _, known := in.Parameters[rec.Name]; known && !rec.Skip {
			f.chosen[rec.Name] = rec
		}
	}
	return f
}

// number is a parameter's future value in base units; not ok where the server does not have it or
// the value holds no number.
func (f future) number(name string) (float64, bool) {
	if rec, ok := f.chosen[name]; ok {
		return base(f.parameters[name], rec.Value)
	}
	return standing(f.parameters[name])
}

// bytes is a parameter of memory in bytes.
func (f future) bytes(name string) (int64, bool) {
	n, ok := f.number(name)
	unit, isMemory := units.BytesPerUnit(f.parameters[name].Unit)
	return int64(n) * unit, ok && isMemory && n >= 0
}

// text is a parameter's future value as text; empty where the server does not have it.
func (f future) text(name string) string {
	if rec, ok := f.chosen[name]; ok {
		return rec.Value
	}
	return f.parameters[name].ResetVal
}

// shown is the future value for a message: 64MB, not 8192.
func (f future) shown(name string) string {
	if rec, ok := f.chosen[name]; ok {
		return rec.Value
	}
	p := f.parameters[name]
	if n, ok := standing(p); ok {
		return fromBase(p, n)
	}
	return p.ResetVal
}

// asked tells whether the user named a value for any of them.
func (f future) asked(names ...string) bool {
	return slices.ContainsFunc(names, func(name string) bool { return f.chosen[name].Asked })
}

// moved compares the future number with today's: -1 lowered, 1 raised, 0 the same or unknown.
func (f future) moved(name string) int {
	rec, ok := f.chosen[name]
	if !ok {
		return 0
	}
	p := f.parameters[name]
	now, okNow := standing(p)
	then, okThen := base(p, rec.Value)
	switch {
	case !okNow || !okThen || now == then:
		return 0
	case then < now:
		return -1
	}
	return 1
}
