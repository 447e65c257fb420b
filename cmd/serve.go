package cmd

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"avadb/internal/checks"
	"avadb/internal/fault"
	"avadb/internal/health"
	"avadb/internal/pg"
	"avadb/internal/render"
	"avadb/internal/units"
)

type serveOptions struct {
	listen                     string
	tlsCert, tlsKey, tokenFile string
	insecure                   bool
	poolMin, poolMax, warm     int
	slow, drain, checkEvery    string
	statements, pprof          bool
}

// serving is what the options come to.
type serving struct {
	listen     health.Listen
	pool       pg.PoolOptions
	drain      time.Duration
	checkEvery time.Duration
}

func newServe(a *app) *cobra.Command {
	var o serveOptions
	c := newCommand(spec{
		use: "serve", short: "Liveness, readiness, statistics and Prometheus metrics over HTTP",
		long: `Answers GET and HEAD of /health/liveness, /health/readiness and /health/stats, each also below /api, and of /metrics, until it
is terminated. Liveness is this process alone. Readiness asks the database on a connection of its own: 200, or 503 with the
reason. Statistics are those of the pool of connections that it keeps. Metrics have the names of postgres_exporter where that
has one. It starts while the database is down, and recovers.

It listens on this machine only. For another address it wants a certificate and a token, which all but liveness and readiness
then ask for (Authorization: Bearer TOKEN). The token is the content of --token-file, else of AVADB_SERVE_TOKEN. docs/serve.md
has alert rules, a dashboard, probes and a systemd unit.`,
		example: `avadb serve
avadb serve --listen 0.0.0.0:8000 --tls-cert cert.pem --tls-key key.pem --token-file /etc/avadb/token
avadb serve --statements --checks-every 5m
curl -s http://127.0.0.1:8000/api/health/readiness`,
		privileges: "  any role that may connect, for liveness, readiness and a part of the metrics; pg_monitor for all of it",
		exits: `  1    the address cannot be listened on
  2    another address than the machine's own without --tls-cert, --tls-key and a token
  143  terminated (130: interrupted): the usual end`,
	}, func(ctx context.Context, _ *cobra.Command, _ []string) error { return runServe(ctx, a, o) })
	f := c.Flags()
	f.StringVar(&o.listen, "listen", "127.0.0.1:8000", "address and port to listen on")
	f.StringVar(&o.tlsCert, "tls-cert", "", "certificate (and chain) for TLS, a PEM file; read again when it changes")
	f.StringVar(&o.tlsKey, "tls-key", "", "its private key, a PEM file")
	f.StringVar(&o.tokenFile, "token-file", "", "file with the token that clients must send")
	f.BoolVar(&o.insecure, "insecure", false, "listen on any address without TLS and without a token")
	f.IntVar(&o.poolMin, "pool-min", 5, "connections that the pool keeps open")
	f.IntVar(&o.poolMax, "pool-max", 30, "connections that it may have at most")
	f.IntVar(&o.warm, "warm", 10, "connections to open at the start; 0: none")
	f.StringVar(&o.slow, "slow", "100ms", "a query of the pool that takes longer is a slow one")
	f.StringVar(&o.drain, "drain", "3s", "time between readiness 503 and the end, when terminated")
	f.StringVar(&o.checkEvery, "checks-every", "1m", "how often the checklist of avadb verify is run for avadb_check_status; 0: never")
	f.BoolVar(&o.statements, "statements", false, "metrics of the 100 statements of pg_stat_statements with the most time, too")
	f.BoolVar(&o.pprof, "pprof", false, "profiles of this process below /debug/pprof/, for whoever may read the metrics")
	return c
}

// longestDrain leaves the rest of the ten seconds for what still runs.
const longestDrain = health.Longest - 2*time.Second

