package settings

// LeaveOutRestarts takes what waits for a restart out of a plan, with its reason, and names it: a probation can only judge
// what the server takes at once.
func (s *Snapshot) LeaveOutRestarts(plan []Setting) []string {
	var names []string
	for i := range plan {
		line := &plan[i]
		if line.Action != Set || line.Context != effect("postmaster") {
			continue
		}
		line.Action, line.Value, line.Winner = Skipped, nil, s.ServerLayer(line.Name)
		line.PendingRestart = s.Waits(line.Name)
		line.ByEvidence, line.Cost = false, nil // of the value that is not written
		line.Reason = "left out by --probation, because it takes a restart"
		names = append(names, line.Name)
	}
	return names
}
