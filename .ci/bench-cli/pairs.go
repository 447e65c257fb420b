package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// pair holds the medians of two commands that ran in turn.
type pair struct{ measured, yardstick time.Duration }

func (p pair) ratio() float64 { return float64(p.measured) / float64(p.yardstick) }

func ms(d time.Duration) string { return fmt.Sprintf("%.1f ms", float64(d)/float64(time.Millisecond)) }

// compare runs two commands in turn, so that what else the machine does meets both alike, and gives the medians. Each
// is timed from its start to its end, output to /dev/null. The first pair warms the caches and does not count.
func compare(ctx context.Context, runs int, env, measured, yardstick []string) (pair, error) {
	var times [2][]time.Duration
	for run := range runs + 1 {
		for i, argv := range [][]string{measured, yardstick} {
			took, err := timed(ctx, env, argv)
			if err != nil {
				return pair{}, err
			}
			if run > 0 {
				times[i] = append(times[i], took)
			}
		}
	}
	return pair{measured: median(times[0]), yardstick: median(times[1])}, nil
}

func timed(ctx context.Context, env, argv []string) (time.Duration, error) {
	c := exec.CommandContext(ctx, argv[0], argv[1:]...)
	c.Env = env
	begun := time.Now()
	err := c.Run()
	took := time.Since(begun)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", strings.Join(argv, " "), err)
	}
	return took, nil
}

func median(times []time.Duration) time.Duration {
	slices.Sort(times)
	return times[len(times)/2]
}

// cleanEnvironment is the caller's without what could change what the programs do.
func cleanEnvironment(home string) []string {
	var env []string
	for _, entry := range os.Environ() {
		if !strings.HasPrefix(entry, "PG") && !strings.HasPrefix(entry, "AVADB_") && !strings.HasPrefix(entry, "XDG_") && !strings.HasPrefix(entry, "HOME=") {
			env = append(env, entry)
		}
	}
	return append(env, "HOME="+home, "XDG_CONFIG_HOME="+filepath.Join(home, "config"), "XDG_STATE_HOME="+filepath.Join(home, "state"))
}
