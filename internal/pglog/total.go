package pglog

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"sync"
	"time"

	"avadb/internal/fingerprint"
)

// total is what all workers have counted.
type total struct {
	mutex sync.Mutex
	counts
	users, databases, apps names
	table                  *table
	plans                  *table
}

func newTotal(o *Options) *total {
	return &total{counts: newDigest(o).counts, table: newTable(o.most()), plans: newTable(o.most())}
}

// take adds a worker's tallies, which begins anew.
func (t *total) take(d *digest) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	users, databases := t.users.merge(&d.users), t.databases.merge(&d.databases)
	t.apps.merge(&d.apps)
	t.table.add(d.tallies.take(users, databases))
	t.plans.add(d.plans.take(users, databases))
}

// addPlans decides for each statement, when all is read: its executions are those of its durations, or those of its plans where these are more.
// With auto_explain.log_min_duration below log_min_duration_statement each duration has its plan, and above it each plan its duration.
func (t *total) addPlans() {
	more := map[key]*tally{}
	for k, plans := range t.plans.tallies {
		if one := t.table.tallies[k]; one == nil || plans.calls > one.calls {
			delete(t.table.tallies, k)
			more[k] = plans
		}
	}
	t.table.add(more)
	t.plans = newTable(t.plans.most)
}

// takeAll adds all that a worker has counted, which is done.
func (t *total) takeAll(d *digest) {
	t.take(d)
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.merge(&d.counts)
}

func (c *counts) merge(o *counts) {
	c.events += o.events
	c.from, c.to = earliest(c.from, o.from), max(c.to, o.to)
	for i, n := range o.severities {
		c.severities[i] += n
	}
	for word, n := range o.words {
		c.words[word] += n
	}
	for i := range o.timings {
		c.timings[i] += o.timings[i]
		c.us[i] += o.us[i]
	}
	for no, m := range o.minutes {
		mine := c.minutes[no]
		if mine == nil {
			c.minutes[no] = m
			continue
		}
		mine.events += m.events
		mine.executions += m.executions
		mine.us += m.us
		mine.errors += m.errors
	}
	for class, f := range o.errors {
		mine := c.errors[class]
		if mine == nil {
			c.errors[class] = f
			continue
		}
		mine.count += f.count
		if f.seq < mine.seq {
			mine.seq, mine.example = f.seq, f.example
		}
	}
	mergeLoads(c.temp, o.temp)
	mergeLoads(c.waits, o.waits)
	c.deadlocks = append(c.deadlocks, o.deadlocks...)
	c.crashes = append(c.crashes, o.crashes...)
	c.mergeNumbers(o)
}

func (c *counts) mergeNumbers(o *counts) {
	for _, pair := range [...]struct{ mine, other *int64 }{
		{&c.deadlocked, &o.deadlocked},
		{&c.crashed, &o.crashed},
		{&c.sessionMS, &o.sessionMS},
		{&c.waitedUS, &o.waitedUS},
		{&c.connections.Received, &o.connections.Received},
		{&c.connections.Authorized, &o.connections.Authorized},
		{&c.connections.Disconnected, &o.connections.Disconnected},
		{&c.locks.StillWaiting, &o.locks.StillWaiting},
		{&c.locks.Acquired, &o.locks.Acquired},
		{&c.tempFiles.Count, &o.tempFiles.Count},
		{&c.tempFiles.Bytes, &o.tempFiles.Bytes},
		{&c.checkpoints.Starting, &o.checkpoints.Starting},
		{&c.checkpoints.Complete, &o.checkpoints.Complete},
		{&c.checkpoints.buffers, &o.checkpoints.buffers},
		{&c.checkpoints.writeMS, &o.checkpoints.writeMS},
		{&c.checkpoints.syncMS, &o.checkpoints.syncMS},
		{&c.checkpoints.totalMS, &o.checkpoints.totalMS},
		{&c.autovacuum.Vacuum, &o.autovacuum.Vacuum},
		{&c.autovacuum.Analyze, &o.autovacuum.Analyze},
		{&c.autovacuum.elapsedCS, &o.autovacuum.elapsedCS},
		{&c.cancelled.Total, &o.cancelled.Total},
		{&c.cancelled.UserRequest, &o.cancelled.UserRequest},
		{&c.cancelled.StatementTimeout, &o.cancelled.StatementTimeout},
		{&c.cancelled.LockTimeout, &o.cancelled.LockTimeout},
		{&c.cancelled.SessionTimeout, &o.cancelled.SessionTimeout},
		{&c.cancelled.RecoveryConflict, &o.cancelled.RecoveryConflict},
		{&c.cancelled.Administrator, &o.cancelled.Administrator},
		{&c.cancelled.Autovacuum, &o.cancelled.Autovacuum},
	} {
		*pair.mine += *pair.other
	}
}

func mergeLoads(mine, others map[fingerprint.Signature]*load) {
	for s, o := range others {
		m := mine[s]
		if m == nil {
			mine[s] = o
			continue
		}
		m.count += o.count
		m.sum += o.sum
		if o.seq < m.seq {
			m.seq, m.query = o.seq, o.query
		}
	}
}

