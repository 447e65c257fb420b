package pgtest

import (
	"slices"
	"time"

	"avadb/internal/fault"
)

// waitGone waits till none of the processes is left.
func waitGone(pids ...int) error {
	const patience = 30 * time.Second
	deadline := time.Now().Add(patience)
	for slices.ContainsFunc(pids, alive) {
		if time.Now().After(deadline) {
			return fault.New(fault.Failed, "ending the throwaway server: one of its processes %v is still there after %s", pids, patience)
		}
		time.Sleep(5 * time.Millisecond)
	}
	return nil
}
