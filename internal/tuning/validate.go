package tuning

import "fmt"

// validation collects what the rules find.
type validation struct {
	in       Input
	future   future
	refused  violations
	warnings []Warning
}

// Validate judges the server as it would be with these values: each value's type, range and
// spelling, and what PostgreSQL accepts one by one but does not start with. Skipped recommendations
// do not count. The error, a fault.Error, names every violation at once.
func Validate(in Input, recs []Recommendation) ([]Warning, error) {
	v := &validation{in: in, future: newFuture(in, recs)}
	v.values(recs)
	for _, rule := range crossRules() {
		rule(v)
	}
	return v.warnings, v.refused.err()
}

// crossRules are the rules over more than one parameter, or over a parameter and its host.
func crossRules() []func(*validation) {
	return []func(*validation){
		ruleReservedConnections, ruleSessionsInUse, ruleBackends, ruleAutovacuumSlots,
		ruleMinimalWAL, ruleWALSizes,
		ruleSharedBuffers, ruleHost, ruleHugePages, ruleHugePageCount, ruleIOUring, rulePrefetch, ruleWorstCase, ruleBudget,
		ruleStandby, ruleStandbyOrder,
		ruleMissingFiles, ruleHeld, ruleSharedMemoryFS, ruleSafeguards,
	}
}

// values judges each value by itself. One that is refused here is left out of the future, so that
// the cross rules do not complain about it again.
func (v *validation) values(recs []Recommendation) {
	for _, rec := range recs {
		p, known := v.in.Parameters[rec.Name]
		if rec.Skip || !known {
			continue
		}
		if wrong, right := checkValue(p, rec.Value); wrong != "" {
			v.refused.add(violation{message: wrong, hint: right, byUser: rec.Asked})
			delete(v.future.chosen, rec.Name)
		}
	}
}

// refuse records a violation between the named parameters.
func (v *validation) refuse(names []string, hint, format string, args ...any) {
	v.refused.add(violation{message: fmt.Sprintf(format, args...), hint: hint, byUser: v.future.asked(names...)})
}

// risk is a violation that the user may take upon himself, and that a dry run only mentions.
func (v *validation) risk(name, hint, format string, args ...any) {
	if v.in.DryRun || v.in.Force {
		v.warn(name, format, args...)
		return
	}
	v.refuse([]string{name}, hint, format, args...)
}

func (v *validation) warn(name, format string, args ...any) {
	v.warnings = append(v.warnings, Warning{Name: name, Message: fmt.Sprintf(format, args...)})
}
