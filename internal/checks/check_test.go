package checks

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"avadb/internal/fault"
)

func TestThresholds(t *testing.T) {
	for _, c := range []struct {
		threshold Threshold
		value     float64
		want      Status
		shown     string
	}{
		{above(250), 250, OK, "250"},
		{above(250), 250.01, Warn, "250"},
		{between(80, 95), 80, OK, "80 / 95"},
		{between(80, 95), 80.5, Warn, "80 / 95"},
		{between(80, 95), 95, Warn, "80 / 95"},
		{between(80, 95), 95.1, Fail, "80 / 95"},
		{failAbove(0), 0, OK, "- / 0"},
		{failAbove(0), 1, Fail, "- / 0"},
		{Threshold{}, 1e9, OK, ""},
		{between(1.3e9, 1.4e9), 1.35e9, Warn, "1.3B / 1.4B"},
	} {
		o := c.threshold.measured(c.value, "", "SELECT 1")
		if o.Status != c.want || *o.Value != c.value || (o.Fix == "") != (c.want == OK) {
			t.Errorf("%v against %v: %+v, want %s", c.value, c.threshold, o, c.want)
		}
		if got := c.threshold.String(); got != c.shown {
			t.Errorf("shown as %q, want %q", got, c.shown)
		}
	}
}

// TestChecklist: what scripts and monitors rely on holds for every check.
func TestChecklist(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range All() {
		if seen[c.ID] || len(c.Group()) < 3 || c.Title == "" || c.Needs == "" || c.Run == nil {
			t.Errorf("%+v is not complete", c)
		}
		if c.Threshold.String() != "" && c.Unit == "" {
			t.Errorf("%s has a threshold and no unit", c.ID)
		}
		if w, f := c.Threshold.Warn, c.Threshold.Fail; w != nil && f != nil && *w >= *f {
			t.Errorf("%s fails before it warns", c.ID)
		}
		seen[c.ID] = true
	}
}

// TestDocumented: docs/verify.md has a row for every check and every figure.
func TestDocumented(t *testing.T) {
	page, err := os.ReadFile("../../docs/verify.md")
	if err != nil {
		t.Fatal(err)
	}
	names := IDs()
	for _, f := range Figures() {
		names = append(names, "`"+f.Name+"`")
	}
	for _, name := range names {
		if !strings.Contains(string(page), "\n| "+name+" | ") {
			t.Errorf("docs/verify.md has no row for %s", name)
		}
	}
}

func TestSelect(t *testing.T) {
	for _, c := range []struct {
		only, skip []string
		want       string // ids, or the hint of the error
	}{
		{[]string{"cnx"}, []string{"CNX02", "cnx04"}, "CNX01 CNX03 CNX05 CNX06 CNX07"},
		{[]string{"WRP02", "CON01"}, nil, "CON01 WRP02"},
		{[]string{"CNX1"}, nil, "did you mean CNX01?"},
		{nil, []string{"COM"}, "did you mean CON?"},
		{[]string{"everything"}, nil, "groups: CON, POOL"},
		{[]string{""}, nil, "groups:"},
		{[]string{"CON"}, []string{"CON"}, "groups:"},
	} {
		list, err := Select(c.only, c.skip)
		var ids []string
		for _, one := range list {
			ids = append(ids, one.ID)
		}
		got := strings.Join(ids, " ")
		if err != nil {
			if fault.KindOf(err) != fault.Usage {
				t.Errorf("%v %v: %v is no usage error", c.only, c.skip, err)
			}
			got = fault.As(err).Hint
		}
		if !strings.HasPrefix(got, c.want) || err == nil && got != c.want {
			t.Errorf("only %v, skip %v: %q, want %q", c.only, c.skip, got, c.want)
		}
	}
	if all, err := Select(nil, nil); err != nil || len(all) != len(All()) {
		t.Errorf("%d of %d, %v", len(all), len(All()), err)
	}
}

func TestWorstFirst(t *testing.T) {
	var ids []string
	for _, r := range WorstFirst([]Result{{ID: "a", Status: OK}, {ID: "b", Status: Warn}, {ID: "c", Status: Skip}, {ID: "d", Status: Fail}, {ID: "e", Status: Warn}}) {
		ids = append(ids, r.ID)
	}
	if want := []string{"d", "b", "e", "c", "a"}; !slices.Equal(ids, want) {
		t.Errorf("%v, want %v", ids, want)
	}
}

// The server looks at its clock at some time between asking and the answer: only what lies outside is skew.
func TestSkew(t *testing.T) {
	before := time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
	after := before.Add(400 * time.Millisecond)
	for _, c := range []struct {
		server time.Time
		want   time.Duration
	}{
		{before, 0},
		{before.Add(200 * time.Millisecond), 0},
		{after, 0},
		{after.Add(3 * time.Second), 3 * time.Second},
		{before.Add(-6 * time.Second), -6 * time.Second},
		{after.In(time.FixedZone("", 3600)).Add(time.Millisecond), time.Millisecond},
	} {
		if got := skew(before, c.server, after); got != c.want {
			t.Errorf("%s: %s, want %s", c.server, got, c.want)
		}
	}
}

func TestShellWord(t *testing.T) {
	for in, want := range map[string]string{"/tmp": "/tmp", "": "''", "o'clock $x": `'o'\''clock $x'`} {
		if got := shellWord(in); got != want {
			t.Errorf("%q: %s, want %s", in, got, want)
		}
	}
}
