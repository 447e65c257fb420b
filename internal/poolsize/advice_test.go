package poolsize

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

func limits(most, others int) Limits {
	return Limits{MaxConnections: most, SuperuserReserved: 3, Others: others}.withRoom(0)
}

func ptr[T any](v T) *T { return &v }

func load(erlangs float64, peak int) *Load {
	return &Load{Source: Sample, Erlangs: erlangs, MeanErlangs: erlangs, Peak: peak, ActiveShare: 100}
}

func TestAdvise(t *testing.T) {
	for _, c := range []struct {
		name     string
		in       Input
		min, max int
		fits     bool
		possible bool
		pool     int // default_pool_size
		why      string
	}{
		{"nothing known: the usual pool", Input{Instances: 1, Limits: limits(100, 0)}, 5, 30, true, true, 30, "the usual most"},
		{"nothing known but the processors", Input{Instances: 2, CPUs: 8, Spindles: 1, Limits: limits(100, 0)}, 5, 9, true, true, 17, "an instance's share"},
		{"many instances on few processors: two each, and a pooler", Input{Instances: 20, CPUs: 2, Spindles: 1, Limits: limits(100, 0)}, 2, 2, true, true, 5, "an instance's share"},
		{"a quiet one on few processors", Input{Instances: 2, CPUs: 2, Spindles: 1, Limits: limits(100, 0), Load: load(0.07, 1)}, 1, 3, true, true, 5, "would take fewer"},
		{"a quiet application", Input{Instances: 2, CPUs: 8, Spindles: 1, Limits: limits(100, 0), Load: load(0.4, 1)}, 1, 5, true, true, 5, "would take fewer"},
		{"a busy one", Input{Instances: 2, CPUs: 16, Spindles: 1, Limits: limits(100, 0), Load: load(14, 0)}, 10, 13, true, true, 22, "no more than 5 %"},
		{"its peak counts where it is higher", Input{Instances: 1, CPUs: 16, Spindles: 1, Limits: limits(100, 0), Load: load(2, 11)}, 4, 11, true, true, 11, "11 connections were seen busy at once"},
		{"more than the processors can do waits in the pool", Input{Instances: 1, CPUs: 4, Spindles: 1, Limits: limits(100, 0), Load: load(40, 60)}, 9, 9, true, true, 9, "wait in the pool"},
		{"what does not fit", Input{Instances: 4, CPUs: 64, Spindles: 1, Limits: limits(40, 20), Load: load(20, 0)}, 4, 4, false, true, 17, "no more fit: 17 connections for 4 instances"},
		{"not even one each", Input{Instances: 40, CPUs: 64, Spindles: 1, Limits: limits(40, 0)}, 0, 0, false, false, 37, "no more fit"},
		{"others have all", Input{Instances: 1, CPUs: 4, Limits: limits(40, 50)}, 0, 0, false, false, 0, "no more fit"},
		{"the limit of the roles", Input{Instances: 2, CPUs: 16, Limits: Limits{MaxConnections: 200, RoleLimit: ptr(6)}.withRoom(0)}, 3, 3, false, true, 6, "no more fit"},
	} {
		c.in.Utilisation = 0.7
		a := Advise(c.in)
		if a.Min != c.min || a.Max != c.max || a.Fits != c.fits || a.Possible != c.possible || a.Pooler.DefaultPoolSize != c.pool {
			t.Errorf("%s: %d..%d, fits %v, possible %v, pooler %d; want %d..%d, %v, %v, %d", c.name, a.Min, a.Max, a.Fits, a.Possible, a.Pooler.DefaultPoolSize, c.min, c.max, c.fits, c.possible, c.pool)
		}
		if !strings.Contains(a.Lines[1].Reason, c.why) {
			t.Errorf("%s: %q", c.name, a.Lines[1].Reason)
		}
		if !c.fits && (len(a.Warnings) == 0 || !strings.Contains(a.Warnings[0], "PgBouncer")) {
			t.Errorf("%s: no word of a pooler: %q", c.name, a.Warnings)
		}
	}
}

// Transactions that wait for their application need more connections than the processors can work on.
func TestIdleInTransactionWidensTheBound(t *testing.T) {
	l := load(8, 0)
	l.ActiveShare = 25
	a := Advise(Input{Instances: 1, CPUs: 2, Spindles: 1, Limits: limits(100, 0), Load: l, Utilisation: 0.7})
	if *a.ActiveBound != 5 || a.Max != 14 {
		t.Errorf("bound %d, max %d", *a.ActiveBound, a.Max)
	}
}

