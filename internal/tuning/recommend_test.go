package tuning_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"avadb/internal/fault"
	"avadb/internal/tuning"
	"avadb/internal/units"
)

func TestDocumentAtEightGigabytes(t *testing.T) {
	want := [][2]string{
		{"max_connections", "200"},
		{"shared_buffers", "2GB"},
		{"effective_cache_size", "6GB"},
		{"work_mem", "64MB"},
		{"maintenance_work_mem", "512MB"},
		{"random_page_cost", "1.1"},
		{"effective_io_concurrency", "200"},
		{"wal_buffers", "16MB"},
		{"checkpoint_completion_target", "0.9"},
		{"log_min_duration_statement", "1000"},
		{"log_connections", "on"},
		{"log_disconnections", "on"},
		{"idle_in_transaction_session_timeout", "60s"},
	}
	for _, major := range []int{14, 18} {
		recs, _ := recommend(t, fresh(t, major, "8GB"))
		if len(recs) != len(want) {
			t.Fatalf("%d: %d recommendations, want %d", major, len(recs), len(want))
		}
		for i, rec := range recs {
			if rec.Name != want[i][0] || rec.Value != want[i][1] {
				t.Errorf("%d: %s = %s, want %s = %s", major, rec.Name, rec.Value, want[i][0], want[i][1])
			}
			if rec.Skip || rec.Reason == "" || rec.Formula == "" || rec.Source == "" {
				t.Errorf("%d: incomplete: %+v", major, rec)
			}
		}
	}
}

func TestSizesScaleWithMemory(t *testing.T) {
	for _, c := range []struct{ ram, buffers, cache, work, maintenance string }{
		{"256MB", "64MB", "192MB", "4MB", "64MB"},
		{"1GB", "256MB", "768MB", "8MB", "64MB"},
		{"1000MB", "250MB", "750MB", "7MB", "64MB"},
		{"8GB", "2GB", "6GB", "64MB", "512MB"},
		{"16GB", "4GB", "12GB", "128MB", "1GB"},
		{"64GB", "16GB", "48GB", "256MB", "2GB"},
		{"512GB", "128GB", "384GB", "256MB", "2GB"},
		{"64TB", "8589934584kB", "17179869176kB", "256MB", "2GB"}, // the server's own maxima
	} {
		recs, _ := recommend(t, fresh(t, 18, c.ram))
		for name, want := range map[string]string{
			"shared_buffers": c.buffers, "effective_cache_size": c.cache, "work_mem": c.work, "maintenance_work_mem": c.maintenance,
		} {
			if got := find(t, recs, name).Value; got != want {
				t.Errorf("%s: %s = %s, want %s", c.ram, name, got, want)
			}
		}
	}
}

func TestTooLittleMemory(t *testing.T) {
	for _, ram := range []int64{-1, 0, 1, 256*units.MB - 1} {
		_, _, err := tuning.Recommend(tuning.Input{RAMBytes: ram, Parameters: parameters(t, 18)})
		wantRefusal(t, err, fault.Usage, "the least is 256MB")
	}
}

// More memory never means a smaller value, and no value leaves the range of the server.
func TestSizesAreMonotoneAndInRange(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // the same sizes in every run
	in := fresh(t, 14, "8GB")
	for range 500 {
		less := 256*units.MB + random.Int64N(1<<random.IntN(46)+1)
		more := less + random.Int64N(less)
		in.RAMBytes = less
		small, _ := recommend(t, in)
		in.RAMBytes = more
		large, _ := recommend(t, in)
		for i := range small {
			p := in.Parameters[small[i].Name]
			a, okA := units.Base(small[i].Value, p.Unit)
			b, okB := units.Base(large[i].Value, p.Unit)
			if okA && okB && a > b {
				t.Errorf("%s falls from %s to %s between %d and %d bytes", p.Name, small[i].Value, large[i].Value, less, more)
			}
		}
	}
}

