package history

import (
	"context"
	"log/slog"
	"time"

	"avadb/internal/fault"
	"avadb/internal/pg"
	"avadb/internal/query"
	"avadb/internal/slowlog"
	"avadb/internal/statements"
)

// Options of a collector.
type Options struct {
	StoreOptions
	Threshold    time.Duration // what runs longer is slow
	KeepLiterals bool          // running statements are stored as they are, and not without their constants
	Keep         time.Duration // what is older is pruned now and then; 0: nothing is
}

// Collector reads one server and writes its history. It is for one goroutine.
type Collector struct {
	conn   *pg.Conn // the watched server's
	store  *Store
	server *Server
	o      Options
	log    *slog.Logger
	state  *state    // nil before the first collection, and after one that failed
	pruned time.Time // when pruning was tried last, by the watched server's clock
	told   map[string]bool
	step   func()        // tests only: called between any two things that a killed collector can have done
	spent  time.Duration // by the collection that runs: what its statements took on the watched server
	cost   time.Duration // of a collection, on average

	hidden    bool // the role did not see all statements
	stretched bool // it collects less often than asked for, to stay within the budget
}

// Collected is what one collection did.
type Collected struct {
	Snapshot   int32      `json:"snapshot" col:""`       // its number
	From       *time.Time `json:"from"`                  // begin of the interval; null for the first snapshot, whose counters are the baseline
	TakenAt    time.Time  `json:"taken_at" col:""`       // its end, by the server's clock
	Gap        bool       `json:"gap"`                   // it does not join the one before with certainty
	Flags      []string   `json:"flags"`                 // first, node, reset, restart, evicted, clock, away or hidden: what happened in the interval
	Entries    int        `json:"entries" col:""`        // of pg_stat_statements
	NotVisible int64      `json:"not_visible"`           // entries that the role may not see
	Evictions  int64      `json:"evictions"`             // in the interval, each of which took counters away
	New        int        `json:"new_statements" col:""` // that the history had not seen before
	Changed    int        `json:"changed" col:""`        // statements that were counted in the interval
	Running    int        `json:"running_slow" col:""`   // statements that were running for longer than the threshold
	Intervals  int        `json:"intervals_slow" col:""` // statements whose mean was over the threshold
	Table      *string    `json:"table"`                 // where these went; null where there was none
	ServerMS   float64    `json:"server_ms" col:"num.1"` // what it cost the watched server at most: the time of its statements, with the way to and fro
	Bytes      int64      `json:"bytes" col:""`          // of rows written to the history, without indexes
	Pruned     *Pruned    `json:"pruned"`                // what was older than --keep; null where pruning was not due
}

// Start takes the collector's lock and makes the store ready. The connection stays the caller's.
func Start(ctx context.Context, conn *pg.Conn, o Options) (*Collector, error) {
	c := &Collector{conn: conn, o: o, log: o.Log, told: map[string]bool{}, step: func() {}}
	if err := c.begin(ctx); err != nil {
		return nil, err
	}
	return c, nil
}

// begin is also how a collection goes on after a lost connection.
func (c *Collector) begin(ctx context.Context) (err error) {
	c.state = nil
	if err := lock(ctx, c.conn); err != nil {
		return err
	}
	if err := statements.CheckWindows(ctx, c.conn); err != nil {
		return err
	}
	if c.store, err = Open(ctx, c.conn, c.o.StoreOptions); err != nil {
		return err
	}
	if err = c.store.Prepare(ctx); err == nil {
		c.server, err = c.store.join(ctx, c.conn.Server)
	}
	if err != nil {
		c.Close()
	}
	return err
}

// Close closes the store. The lock ends with the watched server's connection.
func (c *Collector) Close() {
	if c.store != nil {
		c.store.Close()
		c.store = nil
	}
}

// Collect makes one snapshot and notes what is slow. What it fails with is kept in the store, where that can be reached.
func (c *Collector) Collect(ctx context.Context) (*Collected, error) {
	c.spent = 0
	done, err := c.collect(ctx)
	if err != nil {
		c.state = nil
		if !c.conn.Raw().IsClosed() {
			err = c.store.Named(err)
		}
	}
	if ctx.Err() == nil {
		c.note(ctx, err)
	} else if fault.KindOf(context.Cause(ctx)) == fault.Timeout { // a stalled server is worth noting, if it lets us
		short, stop := context.WithTimeout(context.WithoutCancel(ctx), noteLimit)
		defer stop()
		c.note(short, err)
	}
	return done, err
}

