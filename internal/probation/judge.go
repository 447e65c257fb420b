package probation

import "fmt"

// leastTransactions is what a window must hold to be judged: the count of 100 random arrivals spreads by 10%, and so the
// ratio of two of them by 14%, below the 20% that are allowed by default.
const leastTransactions = 100

// leastCalls is what the statements that ran before and after must have been called for their time to be judged.
const leastCalls = 20

// Judgement is what two windows say about a change.
type Judgement struct {
	Judged        bool     // there was enough activity to tell
	Regressed     bool     // more than what is allowed was lost
	RegressionPct *float64 // the larger loss, of throughput or of time per statement, in per cent of before; below 0: a gain
	Reason        string   // one sentence, with the numbers
}

// Judge compares the windows before and after a change. maxPct is what may be lost, in per cent. It completes both
// windows with the time of the statements that ran in both.
func Judge(before, after *Window, maxPct float64) Judgement {
	compareStatements(before, after)
	if expected := before.TPS * after.Seconds; before.Transactions < leastTransactions || expected < leastTransactions {
		return Judgement{Reason: fmt.Sprintf("too little happened to judge: %d transactions in %.0f s before the change, and it takes %d in each window",
			before.Transactions, before.Seconds, leastTransactions)}
	}
	loss := 100 * (before.TPS - after.TPS) / before.TPS
	reason := fmt.Sprintf("throughput went from %.1f to %.1f transactions a second (%+.1f%%)", before.TPS, after.TPS, 100*(after.TPS-before.TPS)/before.TPS)
	if after.MeanMS != nil && *before.MeanMS > 0 {
		slower := 100 * (*after.MeanMS - *before.MeanMS) / *before.MeanMS
		reason += fmt.Sprintf(", the mean time per statement from %.3f to %.3f ms (%+.1f%%)", *before.MeanMS, *after.MeanMS, slower)
		loss = max(loss, slower)
	}
	return Judgement{Judged: true, Regressed: loss > maxPct, RegressionPct: &loss, Reason: reason}
}

// compareStatements fills in the time per call of the statements that ran in both windows. Both means have the weights of
// the first, so that a shift to other statements is no change of time.
func compareStatements(before, after *Window) {
	var callsBefore, callsAfter int64
	var timeBefore, timeAfter float64
	for statement, b := range before.timings {
		a, ran := after.timings[statement]
		if !ran {
			continue
		}
		callsBefore += b.Calls
		callsAfter += a.Calls
		timeBefore += b.TotalMS
		timeAfter += float64(b.Calls) * a.TotalMS / float64(a.Calls)
	}
	if callsBefore < leastCalls || callsAfter < leastCalls {
		return
	}
	meanBefore, meanAfter := timeBefore/float64(callsBefore), timeAfter/float64(callsBefore)
	before.Calls, before.MeanMS = &callsBefore, &meanBefore
	after.Calls, after.MeanMS = &callsAfter, &meanAfter
}