func TestMaxConnectionsFollowsTheServer(t *testing.T) {
	for _, c := range []struct {
		name     string
		now      string
		sessions int
		primary  string
		want     string // empty: skipped
		reason   string
	}{
		{name: "fresh", now: "100", sessions: 5, want: "200", reason: "pooled"},
		{name: "already 200", now: "200", want: "200", reason: "pooled"},
		{name: "already more", now: "500", sessions: 5, reason: "already 500; lowering it to 200"},
		{name: "nearly full", now: "200", sessions: 199, want: "250", reason: "199 sessions in use and 3 reserved"},
		{name: "full and more", now: "500", sessions: 300, reason: "already 500; lowering it to 400"},
		{name: "standby", now: "100", primary: "300", want: "300", reason: "300 of its primary"},
	} {
		t.Run(c.name, func(t *testing.T) {
			in := fresh(t, 18, "8GB")
			has(&in, "max_connections", c.now)
			in.SessionsInUse = c.sessions
			if c.primary != "" {
				in.Standby, in.PrimaryHas = true, map[string]string{"max_connections": c.primary}
			}
			recs, _ := recommend(t, in)
			rec := find(t, recs, "max_connections")
			if rec.Value != c.want || rec.Skip != (c.want == "") || !strings.Contains(rec.Reason, c.reason) {
				t.Errorf("got %+v", rec)
			}
		})
	}
}

func TestEffectiveIOConcurrencyNeedsPosixFadvise(t *testing.T) {
	for _, c := range []struct {
		platform string
		major    int
		boot     string
		skipped  bool
	}{
		{"PostgreSQL 14.23 on x86_64-pc-linux-gnu, compiled by gcc", 14, "1", false},
		{"PostgreSQL 14.23 on x86_64-unknown-freebsd14.0, compiled by clang", 14, "1", false},
		{"PostgreSQL 17.2 on aarch64-apple-darwin23.6.0, compiled by Apple clang", 17, "", true},
		{"PostgreSQL 16.1, compiled by Visual C++ build 1937, 64-bit", 16, "", true},
		{"PostgreSQL 17.0 on x86_64-windows, compiled by msvc-19.40.33813, 64-bit", 17, "", true},
		{"PostgreSQL 15.3 on x86_64-w64-mingw32, compiled by gcc", 15, "", true},
		{"PostgreSQL 15.3 on some-other-system", 15, "0", true},
		{"PostgreSQL 18.1 on aarch64-apple-darwin23.6.0, compiled by Apple clang", 18, "16", false},
	} {
		in := fresh(t, 14, "8GB")
		in.Platform, in.Major = c.platform, c.major
		p := in.Parameters["effective_io_concurrency"]
		p.BootVal = c.boot
		in.Parameters["effective_io_concurrency"] = p
		recs, _ := recommend(t, in)
		rec := find(t, recs, "effective_io_concurrency")
		if rec.Skip != c.skipped || (rec.Value == "") != c.skipped {
			t.Errorf("%s: got %+v", c.platform, rec)
		}
		set(&in, "maintenance_io_concurrency=10")
		if _, _, err := tuning.Recommend(in); c.skipped {
			wantRefusal(t, err, fault.Usage, "must be 0 before PostgreSQL 18")
		}
	}
}

func TestWhatTheServerDoesNotKnowOrAllow(t *testing.T) {
	in := fresh(t, 14, "64GB")
	delete(in.Parameters, "wal_buffers")
	p := in.Parameters["maintenance_work_mem"]
	p.MaxVal = "2097151" // Windows before 18
	in.Parameters["maintenance_work_mem"] = p
	recs, _ := recommend(t, in)
	if rec := find(t, recs, "wal_buffers"); !rec.Skip || !strings.Contains(rec.Reason, "does not have") {
		t.Errorf("got %+v", rec)
	}
	if rec := find(t, recs, "maintenance_work_mem"); rec.Value != "2097151kB" || !strings.Contains(rec.Reason, "the most this server allows") {
		t.Errorf("got %+v", rec)
	}
}

