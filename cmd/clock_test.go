package cmd

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"avadb/internal/pgtest"
)

// skewed is avadb on a host whose clock is wrong.
type skewed struct {
	t     *testing.T
	env   map[string]string
	shift time.Duration
	zone  *time.Location
}

// run gives the exit code, stdout and stderr.
func (s skewed) run(args ...string) (code int, out, errOut string) {
	s.t.Helper()
	var stdout, stderr bytes.Buffer
	a := newApp(strings.NewReader(""), &stdout, &stderr)
	a.args = args
	a.env = func(name string) string { return s.env[name] }
	a.now = func() time.Time { return time.Now().Add(s.shift).In(s.zone) }
	root := newRoot(a)
	root.SetArgs(args)
	root.SetOut(&stdout)
	root.SetErr(&stderr)
	command, err := root.ExecuteContextC(s.t.Context())
	code = a.finish(command, err)
	return code, stdout.String(), stderr.String()
}

func (s skewed) must(doc any, args ...string) {
	s.t.Helper()
	code, out, errOut := s.run(args...)
	if code != 0 {
		s.t.Fatalf("%q: code %d: %s", args, code, errOut)
	}
	if err := json.Unmarshal([]byte(out), doc); err != nil {
		s.t.Fatalf("%q: %v: %s", args, err, out)
	}
}

// A host whose clock is an hour before or behind the server's, in an odd zone: windows are those of the server, and the newest
// change is the one that was made last.
func TestWrongClock(t *testing.T) {
	install, err := pgtest.FindWanted()
	if err != nil {
		t.Fatal(err)
	}
	server, err := pgtest.Start(t.Context(), install, pgtest.Options{Settings: map[string]string{"shared_preload_libraries": "pg_stat_statements"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	kolkata := time.FixedZone("IST", 19800)
	env := map[string]string{"AVADB_DSN": server.DSN("postgres"), "XDG_STATE_HOME": t.TempDir(), "XDG_CONFIG_HOME": t.TempDir()}
	for _, shift := range []time.Duration{0, time.Hour, -time.Hour} {
		s := skewed{t: t, env: env, shift: shift, zone: kolkata}
		if code, _, errOut := s.run("enable-stats", "-q"); code != 0 {
			t.Fatal(errOut)
		}
		s.windows(time.Now())
	}
	newest(t, env)
}

// windows asks for the last ten minutes of the server, as a duration and as a time of each form.
func (s skewed) windows(now time.Time) {
	for _, since := range []string{
		"10m", now.Add(-10 * time.Minute).UTC().Format(time.RFC3339), now.Add(-10 * time.Minute).In(s.zone).Format("2006-01-02 15:04:05"),
	} {
		var doc struct {
			Window struct {
				RequestedFrom time.Time `json:"requested_from"`
				RequestedTo   time.Time `json:"requested_to"`
			}
		}
		s.must(&doc, "slow", "--since", since, "-o", "json")
		if from := now.Sub(doc.Window.RequestedFrom); from < 9*time.Minute || from > 11*time.Minute || doc.Window.RequestedTo.Before(now.Add(-time.Minute)) {
			s.t.Errorf("clock %s, --since %s: from %s to %s, and it is %s", s.shift, since, doc.Window.RequestedFrom, doc.Window.RequestedTo, now)
		}
	}
	future := now.Add(30 * time.Minute).UTC().Format(time.RFC3339)
	if code, _, errOut := s.run("slow", "--since", future); code != 2 || !strings.Contains(errOut, "the server's clock says") {
		s.t.Errorf("clock %s, --since %s: code %d, %s", s.shift, future, code, errOut)
	}
}

// newest: a change that was made after another is the newer one, though its host's clock is behind.
func newest(t *testing.T, env map[string]string) {
	ahead := skewed{t: t, env: env, shift: time.Hour, zone: time.UTC}
	behind := skewed{t: t, env: env, shift: -time.Hour, zone: time.UTC}
	var set struct {
		ChangeSet string `json:"change_set"`
	}
	ahead.must(&set, "tune", "--ram", "1GB", "--only", "work_mem", "-q", "-o", "json")
	first := set.ChangeSet
	behind.must(&set, "tune", "--ram", "2GB", "--only", "work_mem", "-q", "-o", "json")
	var history struct {
		ChangeSets []struct {
			ID        string
			StartedAt time.Time `json:"started_at"`
		} `json:"change_sets"`
	}
	behind.must(&history, "history", "-o", "json")
	sets := history.ChangeSets
	if n := len(sets); n < 2 || sets[n-1].ID != set.ChangeSet || sets[n-2].ID != first || !sets[n-1].StartedAt.Before(sets[n-2].StartedAt) {
		t.Errorf("history: %+v", sets)
	}
	for _, want := range []string{set.ChangeSet, first} {
		var rollback struct {
			Undone []string
			Items  []struct{ Action string }
		}
		behind.must(&rollback, "rollback", "-q", "-o", "json")
		if fmt.Sprint(rollback.Undone) != fmt.Sprint([]string{want}) || rollback.Items[0].Action != "restored" {
			t.Errorf("rolled back %+v, want %s", rollback, want)
		}
	}
}
