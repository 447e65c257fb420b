package poolsize

import (
	"math"
	"testing"
)

func near(t *testing.T, what string, got, want, within float64) {
	t.Helper()
	if math.Abs(got-want) > within || math.IsNaN(got) {
		t.Errorf("%s is %v, want %v", what, got, want)
	}
}

// The traffic tables of telephony: the load that c lines carry while one call of a hundred (or a thousand) is refused. They are
// printed to three or four digits, so what they give back is right to that.
func TestErlangBAgainstTheTables(t *testing.T) {
	for _, c := range []struct {
		lines int
		load  float64
		lost  float64
	}{
		{1, 0.0101, 0.01},
		{2, 0.153, 0.01},
		{5, 1.361, 0.01},
		{10, 4.461, 0.01},
		{20, 12.03, 0.01},
		{30, 20.34, 0.01},
		{50, 37.90, 0.01},
		{100, 84.06, 0.01},
		{10, 3.092, 0.001},
		{20, 9.411, 0.001},
		{100, 75.24, 0.001},
	} {
		near(t, "ErlangB", ErlangB(c.lines, c.load), c.lost, 0.01*c.lost)
	}
}

func TestErlangC(t *testing.T) {
	for _, c := range []struct {
		name    string
		servers int
		load    float64
		waits   float64
		within  float64
	}{
		{"closed form for one server: rho", 1, 0.6, 0.6, 1e-12},
		{"closed form for two: a^2 / (2 + a)", 2, 1.5, 2.25 / 3.5, 1e-12},
		{"three servers, two erlangs: 4/9", 3, 2, 4. / 9, 1e-12},
		{"the textbook call centre: 360 calls of 4 minutes in half an hour, 55 agents", 55, 48, 0.239, 0.0005},
		{"100 calls of 3 minutes in half an hour, 14 agents", 14, 10, 0.1741, 0.00005},
		{"and 11 agents", 11, 10, 0.6821, 0.0005},
		{"no load", 3, 0, 0, 0},
		{"as much as there is", 3, 3, 1, 0},
		{"more than there is", 3, 4, 1, 0},
	} {
		near(t, c.name, ErlangC(c.servers, c.load), c.waits, c.within)
	}
	for _, load := range []float64{1, 100, 999, 9999} { // no overflow, and always a probability
		if p := ErlangC(10000, load); p < 0 || p > 1 || math.IsNaN(p) {
			t.Errorf("ErlangC(10000, %v) = %v", load, p)
		}
	}
}

// The formula with its factorials, for numbers small enough for it.
func TestErlangCIsTheFormula(t *testing.T) {
	for c := 1; c <= 20; c++ {
		for _, rho := range []float64{0.05, 0.3, 0.7, 0.95, 0.999} {
			a := rho * float64(c)
			sum, term := 0.0, 1.0
			for k := range c {
				sum += term
				term *= a / float64(k+1)
			}
			top := term / (1 - rho)
			near(t, "ErlangC", ErlangC(c, a), top/(sum+top), 1e-9)
		}
	}
}

func TestWaits(t *testing.T) {
	// The same call centre: 180 s a call, 14 agents: 7.8 s on average, and 88.8 % within 20 s.
	near(t, "mean wait", MeanWaitMS(14, 10, 180e3), 7835, 5)
	near(t, "the wait of 88.8 %", WaitMS(14, 10, 180e3, 0.888), 20e3, 150)
	if !math.IsInf(MeanWaitMS(3, 3, 1), 1) || !math.IsInf(WaitMS(3, 4, 1, 0.99), 1) {
		t.Error("a queue without end has a finite wait")
	}
	if w := WaitMS(50, 1, 10, 0.99); w != 0 {
		t.Errorf("nobody waits, and 99 of 100 wait up to %v", w)
	}
}

func TestServers(t *testing.T) {
	for _, c := range []struct {
		load, waits, busy float64
		want              int
	}{
		{0, 0.05, 0.7, 0},
		{0.01, 0.05, 0.7, 1},
		{0.3, 0.05, 0.7, 2},
		{1, 0.05, 0.7, 4},
		{10, 1, 0.7, 15}, // 14.3 by the time they are busy
		{10, 0.1741, 0.99, 15},
		{10, 0.1742, 0.99, 14},
		{7, 1, 0.7, 10}, // 7 / 0.7 is 10.000000000000002
	} {
		if got := Servers(c.load, c.waits, c.busy); got != c.want {
			t.Errorf("Servers(%v, %v, %v) = %d, want %d", c.load, c.waits, c.busy, got, c.want)
		}
	}
}

func TestBusyAtOnce(t *testing.T) {
	for _, c := range []struct {
		load float64
		want int
	}{{0, 0}, {0.05, 0}, {1, 2}, {5, 8}, {10, 14}, {600, 632}} { // of the Poisson tables: P(X <= 8 | 5) = 0.9319, P(X <= 14 | 10) = 0.9165
		if got := busyAtOnce(c.load, 0.9); got != c.want {
			t.Errorf("busyAtOnce(%v) = %d, want %d", c.load, got, c.want)
		}
	}
}