func TestOnlySkipAndSet(t *testing.T) {
	all := strings.Join(tuning.ProfileNames(tuning.QuickWins), " ")
	for _, c := range []struct {
		name string
		in   tuning.Input
		want string
	}{
		{"everything", tuning.Input{}, all},
		{"only keeps the profile's order", tuning.Input{Only: []string{"work_mem", "MAX_connections"}}, "max_connections work_mem"},
		{"skip stays in sight", tuning.Input{Skip: []string{"work_mem"}}, all},
		{"set comes after the profile", tuning.Input{Set: []tuning.Assignment{{"jit", "off"}, {"WORK_MEM", "8MB"}, {"datestyle", "ISO, DMY"}}}, all + " jit DateStyle"},
		{"set stays beside only", tuning.Input{Only: []string{"jit"}, Set: []tuning.Assignment{{"work_mem", "8MB"}, {"jit", "off"}}}, "work_mem jit"},
		{"connections stays beside only", tuning.Input{Only: []string{"work_mem"}, Connections: 300}, "max_connections work_mem"},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.in.RAMBytes, c.in.Major, c.in.Parameters = 8*units.GB, 18, parameters(t, 18)
			recs, _ := recommend(t, c.in)
			if got := names(recs); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
			for _, rec := range recs {
				if isSkipped := len(c.in.Skip) > 0 && rec.Name == c.in.Skip[0]; rec.Skip != isSkipped {
					t.Errorf("got %+v", rec)
				}
			}
		})
	}
}

func TestTheUsersValueWins(t *testing.T) {
	in := fresh(t, 18, "8GB")
	in.Connections = 300
	set(&in, "Work_Mem=32MB", "log_line_prefix=%m [%p] ")
	recs, _ := recommend(t, in)
	for name, want := range map[string]string{"max_connections": "300", "work_mem": "32MB", "log_line_prefix": "%m [%p] "} {
		if rec := find(t, recs, name); rec.Value != want || !rec.Asked || rec.Formula != "as given" {
			t.Errorf("got %+v", rec)
		}
	}
	if find(t, recs, "shared_buffers").Asked {
		t.Error("shared_buffers was not asked for")
	}
}

func TestNamesThatCannotBeMeant(t *testing.T) {
	for _, c := range []struct {
		name, message, hint string
		in                  tuning.Input
	}{
		{"unknown", `unknown parameter "work_men"`, "did you mean work_mem?", tuning.Input{Set: []tuning.Assignment{{"work_men", "1MB"}}}},
		{"far from any", `unknown parameter "q"`, "pg_settings", tuning.Input{Set: []tuning.Assignment{{"q", "1"}}}},
		{"twice", "work_mem is given more than once", "keep one", tuning.Input{Set: []tuning.Assignment{{"work_mem", "1MB"}, {"WORK_MEM", "2MB"}}}},
		{"twice by two flags", "max_connections is given more than once", "keep one", tuning.Input{Connections: 300, Set: []tuning.Assignment{{"max_connections", "250"}}}},
		{"only", `--only names "jit"`, "max_connections, shared_buffers", tuning.Input{Only: []string{"jit"}}},
		{"skip", `--skip names "workmem"`, "work_mem", tuning.Input{Skip: []string{"workmem"}}},
		{"set and skipped", "work_mem is both set and skipped", "--skip", tuning.Input{Skip: []string{"work_mem"}, Set: []tuning.Assignment{{"work_mem", "8MB"}}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.in.RAMBytes, c.in.Major, c.in.Parameters = 8*units.GB, 18, parameters(t, 18)
			recs, _, err := tuning.Recommend(c.in)
			wantRefusal(t, err, fault.Usage, c.message)
			if recs != nil || !strings.Contains(fault.As(err).Hint, c.hint) {
				t.Errorf("recommended %v, hint %q", recs, fault.As(err).Hint)
			}
		})
	}
}