// check reads the flags.
func (o serveOptions) check(a *app) (s serving, err error) {
	if a.format != render.Table && a.format != render.Plain || a.flags.outFile != "" {
		return s, fault.New(fault.Usage, "serve has no result to print: neither --output nor --out fits").WithHint("curl http://%s/api/health/stats gives JSON", o.listen)
	}
	switch {
	case o.poolMax < 1 || o.poolMax > 1000:
		return s, fault.New(fault.Usage, "--pool-max %d is no size of a pool", o.poolMax).WithHint("give 1 to 1000")
	case o.poolMin < 1 || o.poolMin > o.poolMax && a.changed("pool-min"):
		return s, fault.New(fault.Usage, "--pool-min %d does not fit --pool-max %d", o.poolMin, o.poolMax)
	case o.warm < 0 || o.warm > o.poolMax && a.changed("warm"):
		return s, fault.New(fault.Usage, "--warm %d does not fit --pool-max %d", o.warm, o.poolMax)
	}
	s.pool = pg.PoolOptions{Min: min(o.poolMin, o.poolMax), Max: o.poolMax}
	if s.pool.Slow, err = duration("slow", o.slow, time.Millisecond); err != nil {
		return s, err
	}
	if s.checkEvery, err = duration("checks-every", o.checkEvery, 0); err != nil {
		return s, err
	}
	if s.drain, err = duration("drain", o.drain, 0); err != nil {
		return s, err
	}
	if s.drain > longestDrain {
		return s, fault.New(fault.Usage, "--drain %s is too long: avadb serve ends within %s", o.drain, units.FormatDuration(health.Longest)).
			WithHint("give %s or less", units.FormatDuration(longestDrain))
	}
	s.listen = health.Listen{
		Address: o.listen, CertFile: o.tlsCert, KeyFile: o.tlsKey, TokenFile: o.tokenFile, Token: a.env("AVADB_SERVE_TOKEN"), Insecure: o.insecure,
	}
	return s, nil
}

func runServe(ctx context.Context, a *app, o serveOptions) error {
	s, err := o.check(a)
	if err != nil {
		return err
	}
	target, err := a.resolve()
	if err != nil {
		return err
	}
	endpoint, err := s.listen.Open(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = endpoint.Close() }() // Serve has closed it, where it came to that
	if endpoint.Warning != "" {
		a.log.Warn(endpoint.Warning)
	}
	probe := pg.NewProbe(target)
	s.pool.Log, s.pool.Before = a.log, health.First(probe)
	pool, err := pg.NewPool(ctx, target, s.pool)
	if err != nil {
		return err
	}
	options := health.Options{
		Pool: pool, Probe: probe, Log: a.log, Version: version, Warm: o.warm,
		Token: endpoint.Token, Statements: o.statements, Pprof: o.pprof,
	}
	if s.checkEvery > 0 {
		options.CheckEvery = s.checkEvery
		options.Checklist = func(ctx context.Context) ([]checks.Result, error) { return a.checklist(ctx, target, pool) }
	}
	a.log.Info("listening on " + endpoint.URL())
	if err := health.New(options).Serve(ctx, endpoint, s.drain); err != nil {
		return err
	}
	return pg.Describe(ctx, ctx.Err())
}

// checklist runs all checks on a connection of its own, or on one of the pool's where the server takes no further one.
func (a *app) checklist(ctx context.Context, target *pg.Target, pool *pg.Pool) (results []checks.Result, err error) {
	if err := target.Refused(); err != nil { // the pool tries again
		return nil, pg.Describe(ctx, err)
	}
	conn, err := pg.Connect(ctx, target, pg.Options{Class: pg.Critical})
	if err == nil {
		defer conn.Close()
		return a.checklistOn(ctx, conn)
	}
	if _, stats := pool.Stats(); stats.Free == 0 || pg.Reason(err) != "too_many_connections" {
		return nil, err
	}
	err = pool.With(ctx, func(conn *pg.Conn) error {
		results, err = a.checklistOn(ctx, conn)
		return err
	})
	return results, err
}

func (a *app) checklistOn(ctx context.Context, conn *pg.Conn) ([]checks.Result, error) {
	e, err := a.verifyEnv(verifyOptions{}, conn)
	if err != nil {
		return nil, err
	}
	return checks.Run(ctx, e, checks.All())
}
