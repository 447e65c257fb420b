package poolsize

import "math"

// ErlangB is the probability that all of c servers are busy where nobody waits, at an offered load of a erlangs (Erlang 1917).
// The recursion B(0) = 1, B(k) = a B(k-1) / (k + a B(k-1)) neither overflows nor loses digits, as the formula's factorials do.
func ErlangB(c int, a float64) float64 {
	if a <= 0 {
		if c == 0 {
			return 1
		}
		return 0
	}
	b := 1.0
	for k := 1; k <= c; k++ {
		b = a * b / (float64(k) + a*b)
	}
	return b
}

// ErlangC is the probability that a request waits in an M/M/c queue: c servers, an offered load of a erlangs, arrivals that know
// nothing of each other. It is 1 where the load is not below c, because the queue then grows without end.
func ErlangC(c int, a float64) float64 {
	if a <= 0 {
		return 0
	}
	if a >= float64(c) {
		return 1
	}
	b := ErlangB(c, a)
	return b / (1 - a/float64(c)*(1-b))
}

// MeanWaitMS is the mean wait of all requests of an M/M/c queue, those that do not wait included, for a mean service time in
// milliseconds; infinite where the load is not below c.
func MeanWaitMS(c int, a, serviceMS float64) float64 {
	if a >= float64(c) {
		return math.Inf(1)
	}
	return ErlangC(c, a) * serviceMS / (float64(c) - a)
}

// WaitMS is the wait that a share of the requests (0.99: all but one of a hundred) does not exceed, in milliseconds: the wait of
// those that wait is exponential.
func WaitMS(c int, a, serviceMS, share float64) float64 {
	if a >= float64(c) {
		return math.Inf(1)
	}
	waits := ErlangC(c, a)
	if waits <= 1-share {
		return 0
	}
	return serviceMS / (float64(c) - a) * math.Log(waits/(1-share))
}

// Servers is the smallest number of servers with which no more than a share of the requests waits, and which are busy for no
// more than a share of the time; 0 without a load.
func Servers(a, waits, busy float64) int {
	if a <= 0 {
		return 0
	}
	c := max(int(math.Ceil(a/busy-1e-9)), 1)
	for ErlangC(c, a) > waits {
		c++
	}
	return c
}

// busyAtOnce is how many requests are in service for a share of the time or less: the quantile of a Poisson distribution, which
// is what the number of busy servers of a queue without a limit has.
func busyAtOnce(a, share float64) int {
	if a <= 0 {
		return 0
	}
	if a > 500 { // e^-a would vanish; the normal distribution is as good by then
		return int(math.Ceil(a + 1.2816*math.Sqrt(a)))
	}
	n, term := 0, math.Exp(-a)
	for sum := term; sum < share; sum += term {
		n++
		term *= a / float64(n)
	}
	return n
}
