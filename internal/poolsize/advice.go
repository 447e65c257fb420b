package poolsize

import (
	"fmt"
	"math"
)

// Limits are the connections that the server lets in.
type Limits struct {
	MaxConnections    int  `json:"max_connections"`    // of the server
	SuperuserReserved int  `json:"superuser_reserved"` // superuser_reserved_connections
	Reserved          int  `json:"reserved"`           // reserved_connections, from PostgreSQL 16 up
	Others            int  `json:"others"`             // most connections of anybody else that were seen at once
	DatabaseLimit     *int `json:"database_limit"`     // CONNECTION LIMIT of the database, less what others have of it; null: none
	RoleLimit         *int `json:"role_limit"`         // CONNECTION LIMIT of the application's roles; null: none
	Room              int  `json:"room"`               // what is left for all instances of the application together
}

// Input is what the advice is made of.
type Input struct {
	Instances   int
	CPUs        int // 0: not known
	Spindles    int // disks that seek on their own
	Limits      Limits
	Load        *Load   // nil: nothing was seen
	Utilisation float64 // share of the time that a pool's connections may be busy
	Major       int     // of the server
}

// Line is one number of the advice.
type Line struct {
	Name    string `json:"name" col:""`          // of the environment variable, or pgbouncer and its parameter
	Value   int    `json:"value" col:""`         // in its unit
	Unit    string `json:"unit" col:""`          // connections or s
	Reason  string `json:"reason" col:"elastic"` // in a sentence
	Formula string `json:"formula"`              // with its numbers
	Source  string `json:"source"`               // where the rule is from
}

// Queue is what the pool of one instance does under the load, by the M/M/c queue.
type Queue struct {
	Connections    int      `json:"connections"`     // of the pool
	Erlangs        float64  `json:"erlangs"`         // offered to it
	UtilisationPct float64  `json:"utilisation_pct"` // of the time they are busy; above 100: the queue grows without end
	WaitPct        float64  `json:"wait_pct"`        // of the transactions that wait for a connection
	MeanWaitMS     *float64 `json:"mean_wait_ms"`    // of all transactions; null: not known, or without end
	P99WaitMS      *float64 `json:"p99_wait_ms"`     // one of a hundred waits longer; likewise
}

// Pooler is what PgBouncer should be given, which lets all instances share one queue.
type Pooler struct {
	DefaultPoolSize int `json:"default_pool_size"`  // connections to the server
	MinPoolSize     int `json:"min_pool_size"`      // kept open
	ReservePoolSize int `json:"reserve_pool_size"`  // more of them where clients have waited for reserve_pool_timeout
	MaxDBConns      int `json:"max_db_connections"` // both together
	MaxClientConn   int `json:"max_client_conn"`    // the pools of all instances, and some for people
	ClientPoolMax   int `json:"client_pool_max"`    // DB_POOL_MAX of an instance behind it
	ClientPoolMin   int `json:"client_pool_min"`    // DB_POOL_MIN likewise
}

// Advice is the pool of each instance.
type Advice struct {
	Min, Max    int
	ActiveBound *int   `json:"-"` // 2 x processors + spindles; nil where the processors are not known
	Fits        bool   `json:"-"` // what is wanted for all instances fits what the server has
	Possible    bool   `json:"-"` // at least one connection for each
	Wanted      int    `json:"-"` // for an instance, whatever fits
	Overload    bool   `json:"-"` // the load that was given is more than all that the server has, or works on: no pool and no pooler carries it
	Queue       *Queue `json:"-"` // nil without a load
	Pooler      Pooler
	Lines       []Line
	Warnings    []string
}

const (
	// waits is the share of transactions that may wait for a connection.
	waits = 0.05

	// usualMin and usualMax bound the pool of an instance where nothing is known of its load.
	usualMin, usualMax = 5, 30

	// minShare of the time no connection must be opened first.
	minShare = 0.9
)

// The timeouts, in seconds.
const (
	ConnectTimeout     = 5
	QueryTimeout       = 30
	TransactionTimeout = 60
)

const (
	sourceErlang = "M/M/c queue (Erlang 1917; Kleinrock, Queueing Systems I, 3.4)"
	sourceLittle = "Little's law (1961)"
	sourceActive = "PostgreSQL wiki, Number Of Database Connections; HikariCP, About Pool Sizing"
	sourceServer = "PostgreSQL docs, 20.3 Connections and Authentication"
	sourceUsual  = "the usual pool of 5 to 30"
)

// Advise makes the advice. It never gives more than Limits.Room to all instances together.
func Advise(in Input) Advice {
	a := Advice{Fits: true, Possible: in.Limits.Room >= in.Instances}
	share := in.Limits.Room / in.Instances
	a.Wanted = in.wanted()
	bound := in.bound()
	a.ActiveBound = in.activeBound()
	a.Max = a.Wanted
	why := in.whyWanted(a.Wanted)
	if bound > 0 && a.Max > bound {
		a.Max = bound
		why = fmt.Sprintf("the server works on no more at a time: what waits had better wait in the pool than in the server (%d were wanted)", a.Wanted)
	}
	if a.Max > share {
		a.Max = max(share, 0)
		why = fmt.Sprintf("no more fit: %d connections for %d instances", in.Limits.Room, in.Instances)
	}
	a.Fits = a.Possible && (a.Wanted <= share || in.Load == nil && share >= usualMin) // without a load nobody needs the usual most
	// Of a load that was seen, transactions may hold their connections for long only because too many are at work.
	a.Overload = in.Load != nil && in.Load.Source == Given && in.Load.Erlangs >= float64(in.carried())
	a.Min = in.least(a.Max)
	a.Queue = in.queue(a.Max)
	a.Pooler = in.pooler(a)
	a.Lines = in.lines(a, why)
	a.Warnings = in.warnings(a)
	return a
}