// report gives the contract's form.
func (t *total) report(files []File) *Report {
	r := &Report{
		Files: files, Range: Range{moment(t.from), moment(t.to)}, Severities: map[string]int64{}, Connections: t.connections, LockWaits: t.locks,
		Users: t.users.shares(), Databases: t.databases.shares(), Applications: t.apps.shares(),
		Deadlocks: t.deadlocked, DeadlockReports: t.deadlocks, TempFiles: t.tempFiles, Checkpoints: t.checkpoints, Autovacuum: t.autovacuum,
		Cancelled: t.cancelled, Crashes: t.crashes,
	}
	for s, n := range t.severities {
		if n > 0 && Severity(s) != Other {
			r.Severities[Severity(s).String()] = n
		}
	}
	for word, n := range t.words {
		r.Severities[word] += n
	}
	r.Durations.ByKind = map[string]KindTotal{}
	for k := KindBare; k < kinds; k++ {
		r.Durations.ByKind[k.String()] = KindTotal{t.timings[k], milli(t.us[k])}
		r.Durations.Events += t.timings[k]
		if k.IsExecution() {
			r.Durations.Executions += t.timings[k]
			r.Durations.TotalMS += float64(t.us[k])
		}
	}
	r.Durations.TotalMS = milli(int64(r.Durations.TotalMS))
	r.Connections.SessionSeconds = milli(t.sessionMS)
	r.LockWaits.WaitedMS = milli(t.waitedUS)
	c := &r.Checkpoints
	c.Buffers, c.WriteSeconds, c.SyncSeconds, c.TotalSeconds = c.buffers, milli(c.writeMS), milli(c.syncMS), milli(c.totalMS)
	r.Autovacuum.ElapsedSeconds = float64(r.Autovacuum.elapsedCS) / 100
	t.lists(r)
	return r
}

// lists fills in what has an order.
func (t *total) lists(r *Report) {
	for _, no := range slices.Sorted(maps.Keys(t.minutes)) {
		m := t.minutes[no]
		r.PerMinute = append(r.PerMinute, Minute{time.UnixMicro(no * perMinute).UTC(), m.events, m.executions, milli(m.us), m.errors})
	}
	t.nameStates()
	failures := slices.SortedFunc(maps.Values(t.errors), func(a, b *failure) int {
		return cmp.Or(cmp.Compare(b.count, a.count), cmp.Compare(a.seq, b.seq))
	})
	for _, f := range failures {
		mask(&f.example.Message)
		for _, s := range []*string{f.example.Detail, f.example.Statement} {
			mask(s)
		}
		r.Errors = append(r.Errors, ErrorClass{f.count, f.severity.String(), optional(f.state), f.message, f.example})
	}
	for i, d := range t.deadlocks {
		mask(&t.deadlocks[i].Detail)
		mask(d.Statement)
		for j := range d.Processes {
			mask(&d.Processes[j].Statement)
		}
	}
	slices.SortFunc(r.DeadlockReports, func(a, b Deadlock) int { return cmp.Compare(a.seq, b.seq) })
	r.DeadlockReports = r.DeadlockReports[:min(len(r.DeadlockReports), mostExamples)]
	slices.SortFunc(r.Crashes, func(a, b Crash) int { return cmp.Compare(a.seq, b.seq) })
	for i := range r.Crashes {
		mask(r.Crashes[i].Detail)
	}
	for _, s := range heaviest(t.temp) {
		one := t.temp[s]
		r.TempFiles.Statements = append(r.TempFiles.Statements, TempLoad{s.String(), one.count, one.sum, redacted(one.query)})
	}
	for _, s := range heaviest(t.waits) {
		one := t.waits[s]
		r.LockWaits.Statements = append(r.LockWaits.Statements, WaitingLoad{s.String(), one.count, milli(one.sum), redacted(one.query)})
	}
}

// nameStates adds errors without a code to those of the same message, where all of these have one code: in a stderr log a session can be
// more verbose than others.
func (t *total) nameStates() {
	named := map[string]*failure{}
	for _, f := range t.errors {
		if same := f.severity.String() + f.message; f.state != "" {
			if _, twice := named[same]; twice {
				f = nil
			}
			named[same] = f
		}
	}
	for class, f := range t.errors {
		if other := named[f.severity.String()+f.message]; f.state == "" && other != nil {
			other.count += f.count
			if f.seq < other.seq {
				other.seq, other.example = f.seq, f.example
			}
			delete(t.errors, class)
		}
	}
}

const mostLoaded = 100

func heaviest(loads map[fingerprint.Signature]*load) []fingerprint.Signature {
	order := slices.SortedFunc(maps.Keys(loads), func(a, b fingerprint.Signature) int {
		x, y := loads[a], loads[b]
		return cmp.Or(cmp.Compare(y.sum, x.sum), cmp.Compare(y.count, x.count), cmp.Compare(x.seq, y.seq))
	})
	return order[:min(len(order), mostLoaded)]
}

func (n *names) shares() map[string]Share {
	shares := map[string]Share{}
	for _, s := range n.list {
		shares[s.name] = Share{s.events, s.executions, milli(s.us)}
	}
	return shares
}

// milli gives thousandths of the unit as the unit, exact to the last digit.
func milli(n int64) float64 { return math.Round(float64(n)) / 1000 }

func mask(s *string) {
	if s != nil {
		*s = fingerprint.MaskSecrets(*s)
	}
}

// redacted is a statement for people to read: without its constants.
func redacted(sql string) string {
	return fingerprint.MaskSecrets(string(fingerprint.AppendRedacted(nil, sql)))
}
