package pg

import (
	"strings"
	"sync"
	"time"
)

// refusedPause is that between two attempts to log in that are refused: each of them is a FATAL in the server's log, may count towards
// a lock of the account, and asking sooner gives no other answer.
const refusedPause = 10 * time.Second

// refusal is what a pool and a probe of the same target know of logins that were refused: one of them tries again, for both.
type refusal struct {
	mutex sync.Mutex
	err   error // nil: the newest attempt was not refused
	next  time.Time
}

// isRefusal tells whether the server was reached and wants neither this role nor this database.
func isRefusal(err error) bool {
	for _, e := range serverErrors(err) {
		if strings.HasPrefix(e.Code, "28") || e.Code == "3D000" {
			return true
		}
	}
	return false
}

// standing gives the refusal while it is too early for another attempt.
func (r *refusal) standing() error {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if r.err != nil && time.Now().Before(r.next) {
		return r.err
	}
	return nil
}

// take is standing, and where it gives nil the attempt is the caller's: the others wait for the one after it.
func (r *refusal) take() error {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if r.err == nil {
		return nil
	}
	now := time.Now()
	if now.Before(r.next) {
		return r.err
	}
	r.next = now.Add(refusedPause)
	return nil
}

// note takes down what an attempt came to; nil is success.
func (r *refusal) note(err error) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if !isRefusal(err) {
		r.err = nil
		return
	}
	r.err, r.next = err, time.Now().Add(refusedPause)
}

// Refused gives the error of a login that was refused, while neither pool nor probe of the target has been let in since.
func (t *Target) Refused() error {
	t.refusal.mutex.Lock()
	defer t.refusal.mutex.Unlock()
	return t.refusal.err
}
