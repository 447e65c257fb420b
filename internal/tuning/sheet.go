package tuning

import "avadb/internal/units"

// sheet is what a profile has decided so far, for the rules whose value depends on another parameter.
type sheet struct {
	in      Input
	counted map[string]float64 // what each parameter will be at the most, in base units
}

// newSheet begins with what the user sets: the rules reckon with it.
func newSheet(in Input, asked []Recommendation) *sheet {
	s := &sheet{in: in, counted: map[string]float64{}}
	for _, rec := range asked {
		s.note(rec)
	}
	return s
}

// note takes over a decision. What is left alone stays at the server's value.
func (s *sheet) note(rec Recommendation) {
	if n, ok := base(s.in.Parameters[rec.Name], rec.Value); ok && !rec.Skip {
		s.counted[rec.Name] = n
	}
}

// leaveOut reckons with the larger of the server's value and the profile's for what --skip or --only leave out: the user
// may set it another day.
func (s *sheet) leaveOut(rec Recommendation) {
	p := s.in.Parameters[rec.Name]
	n, ok := base(p, rec.Value)
	if now, has := standing(p); ok && !rec.Skip && (!has || n > now) {
		s.counted[rec.Name] = n
	}
}

// number is a parameter's value to come in base units; not ok where the server does not have it.
func (s *sheet) number(name string) (float64, bool) {
	if n, ok := s.counted[name]; ok {
		return n, true
	}
	return standing(s.in.Parameters[name])
}

// bytes is a parameter of memory to come, in bytes.
func (s *sheet) bytes(name string) (int64, bool) {
	n, ok := s.number(name)
	unit, isMemory := units.BytesPerUnit(s.in.Parameters[name].Unit)
	return int64(n) * unit, ok && isMemory && n >= 0
}

// now is the server's value in base units, 0 where it has none.
func (s *sheet) now(name string) float64 {
	n, _ := standing(s.in.Parameters[name])
	return n
}

// nowBytes is now for a parameter of memory, in bytes.
func (s *sheet) nowBytes(name string) int64 {
	unit, _ := units.BytesPerUnit(s.in.Parameters[name].Unit)
	return int64(s.now(name)) * unit
}

// boot is the compiled-in default in base units; 0 where it is not known.
func (s *sheet) boot(name string) float64 {
	n, _ := number(s.in.Parameters[name].BootVal)
	return n
}
