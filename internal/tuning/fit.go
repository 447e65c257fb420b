package tuning

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// fit lays a rule of the profile over what the server is and does at the moment.
func fit(s *sheet, r rule) Recommendation {
	rec := Recommendation{Name: r.name, Reason: r.reason, Formula: r.formula, Source: r.source, Cost: r.cost}
	p, known := s.in.Parameters[r.name]
	switch {
	case !known:
		return leave(rec, "this server does not have the parameter")
	case r.name == "effective_io_concurrency" && lacksPrefetch(s.in):
		return leave(rec, "the server's platform has no posix_fadvise: before PostgreSQL 18 the value must stay 0")
	}
	r.decide(s, &rec)
	if rec.Skip {
		return rec
	}
	return clamp(p, rec)
}

func leave(rec Recommendation, format string, args ...any) Recommendation {
	rec.Skip, rec.Value, rec.Moved, rec.Cost, rec.Reason = true, "", false, "", fmt.Sprintf(format, args...)
	return rec
}

// connections never takes connections away, and makes room where the sessions of today, or the most that were seen, would
// not fit beside the reserved ones.
func connections(target int) func(*sheet, *Recommendation) {
	return func(s *sheet, rec *Recommendation) { s.fitConnections(rec, target) }
}

func (s *sheet) fitConnections(rec *Recommendation, target int) {
	in, profile := s.in, target
	if needed := in.SessionsInUse + reserved(in); needed > target {
		target = roomFor(needed)
		rec.Reason = fmt.Sprintf("%d sessions in use and %d reserved connections do not fit into %d", in.SessionsInUse, reserved(in), profile)
		rec.Formula = "(sessions in use + reserved) x 1.2, to the next 50"
	}
	if peak := in.Evidence.peak(); !in.IsReference() && peak > in.SessionsInUse && peak+reserved(in) > target {
		target, rec.Moved = roomFor(peak+reserved(in)), true
		rec.Evidence = fmt.Sprintf("%d sessions were seen at once, which does not fit into %d", peak, profile)
		rec.Formula = "(most sessions seen + reserved) x 1.2, to the next 50"
	}
	if primary, err := strconv.Atoi(in.PrimaryHas[rec.Name]); in.Standby && err == nil && primary > target {
		target, rec.Formula = primary, "the primary's value"
		rec.Reason = fmt.Sprintf("a standby needs at least the %d of its primary", primary)
	}
	if now, ok := standing(in.Parameters[rec.Name]); ok && now > float64(target) {
		*rec = leave(*rec, "already %.0f; lowering it to %d would need a restart and could turn clients away", now, target)
		return
	}
	rec.Value = strconv.Itoa(target)
}

// roomFor adds a fifth and goes up to the next fifty.
func roomFor(needed int) int { return int(math.Ceil(float64(needed)*1.2/50)) * 50 }

// reserved counts the connections that ordinary clients cannot have.
func reserved(in Input) int {
	sum := 0
	for _, name := range []string{"superuser_reserved_connections", "reserved_connections"} {
		if n, ok := standing(in.Parameters[name]); ok {
			sum += int(n)
		}
	}
	return sum
}

// lacksPrefetch says whether the server was built without posix_fadvise, which pins
// effective_io_concurrency and maintenance_io_concurrency to 0 before 18. A server built so has 0
// as its compiled-in default; the platform's name decides where that is not known.
func lacksPrefetch(in Input) bool {
	if in.Major >= 18 {
		return false
	}
	if in.Parameters["effective_io_concurrency"].BootVal == "0" {
		return true
	}
	platform := strings.ToLower(in.Platform)
	for _, without := range []string{"darwin", "mingw", "windows", "msvc", "visual c++", "openbsd"} {
		if strings.Contains(platform, without) {
			return true
		}
	}
	return false
}

// clamp keeps a recommended number within the range this server allows: Windows before 18, for one,
// bounds maintenance_work_mem one kilobyte below 2GB.
func clamp(p Parameter, rec Recommendation) Recommendation {
	value, ok := base(p, rec.Value)
	if !ok {
		return rec
	}
	if least, ok := number(p.MinVal); ok && value < least {
		rec.Value = fromBase(p, least)
		rec.Reason += fmt.Sprintf("; %s is the least this server allows", rec.Value)
	}
	if most, ok := number(p.MaxVal); ok && value > most {
		rec.Value = fromBase(p, most)
		rec.Reason += fmt.Sprintf("; %s is the most this server allows", rec.Value)
	}
	return rec
}