// activeBound is how many sessions a server of so many processors works on at its best: beyond it they take time from each other.
func (in Input) activeBound() *int {
	if in.CPUs <= 0 {
		return nil
	}
	n := 2*in.CPUs + in.Spindles
	return &n
}

// totalBound is how many connections all instances together can make use of. Where transactions wait for the application, more
// of them are needed to keep the server at work; 0: not known.
func (in Input) totalBound() int {
	active := in.activeBound()
	if active == nil {
		return 0
	}
	if in.Load == nil || in.Load.ActiveShare <= 0 {
		return *active
	}
	return int(math.Ceil(float64(*active) / max(in.Load.ActiveShare/100, leastShare)))
}

// carried is how many connections at work there can be, with whatever pools.
func (in Input) carried() int {
	if total := in.totalBound(); total > 0 {
		return min(total, in.Limits.Room)
	}
	return in.Limits.Room
}

// bound is the share of an instance in it. Two are the least: a transaction that needs a second connection would wait for itself.
func (in Input) bound() int {
	total := in.totalBound()
	if total == 0 {
		return 0
	}
	return max(divideUp(total, in.Instances), 2)
}

func divideUp(a, b int) int { return (a + b - 1) / b }

// perInstance is the load that one of them offers, where they share it evenly.
func (in Input) perInstance() float64 { return in.Load.Erlangs / float64(in.Instances) }

// wanted is the pool that the load takes, whatever fits.
func (in Input) wanted() int {
	if in.Load == nil {
		if bound := in.bound(); bound > 0 {
			return min(usualMax, bound)
		}
		return usualMax
	}
	n := Servers(in.perInstance(), waits, in.Utilisation)
	n = max(n, divideUp(in.Load.Peak, in.Instances), 2)
	return max(n, in.burst())
}

// burst is a pool that carries one, whatever the load is on average: the usual least, or the instance's share of the processors.
func (in Input) burst() int {
	if bound := in.bound(); bound > 0 {
		return min(usualMin, bound)
	}
	return usualMin
}

func (in Input) whyWanted(n int) string {
	switch {
	case in.Load == nil && in.CPUs > 0 && n < usualMax:
		return "nothing was seen of the load: an instance's share of what the processors can work on"
	case in.Load == nil:
		return "nothing was seen of the load: the usual most"
	case n == in.burst() && Servers(in.perInstance(), waits, in.Utilisation) < n:
		return fmt.Sprintf("the load of %s would take fewer; so many carry a burst", in.Load.erlangs())
	case n == divideUp(in.Load.Peak, in.Instances) && Servers(in.perInstance(), waits, in.Utilisation) < n:
		return fmt.Sprintf("%d connections were seen busy at once", in.Load.Peak)
	}
	return fmt.Sprintf("%s of load: no more than %g %% of the transactions wait, and the connections are busy for no more than %.0f %% of the time",
		in.Load.erlangs(), 100*waits, 100*in.Utilisation)
}

func (l *Load) erlangs() string { return fmt.Sprintf("%.2f busy connections on average", l.Erlangs) }

// least is what a pool keeps open.
func (in Input) least(most int) int {
	if in.Load == nil {
		return min(usualMin, most)
	}
	return min(max(busyAtOnce(in.Load.MeanErlangs/float64(in.Instances), minShare), 1), most)
}

func (in Input) queue(connections int) *Queue {
	if in.Load == nil || connections == 0 {
		return nil
	}
	a := in.perInstance()
	q := &Queue{
		Connections: connections, Erlangs: a, UtilisationPct: 100 * a / float64(connections), WaitPct: 100 * ErlangC(connections, a),
	}
	if in.Load.HoldMS == nil || a >= float64(connections) {
		return q
	}
	mean, p99 := MeanWaitMS(connections, a, *in.Load.HoldMS), WaitMS(connections, a, *in.Load.HoldMS, 0.99)
	q.MeanWaitMS, q.P99WaitMS = &mean, &p99
	return q
}

// pooler lets all instances wait in one queue, which takes fewer connections than a queue each.
func (in Input) pooler(a Advice) Pooler {
	size := usualMax
	if in.Load != nil {
		size = max(Servers(in.Load.Erlangs, waits, in.Utilisation), in.Load.Peak, usualMin)
	}
	if bound := in.totalBound(); bound > 0 && (in.Load == nil || size > bound) {
		size = bound
	}
	size = max(min(size, in.Limits.Room), 0)
	p := Pooler{DefaultPoolSize: size, ReservePoolSize: max(min(divideUp(size, 4), in.Limits.Room-size), 0), MinPoolSize: size}
	if in.Load != nil {
		p.MinPoolSize = min(max(busyAtOnce(in.Load.MeanErlangs, minShare), 1), size)
	}
	p.MaxDBConns = p.DefaultPoolSize + p.ReservePoolSize
	p.ClientPoolMax = max(a.Wanted, min(usualMax, 2*divideUp(size, in.Instances)), 2)
	p.ClientPoolMin = min(in.least(p.ClientPoolMax), p.ClientPoolMax)
	p.MaxClientConn = in.Instances*p.ClientPoolMax + 10 // for people and monitoring
	return p
}
