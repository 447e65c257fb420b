package journal

import "testing"

func TestIsFinishedBy(t *testing.T) {
	pending := func(name, ours string) Record {
		r := setting(name, "", ours)
		r.State = Pending
		return r
	}
	open := &Set{ID: "01", State: SetOpen, Items: []Record{setting("jit", "", "off"), pending("work_mem", "64MB")}}
	for name, c := range map[string]struct {
		later []Record
		want  bool
	}{
		"what was missing":            {[]Record{setting("work_mem", "", "64MB")}, true},
		"and more":                    {[]Record{setting("WORK_MEM", "", "64MB"), setting("port", "", "1")}, true},
		"another value":               {[]Record{setting("work_mem", "", "32MB")}, false},
		"something else":              {[]Record{setting("port", "", "1")}, false},
		"what that one did not write": {[]Record{pending("work_mem", "64MB")}, false},
	} {
		if got := open.isFinishedBy(&Set{ID: "02", Items: c.later}); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
