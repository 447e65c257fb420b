package render

import (
	"testing"

	"avadb/internal/fault"
)

func TestColorWanted(t *testing.T) {
	for _, c := range []struct {
		mode     string
		env      map[string]string
		terminal bool
		want     bool
	}{
		{"auto", nil, true, true},
		{"auto", nil, false, false},
		{"", nil, true, true},
		{"always", map[string]string{"NO_COLOR": "1", "TERM": "dumb"}, false, true},
		{"never", map[string]string{"CLICOLOR_FORCE": "1"}, true, false},
		{"auto", map[string]string{"CLICOLOR_FORCE": "1", "NO_COLOR": "1"}, false, true},
		{"auto", map[string]string{"CLICOLOR_FORCE": "0"}, false, false},
		{"auto", map[string]string{"NO_COLOR": "1"}, true, false},
		{"auto", map[string]string{"NO_COLOR": ""}, true, true},
		{"auto", map[string]string{"TERM": "dumb"}, true, false},
	} {
		env := func(name string) string { return c.env[name] }
		if got := ColorWanted(c.mode, env, c.terminal); got != c.want {
			t.Errorf("--color %s, %v, terminal %t: got %t", c.mode, c.env, c.terminal, got)
		}
	}
}

func TestCheckColorMode(t *testing.T) {
	for _, mode := range []string{"auto", "always", "never"} {
		if err := CheckColorMode(mode); err != nil {
			t.Error(err)
		}
	}
	if err := CheckColorMode("sometimes"); fault.KindOf(err) != fault.Usage {
		t.Errorf("got %v", err)
	}
}

// Whatever the environment of the tests says, a Painter does as it was told.
func TestPainter(t *testing.T) {
	on, off := NewPainter(true), NewPainter(false)
	for word, want := range map[string]string{
		"OK": "\x1b[32mOK\x1b[0m", "kept": "\x1b[33mkept\x1b[0m", "failed": "\x1b[31mfailed\x1b[0m", "skipped": "\x1b[2mskipped\x1b[22m", "other": "other",
	} {
		if got := on.Status(word); got != want {
			t.Errorf("Status(%s) = %q, want %q", word, got, want)
		}
		if got := off.Status(word); got != word {
			t.Errorf("Status(%s) without colour = %q", word, got)
		}
	}
	if got := on.Bold("%d"); got != "\x1b[1m%d\x1b[22m" {
		t.Errorf("Bold gives %q", got)
	}
}
