package health

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"avadb/internal/checks"
	"avadb/internal/pg"
)

// The metrics that are avadb's own.
var (
	buildFamily    = gauge("avadb_build_info", "1, with the version of avadb.", "version")
	drainingFamily = gauge("avadb_draining", "1 while avadb serve is about to end.")
	slowFamily     = counter("avadb_slow_queries_total", "Queries of the pool that took longer than --slow.")
	queriesFamily  = counter("avadb_pool_queries_total", "Queries of the pool.", "result")
	secondsFamily  = counter("avadb_pool_query_seconds_total", "Time of the queries of the pool.")
	checksFamily   = counter("avadb_pool_checks_total", "Signs of the database that the pool was asked for.", "result")
	checkFamily    = gauge("avadb_check_status", "What a check of avadb verify came to: 0 OK, 1 WARN, 2 FAIL, -1 could not be seen, -2 not asked for or not in use.", "id")
	checkedFamily  = gauge("avadb_checks_last_run_timestamp_seconds", "When the checklist was run last, in seconds since 1970; 0: not yet.")
)

// poolMetric is a figure of the pool.
type poolMetric struct {
	family
	value func(p *pg.PoolStats) float64
}

var poolMetrics = []poolMetric{
	{gauge("avadb_pool_connected", "1 where the newest attempt reached the server."), func(p *pg.PoolStats) float64 { return flag(p.Connected) }},
	{gauge("avadb_pool_size", "Open connections."), func(p *pg.PoolStats) float64 { return float64(p.Size) }},
	{gauge("avadb_pool_free", "Open connections that are idle."), func(p *pg.PoolStats) float64 { return float64(p.Free) }},
	{gauge("avadb_pool_used", "Open connections that are in use."), func(p *pg.PoolStats) float64 { return float64(p.Used) }},
	{gauge("avadb_pool_max_size", "Connections that there may be."), func(p *pg.PoolStats) float64 { return float64(p.Max) }},
	{counter("avadb_pool_waits_total", "Requests that found no idle connection."), func(p *pg.PoolStats) float64 { return float64(p.Waits) }},
	{counter("avadb_pool_wait_seconds_total", "Time that they waited."), func(p *pg.PoolStats) float64 { return p.WaitTime.Seconds() }},
	{counter("avadb_pool_canceled_total", "Requests that got no connection in time."), func(p *pg.PoolStats) float64 { return float64(p.Canceled) }},
	{counter("avadb_pool_connects_total", "Connections opened."), func(p *pg.PoolStats) float64 { return float64(p.Connects) }},
	{counter("avadb_pool_connect_failures_total", "Attempts to connect that failed."), func(p *pg.PoolStats) float64 { return float64(p.ConnectFailures) }},
}

func poolFamilies() []family {
	all := []family{buildFamily, drainingFamily, slowFamily, queriesFamily, secondsFamily, checksFamily, checkFamily, checkedFamily}
	for _, m := range poolMetrics {
		all = append(all, m.family)
	}
	return all
}

// sendPool emits what this process knows by itself.
func (s *Service) sendPool(out chan<- prometheus.Metric) {
	query, pool := s.o.Pool.Stats()
	buildFamily.send(out, 1, s.o.Version)
	drainingFamily.send(out, flag(s.draining.Load()))
	slowFamily.send(out, float64(query.Slow))
	queriesFamily.send(out, float64(query.Successful), "successful")
	queriesFamily.send(out, float64(query.Failed), "failed")
	secondsFamily.send(out, query.Time.Seconds())
	for _, m := range poolMetrics {
		m.send(out, m.value(&pool))
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	checksFamily.send(out, float64(s.checks.Total-s.checks.Failures), "successful")
	checksFamily.send(out, float64(s.checks.Failures), "failed")
	if s.o.Checklist == nil {
		return
	}
	checkedFamily.send(out, seconds(s.checkedAt))
	for _, r := range s.results {
		checkFamily.send(out, statusNumber(r), r.ID)
	}
}

// statusNumber tells by its sign whether a check says anything.
func statusNumber(r checks.Result) float64 {
	switch r.Status {
	case checks.OK:
		return 0
	case checks.Warn:
		return 1
	case checks.Fail:
		return 2
	case checks.Skip:
		if !r.Blind {
			return -2
		}
	}
	return -1
}

func seconds(t time.Time) float64 {
	if t.IsZero() {
		return 0
	}
	return float64(t.UnixMilli()) / 1000
}