// noteLimit is how long noting a collection that was given up may take.
const noteLimit = 5 * time.Second

// collectAttempts bounds how often a snapshot is compared anew because somebody else wrote one meanwhile.
const collectAttempts = 3

func (c *Collector) collect(ctx context.Context) (*Collected, error) {
	var g *gathered
	var done *Collected
	for attempt := 1; done == nil; attempt++ {
		var err error
		if g, err = c.read(ctx); err != nil {
			return nil, err
		}
		if done, err = c.write(ctx, g); err != nil {
			return nil, err
		}
		if done == nil && attempt == collectAttempts {
			return nil, fault.New(fault.Failed, "somebody else writes the same history").WithHint("one collector a server is enough")
		}
	}
	c.step()
	if err := c.pruneNowAndThen(ctx, g, done); err != nil {
		if ctx.Err() != nil || c.lost() {
			return done, err
		}
		c.warnOnce("what is old was not pruned: " + err.Error()) // the snapshot stands, and pruning is tried again
	}
	done.ServerMS = milliseconds(c.spent)
	return done, nil
}

// gathered is what was read for one snapshot.
type gathered struct {
	*statements.Tally
	added      []newText
	executions []execution
	table      *slowlog.Table // the watched database's own; nil: the store's
	access     slowlog.Access
	slow       []slowlog.Row
}

// read brings the state up to date and reads the server.
func (c *Collector) read(ctx context.Context) (*gathered, error) {
	if c.state == nil {
		var loaded *state
		err := c.onStore(func() (err error) { loaded, err = c.load(ctx); return err })
		if err != nil {
			return nil, err
		}
		c.state = loaded
	}
	if err := c.samePart(ctx); err != nil {
		return nil, err
	}
	g := &gathered{}
	err := c.onServer(func() (err error) { g.Tally, err = statements.ReadCounters(ctx, c.conn); return err })
	if err != nil {
		return nil, err
	}
	err = c.onServer(func() (err error) {
		if g.executions, err = c.running(ctx); err == nil {
			err = c.findTable(ctx, g)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if err := c.onStore(func() error { return c.recognise(ctx, c.state, g.Entries) }); err != nil {
		return nil, err
	}
	texts, err := c.texts(ctx, c.state.wanted(g.Entries))
	if err != nil {
		return nil, err
	}
	g.added = c.state.name(g.Entries, texts)
	c.step()
	return g, nil
}

// samePart gives the connection up where the server was promoted: it has another name in the history from then on.
func (c *Collector) samePart(ctx context.Context) error {
	now, err := query.One[struct {
		InRecovery bool `db:"in_recovery"`
	}](ctx, c.conn, "history/in_recovery")
	if err == nil && now.InRecovery != c.conn.Server.InRecovery {
		c.conn.Close()
		return fault.New(fault.Failed, "the server is no standby any more").WithHint("its history goes on under its name as a primary")
	}
	return err
}

// texts reads what is new. A database that cannot show a text of another encoding still has all the counters.
func (c *Collector) texts(ctx context.Context, queryids []int64) (texts []statements.Text, err error) {
	if len(queryids) == 0 {
		return nil, nil
	}
	err = c.onServer(func() (err error) { texts, err = statements.ReadTexts(ctx, c.conn, queryids); return err })
	if f := fault.As(err); f != nil && (f.SQLState == "22021" || f.SQLState == "22P05") {
		c.warnOnce(f.Message + "; " + f.Hint)
		return nil, nil
	}
	for i := range texts {
		t := &texts[i]
		t.Query, t.Database, t.User = c.store.Conn.StorableOrNil(t.Query), c.store.Conn.StorableOrNil(t.Database), c.store.Conn.StorableOrNil(t.User)
	}
	return texts, err
}

// onServer and onStore measure what the statements of a collection cost the watched server.
func (c *Collector) onServer(work func() error) error {
	began := time.Now()
	err := work()
	c.spent += time.Since(began)
	return err
}

func (c *Collector) onStore(work func() error) error {
	if c.store.Foreign {
		return work()
	}
	return c.onServer(work)
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func (c *Collector) warnOnce(text string) {
	if !c.told[text] {
		c.told[text] = true
		c.log.Warn(text)
	}
}
