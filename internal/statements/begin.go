package statements

import (
	"time"

	"avadb/internal/fault"
)

// Begin gives the begin of a window that ends now, on the server's clock: this host's may be wrong.
type Begin func(now time.Time) (time.Time, error)

// Ago begins a while before the server's now.
func Ago(while time.Duration) Begin {
	return func(now time.Time) (time.Time, error) { return now.Add(-while), nil }
}

// At begins at a point in time, which must lie in the past of the server's clock.
func At(begin time.Time) Begin {
	return func(now time.Time) (time.Time, error) {
		if !begin.Before(now) {
			return begin, fault.New(fault.Usage, "%s is not in the past: the server's clock says %s", stamp(begin), stamp(now))
		}
		return begin, nil
	}
}
