package settings

import (
	"regexp"
	"strings"
	"sync"

	"avadb/internal/pg"
)

// secretName finds the parameters of extensions whose whole value is a secret. None of PostgreSQL's own is named so.
var secretName = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)\..*(?:password|passwd|secret|token)$`)
})

// public is the value of a parameter without the secrets in it: what may be shown.
func public(name, value string) string {
	switch {
	case value == "":
		return ""
	case strings.EqualFold(name, "primary_conninfo"):
		return pg.PublicDSN(value)
	case secretName().MatchString(name):
		return "***"
	}
	return pg.MaskSecrets(value)
}

// public is the setting without secrets in any of its values.
func (s LayeredSetting) public() LayeredSetting {
	s.Effective = public(s.Name, s.Effective)
	for i := range s.Layers {
		s.Layers[i].Value = public(s.Name, s.Layers[i].Value)
	}
	return s
}

// public is the difference without secrets. Where the sides differ in what is not shown alone, both are hidden: one text twice
// would be no difference.
func (d Difference) public() Difference {
	for _, value := range []**string{&d.A, &d.B} {
		if *value != nil {
			shown := public(d.Name, **value)
			*value = &shown
		}
	}
	if d.A != nil && d.B != nil && *d.A == *d.B {
		hidden := "***"
		d.A, d.B = &hidden, &hidden
	}
	return d
}
