package health

import (
	"sync"
	"time"

	"avadb/internal/pg"
)

// minutes is how far back recent remembers.
const minutes = 60

// minute is what one minute came to.
type minute struct {
	number   int64 // since 1970
	samples  int
	used     float64 // sum of the samples, in percent
	peak     float64 // percent
	failures int64   // attempts to connect that failed
	waits    int64
	canceled int64
	waited   time.Duration
}

// recent remembers the last hour of a pool, a minute at a time.
type recent struct {
	mutex sync.Mutex
	ring  [minutes]minute
	last  pg.PoolStats // the counters of the sample before
}

// sample adds the present figures of the pool.
func (r *recent) sample(now time.Time, s pg.PoolStats) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	number := now.Unix() / 60
	m := &r.ring[number%minutes]
	if m.number != number {
		*m = minute{number: number}
	}
	m.samples++
	m.used += s.UtilizationPct()
	m.peak = max(m.peak, s.UtilizationPct())
	m.failures += s.ConnectFailures - r.last.ConnectFailures
	m.waits += s.Waits - r.last.Waits
	m.canceled += s.Canceled - r.last.Canceled
	m.waited += s.WaitTime - r.last.WaitTime
	r.last = s
}

// LastHour is what the last sixty minutes came to, or those since the start.
type LastHour struct {
	Minutes            int     `json:"minutes"`             // that it speaks of, the present one included
	UtilizationAvgPct  float64 `json:"utilization_avg_pct"` // used / max_size
	UtilizationPeakPct float64 `json:"utilization_peak_pct"`
	ConnectionFailures int64   `json:"connection_failures"` // attempts to connect that failed
	Waits              int64   `json:"waits"`               // who found no idle connection
	WaitMS             float64 `json:"wait_ms"`             // of all of them together
	Canceled           int64   `json:"canceled"`            // who got none in time
}

func (r *recent) hour(now time.Time) LastHour {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	var h LastHour
	var samples int
	var used float64
	var waited time.Duration
	for _, m := range r.ring {
		if m.samples == 0 || m.number <= now.Unix()/60-minutes {
			continue
		}
		h.Minutes++
		samples += m.samples
		used += m.used
		waited += m.waited
		h.UtilizationPeakPct = max(h.UtilizationPeakPct, rounded(m.peak))
		h.ConnectionFailures += m.failures
		h.Waits += m.waits
		h.Canceled += m.canceled
	}
	if samples > 0 {
		h.UtilizationAvgPct = rounded(used / float64(samples))
	}
	h.WaitMS = rounded(float64(waited) / float64(time.Millisecond))
	return h
}
