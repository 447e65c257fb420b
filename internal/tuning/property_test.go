package tuning_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"avadb/internal/tuning"
	"avadb/internal/units"
)

// chance makes an input out of numbers that a fuzzer chooses.
type chance struct {
	random *rand.Rand
	in     tuning.Input
}

func newChance(t testing.TB, seed uint64, dumps map[int]map[string]tuning.Parameter) chance {
	t.Helper()
	c := chance{random: rand.New(rand.NewPCG(seed, seed))} //nolint:gosec // the same in every run
	major := 14 + c.random.IntN(5)
	c.in = tuning.Input{
		RAMBytes: c.ram(), Major: major, Parameters: dumps[major], Platform: "PostgreSQL on x86_64-pc-linux-gnu",
		Profile: tuning.Profiles()[c.random.IntN(6)], Storage: tuning.Storages()[c.random.IntN(4)],
	}
	if c.random.IntN(3) > 0 {
		c.in.CPUs = 1 + c.random.IntN(512)
	}
	if c.random.IntN(3) == 0 {
		c.in.DBBytes = c.ram()
	}
	if c.random.IntN(2) == 0 {
		c.in.WALRoomBytes = c.ram()
	}
	if c.random.IntN(2) == 0 {
		c.in.Evidence = c.evidence()
	}
	return c
}

// ram is between 256MB and 12TB, each power of two as likely as the next.
func (c chance) ram() int64 {
	floor := 256 * units.MB << c.random.IntN(16)
	return min(floor+c.random.Int64N(floor), 12*units.TB)
}

func (c chance) evidence() *tuning.Evidence {
	n := func(most int64) *int64 { v := c.random.Int64N(most); return &v }
	sessions, wal, ratio := c.random.IntN(90), c.random.Float64()*1e9, c.random.Float64()*100
	e := &tuning.Evidence{
		PeakSessions: &sessions, DBBytes: n(1 << 44), TempFiles: n(100), TempBytes: n(1 << 44), HitRatioPct: &ratio,
		Timed: n(1000), Requested: n(1000), WALPerSecond: &wal, SpillTimes: true,
	}
	for range c.random.IntN(4) {
		e.Spills = append(e.Spills, tuning.Spill{QueryID: "1", Calls: 1, BytesCall: 1 << c.random.IntN(45), BlockMS: c.random.Float64(), SharePct: c.random.Float64() * 100})
		e.Tables = append(e.Tables, tuning.Table{Name: "public.t", Bytes: *n(1 << 44), Live: *n(1 << 30), Dead: *n(1 << 30)})
	}
	return e
}

// effective is what a parameter will be, in base units: what stands where it is left alone.
func effective(t testing.TB, in tuning.Input, rec tuning.Recommendation) (float64, bool) {
	t.Helper()
	p, known := in.Parameters[rec.Name]
	text := rec.Value
	if rec.Skip {
		text = p.ResetVal
	}
	if !known || p.Vartype != "integer" && p.Vartype != "real" {
		return 0, false
	}
	n, ok := units.BaseReal(text, p.Unit)
	if !ok {
		t.Errorf("%s = %q is no number", rec.Name, text)
	}
	return n, ok
}

// checkProperties are what must hold for any memory: the server takes each value, they fit the memory together, no count is
// below PostgreSQL's default or below what the server has, and every line says why.
func checkProperties(t testing.TB, in tuning.Input) {
	t.Helper()
	recs, _, err := tuning.Recommend(in)
	if err != nil {
		t.Errorf("%+v: %v", in.Profile, err)
		return
	}
	for _, rec := range recs {
		p := in.Parameters[rec.Name]
		if rec.Reason == "" || rec.Formula == "" || rec.Source == "" || rec.Skip != (rec.Value == "") || rec.Moved && rec.Evidence == "" {
			t.Errorf("incomplete: %+v", rec)
		}
		n, ok := effective(t, in, rec)
		if !ok {
			continue
		}
		least, okLeast := units.BaseReal(p.MinVal, "")
		most, okMost := units.BaseReal(p.MaxVal, "")
		if okLeast && n < least || okMost && n > most {
			t.Errorf("%s = %s is not within %s and %s", rec.Name, rec.Value, p.MinVal, p.MaxVal)
		}
		usual, _ := units.BaseReal(p.BootVal, "")
		isCount := strings.Contains(rec.Name, "workers") || strings.Contains(rec.Name, "processes") || rec.Name == "max_connections"
		if isCount && n < usual {
			t.Errorf("%s = %s is below the default %s", rec.Name, rec.Value, p.BootVal)
		}
	}
	if sum := tuning.WorstCase(in, recs).PlannedBytes; in.Profile != tuning.QuickWins && (sum <= 0 || sum > in.RAMBytes) {
		t.Errorf("%s on %d: the values take %s of %s: %v", in.Profile, in.Major, units.HumanSize(sum), units.HumanSize(in.RAMBytes), recs)
	}
}

// checkMonotone: more memory never means a smaller size or number. random_page_cost is none: it falls where the databases fit.
func checkMonotone(t testing.TB, less tuning.Input, moreRAM int64) {
	t.Helper()
	more := less
	more.RAMBytes = moreRAM
	small, _, err := tuning.Recommend(less)
	large, _, worse := tuning.Recommend(more)
	if err != nil || worse != nil {
		t.Errorf("refused: %v, %v", err, worse)
		return
	}
	for i := range small {
		a, okA := effective(t, less, small[i])
		b, okB := effective(t, more, large[i])
		if okA && okB && a > b && small[i].Name != "random_page_cost" {
			t.Errorf("%s on %d: %s falls from %q to %q between %d and %d bytes", less.Profile, less.Major, small[i].Name, small[i].Value, large[i].Value, less.RAMBytes, moreRAM)
		}
	}
}

func dumps(t testing.TB) map[int]map[string]tuning.Parameter {
	t.Helper()
	all := map[int]map[string]tuning.Parameter{}
	for major := 14; major <= 18; major++ {
		all[major] = parameters(t, major)
	}
	return all
}

func TestPropertiesForAnyMemory(t *testing.T) {
	all := dumps(t)
	for seed := range uint64(3000) {
		c := newChance(t, seed, all)
		checkProperties(t, c.in)
		checkMonotone(t, c.in, min(c.in.RAMBytes+c.random.Int64N(c.in.RAMBytes), 12*units.TB))
		checkMonotone(t, c.in, min(c.in.RAMBytes+c.random.Int64N(200*units.MB), 12*units.TB))
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

func FuzzAnyMemory(f *testing.F) {
	all := dumps(f)
	f.Add(uint64(1), int64(8<<30), int64(9<<30))
	f.Add(uint64(7), int64(256<<20), int64(12<<40))
	f.Fuzz(func(t *testing.T, seed uint64, less, more int64) {
		c := newChance(t, seed, all)
		if less < 256*units.MB || less > 12*units.TB || more < less || more > 12*units.TB {
			return
		}
		c.in.RAMBytes = less
		checkProperties(t, c.in)
		checkMonotone(t, c.in, more)
	})
}
