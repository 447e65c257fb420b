package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"avadb/internal/pg"
	"avadb/internal/pgtest"
)

// first measures the first request of a pool, in turn with a warm-up and without, at several distances from the server.
func (r *rig) first(ctx context.Context) (string, error) {
	server, err := pgtest.Start(ctx, r.install, pgtest.Options{})
	if err != nil {
		return "", err
	}
	defer func() { _ = server.Close() }()
	var rows strings.Builder
	for _, delay := range []time.Duration{0, 2 * time.Millisecond, 10 * time.Millisecond} {
		warm, cold, took, err := r.firsts1(ctx, server, delay)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&rows, "| %s | %.2f ms | %.2f ms | %.1f | %.0f ms |\n", 2*delay, ms(warm), ms(cold), float64(cold)/float64(warm), ms(took))
	}
	return fmt.Sprintf(`
## The first request

The time until the first `+"`SELECT`"+` on a new pool has its answer, the wait for its connection included: after warming up 10 connections, and
without, where a connection must be opened and its session set up first. No TLS and no password: with them a cold request takes longer.
Medians of %d requests each, in turn.

| round trip to the server | with warm-up | without | without / with | the warm-up itself |
| --- | --- | --- | --- | --- |
%s`, r.options.firsts, rows.String()), nil
}

func (r *rig) firsts1(ctx context.Context, server *pgtest.Server, delay time.Duration) (warm, cold, took time.Duration, err error) {
	n, err := newNetwork(server.Port, delay)
	if err != nil {
		return 0, 0, 0, err
	}
	defer func() { _ = n.Close() }()
	place, err := target(n.dsn())
	if err != nil {
		return 0, 0, 0, err
	}
	times := map[bool][]time.Duration{}
	var warmUps []time.Duration
	for range r.options.firsts {
		for _, warmed := range []bool{true, false} {
			pool, err := pg.NewPool(ctx, place, pg.PoolOptions{Min: 1})
			if err != nil {
				return 0, 0, 0, err
			}
			if warmed {
				w := pool.WarmUp(ctx, 10)
				if w.Err != nil {
					return 0, 0, 0, w.Err
				}
				warmUps = append(warmUps, w.Took)
			}
			began := time.Now()
			if err := pool.Check(ctx); err != nil {
				return 0, 0, 0, err
			}
			times[warmed] = append(times[warmed], time.Since(began))
			pool.Close(5 * time.Second)
		}
	}
	return middle(times[true]), middle(times[false]), middle(warmUps), nil
}

func middle(all []time.Duration) time.Duration {
	slices.Sort(all)
	return all[len(all)/2]
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
