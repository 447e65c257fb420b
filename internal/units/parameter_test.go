package units

import (
	"math"
	"testing"
)

// The wanted numbers are what PostgreSQL 18 stores for these texts.
func TestBaseInt(t *testing.T) {
	for _, c := range []struct {
		value, unit string
		want        int64
	}{
		{"64MB", "kB", 65536},
		{"2GB", "8kB", 262144},
		{"16MB", "8kB", 2048},
		{"16MB", "16kB", 1024}, // built with other blocks
		{"1TB", "MB", 1048576},
		{"16MB", "B", 16777216},
		{"60s", "ms", 60000},
		{"1min", "ms", 60000},
		{"1min", "s", 60},
		{"1d", "min", 1440},
		{"1000", "ms", 1000},
		{"1000", "", 1000},
		{"-1", "ms", -1},
		{" +5 ", "", 5},
		{"64 MB ", "kB", 65536},
		{"0x10", "", 16},
		{"0x10kB", "kB", 16},
		{"010", "", 8},
		{"1.5MB", "kB", 1536},
		{"1e3", "", 1000},
		{"2.5", "", 2},
		{"3.5", "", 4},
		{"30.1GB", "8kB", 3945216}, // 30822MB
		{"1kB", "8kB", 0},
		{"1000us", "ms", 1},
		{"90s", "min", 2},
		{"1.5h", "s", 5400},
	} {
		got, ok := BaseInt(c.value, c.unit)
		if !ok || got != c.want {
			t.Errorf("BaseInt(%q, %q) = %d, %t; want %d", c.value, c.unit, got, ok, c.want)
		}
	}
}

func TestBaseIntRefuses(t *testing.T) {
	for _, c := range []struct{ value, unit string }{
		{"", ""},
		{"on", ""},
		{"64mb", "kB"},
		{"64MB", ""},
		{"64MB", "ms"},
		{"60s", "kB"},
		{"1 m", "s"},
		{"08", ""},
		{"1MB2", "kB"},
		{"1e", ""},
		{"NaN", ""},
		{"inf", ""},
		{"2147483648", ""},
		{"1024TB", "B"},
		{"1e300TB", "kB"},
		{".", ""},
		{"0x", ""},
		{"1 2", ""},
	} {
		if got, ok := BaseInt(c.value, c.unit); ok {
			t.Errorf("BaseInt(%q, %q) = %d; want a refusal", c.value, c.unit, got)
		}
	}
}

func TestBaseAndBaseReal(t *testing.T) {
	for _, c := range []struct {
		value, unit string
		base, real  float64
	}{
		{"2ms", "ms", 2, 2},
		{"2500us", "ms", 2.5, 2.5},
		{"1.1", "", 1.1, 1.1},
		{"-1.5e-3", "", -0.0015, -0.0015},
		{"0x1.8", "", 1.5, 1.5},
		{"010", "", 8, 10}, // parse_int and parse_real differ
	} {
		base, okBase := Base(c.value, c.unit)
		real, okReal := BaseReal(c.value, c.unit)
		if !okBase || !okReal || base != c.base || real != c.real {
			t.Errorf("%q in %q: Base %g, %t, BaseReal %g, %t; want %g and %g", c.value, c.unit, base, okBase, real, okReal, c.base, c.real)
		}
	}
}

func TestSameValue(t *testing.T) {
	for _, c := range []struct {
		a, b, vartype, unit string
		want                bool
	}{
		{"on", "TRUE", "bool", "", true},
		{"of", "f", "bool", "", true},
		{"y", "1", "bool", "", true},
		{"on", "off", "bool", "", false},
		{"o", "on", "bool", "", false},
		{"o", "o", "bool", "", true},
		{"64MB", "65536", "integer", "kB", true},
		{"1min", "60000", "integer", "ms", true},
		{"60s", "1min", "integer", "s", true},
		{"1000", "1s", "integer", "ms", true},
		{"64MB", "64mb", "integer", "kB", false},
		{"64MB", "63MB", "integer", "kB", false},
		{"1.1", "1.10", "real", "", true},
		{"0.9", "0.90001", "real", "", false},
		{"2ms", "2000us", "real", "ms", true},
		{"Replica", "replica", "enum", "", true},
		{"hot_standby", "replica", "enum", "", true},
		{"true", "on", "enum", "", true},
		{"auto", "on", "enum", "", false},
		{"a, b", "a,b", "string", "", false},
		{"x", "X", "string", "", false},
		{"x", "x", "string", "", true},
	} {
		if got := SameValue(c.a, c.b, c.vartype, c.unit); got != c.want {
			t.Errorf("SameValue(%q, %q, %s, %q) = %t; want %t", c.a, c.b, c.vartype, c.unit, got, c.want)
		}
		if SameValue(c.b, c.a, c.vartype, c.unit) != c.want {
			t.Errorf("SameValue(%q, %q, %s, %q) is not symmetric", c.a, c.b, c.vartype, c.unit)
		}
	}
}

func FuzzBase(f *testing.F) {
	for _, seed := range []string{"64MB", "0x10", "1e3", "-1", "1.5 min", "0x1.8p3", "08", " 7\v"} {
		f.Add(seed, "kB")
		f.Add(seed, "ms")
	}
	f.Fuzz(func(t *testing.T, value, unit string) {
		base, ok := Base(value, unit)
		if ok && (math.IsNaN(base) || math.IsInf(base, 0)) {
			t.Fatalf("Base(%q, %q) = %g", value, unit, base)
		}
		if n, ok := BaseInt(value, unit); ok && (n > math.MaxInt32 || n < math.MinInt32) {
			t.Fatalf("BaseInt(%q, %q) = %d", value, unit, n)
		}
		for _, vartype := range []string{"bool", "integer", "real", "enum", "string"} {
			if !SameValue(value, value, vartype, unit) {
				t.Fatalf("%q is not itself as %s", value, vartype)
			}
		}
	})
}