// Whatever comes in: never more than fits, nothing negative, a reason for each number.
func TestNeverMoreThanFits(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // the same cases each time
	for range 20000 {
		in := Input{
			Instances: 1 + r.IntN(60), CPUs: r.IntN(65), Spindles: r.IntN(3), Utilisation: 0.01 + 0.98*r.Float64(), Major: 14 + r.IntN(5),
			Limits: Limits{MaxConnections: 1 + r.IntN(500), SuperuserReserved: r.IntN(10), Reserved: r.IntN(10), Others: r.IntN(200)},
		}
		if r.IntN(2) == 0 {
			in.Limits.DatabaseLimit = ptr(r.IntN(100))
		}
		in.Limits = in.Limits.withRoom(r.IntN(20))
		if r.IntN(4) > 0 {
			in.Load = &Load{Erlangs: 60 * r.Float64() * r.Float64(), Peak: r.IntN(80), ActiveShare: 100 * r.Float64(), HoldMS: ptr(5.0)}
			in.Load.MeanErlangs = in.Load.Erlangs * r.Float64()
		}
		a := Advise(in)
		if a.Max*in.Instances > max(in.Limits.Room, 0) || a.Min > a.Max || a.Min < 0 || a.Possible != (a.Max > 0) || a.Fits && in.Load != nil && a.Wanted*in.Instances > in.Limits.Room {
			t.Fatalf("%+v\n%+v", in, a)
		}
		p := a.Pooler
		if p.MaxDBConns > max(in.Limits.Room, 0) || p.MinPoolSize > p.DefaultPoolSize || p.DefaultPoolSize < 0 || p.ReservePoolSize < 0 || p.MaxClientConn < in.Instances*p.ClientPoolMax || p.ClientPoolMin > p.ClientPoolMax {
			t.Fatalf("%+v\n%+v", in, p)
		}
		for _, l := range a.Lines {
			if l.Reason == "" || l.Formula == "" || l.Source == "" || strings.Contains(l.Reason+l.Formula, "NaN") || strings.Contains(l.Reason+l.Formula, "Inf") {
				t.Fatalf("%+v: %+v", in, l)
			}
		}
	}
}

func TestLoadOf(t *testing.T) {
	now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	day, second := now.Add(-24*time.Hour), now.Add(-time.Second)
	counters := Measure{Source: Counters, Busy: 1, Active: ptr(0.5), From: &day, To: now}
	sample := Measure{Source: Sample, Busy: 3, Active: ptr(1.5), Peak: ptr(7), From: &second, To: now, Rate: ptr(100.0), HoldMS: ptr(30.0)}
	busiest := Measure{Source: History, Busy: 4, From: &second, To: now, Rate: ptr(1000.0), HoldMS: ptr(4.0)}
	whole := Measure{Source: Statements, Busy: 50, From: &second, To: now}
	if l := LoadOf([]Measure{counters, sample, whole}); l.Source != Sample || l.Erlangs != 3 || l.Peak != 7 || l.MeanErlangs != 1 || l.ActiveShare != 50 || *l.HoldMS != 30 {
		t.Errorf("%+v", l)
	}
	// The history counts the work alone: as much again goes by in transactions that wait.
	if l := LoadOf([]Measure{counters, sample, busiest}); l.Source != History || l.Erlangs != 8 || l.HoldMS != nil {
		t.Errorf("%+v", l)
	}
	if l := LoadOf([]Measure{sample, {Source: Given, Busy: 0.1}}); l.Source != Given || l.Erlangs != 0.1 || l.Peak != 0 {
		t.Errorf("%+v", l)
	}
	// Nothing but forgotten transactions.
	if l := LoadOf([]Measure{{Source: Sample, Busy: 20, Active: ptr(0.0), Peak: ptr(20)}}); l.ActiveShare != 5 || l.Erlangs != 20 {
		t.Errorf("%+v", l)
	}
	if l := LoadOf([]Measure{{Source: Sample, Busy: 0.001}}); l != nil {
		t.Errorf("%+v", l)
	}
}

// What nothing carries is said, and no pooler is offered for it.
func TestOverload(t *testing.T) {
	given := load(100, 0)
	given.Source = Given
	for _, c := range []struct {
		load *Load
		want bool
	}{{given, true}, {load(100, 0), false}} {
		a := Advise(Input{Instances: 4, CPUs: 4, Spindles: 1, Limits: limits(14, 0), Load: c.load, Utilisation: 0.7})
		said := strings.Join(a.Warnings, "; ")
		if a.Overload != c.want || c.want && (strings.Contains(said, "which needs") || !strings.Contains(said, "more than any pools")) {
			t.Errorf("%s: overload %t: %s", c.load.Source, a.Overload, said)
		}
	}
}
