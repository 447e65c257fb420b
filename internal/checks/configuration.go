package checks

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"avadb/internal/units"
)

// configuration is the group CFG: whether what was configured is what runs.
func configuration() []Check {
	pending := above(0)
	broken := failAbove(0)
	// What sorts and buffers can take at once should fit into the memory: beyond it the kernel swaps, or kills the server.
	memory := above(100)
	return []Check{
		{ID: "CFG01", Title: "parameters waiting for a restart", Unit: "parameters", Threshold: pending, Needs: "pg_read_all_settings", Run: pendingCheck(pending)},
		{ID: "CFG02", Title: "tuned values in effect", Needs: filesNeeded, Run: checkTuned},
		{ID: "CFG03", Title: "errors in the configuration files", Unit: "errors", Threshold: broken, Needs: filesNeeded, Run: brokenCheck(broken)},
		{ID: "CFG04", Title: "I/O timing and slow-statement log", Needs: "any role", Run: checkLogging},
		{ID: "CFG05", Title: "worst-case memory against RAM", Unit: "pct", Threshold: memory, Needs: "any role", Run: memoryCheck(memory)},
	}
}

const filesNeeded = "pg_monitor, SELECT on pg_file_settings, EXECUTE on pg_show_all_file_settings()"

// pendingCheck counts what the server marks, without what a restart would not bring: a value of the command line beats the
// files for ever, and the compiled-in wal_buffers runs as what the server computed from it.
func pendingCheck(t Threshold) func(context.Context, *Env) (Outcome, error) {
	return func(ctx context.Context, e *Env) (Outcome, error) {
		parameters, err := e.readParameters(ctx)
		if err != nil {
			return Outcome{}, err
		}
		whole, wholeErr := e.snapshot(ctx)
		var waiting []string
		for name, p := range parameters {
			if p.PendingRestart && p.Source != "command line" && (wholeErr != nil || whole.Waits(name)) {
				waiting = append(waiting, p.Name)
			}
		}
		slices.Sort(waiting)
		s, err := e.sees(ctx)
		switch {
		case err != nil:
			return Outcome{}, err
		case len(waiting) == 0 && !s.Settings:
			return Outcome{}, e.lacks("some parameters, such as shared_preload_libraries, are hidden from the role", "pg_read_all_settings")
		case len(waiting) == 0:
			return t.measured(0, "none", ""), nil
		}
		return t.measured(float64(len(waiting)), strings.Join(waiting, ", "), e.restart()), nil
	}
}

// restart is a command line for the server's host.
// restart is the usual way; what else restarts a server only its administrator knows.
func (e *Env) restart() string { return "systemctl restart postgresql" }

const reload = "SELECT pg_catalog.pg_reload_conf()"

func checkLogging(ctx context.Context, e *Env) (Outcome, error) {
	_, timing, _, err := e.parameter(ctx, "track_io_timing")
	if err != nil {
		return Outcome{}, err
	}
	_, slow, _, err := e.parameter(ctx, "log_min_duration_statement")
	if err != nil {
		return Outcome{}, err
	}
	timed, _ := units.ParseBool(timing)
	threshold, logged := slowThreshold(slow)
	detail := fmt.Sprintf("track_io_timing is %s, statements are logged from %s", timing, threshold)
	var fix []string
	if !timed {
		fix = append(fix, "ALTER SYSTEM SET track_io_timing = on")
	}
	if !logged {
		detail = fmt.Sprintf("track_io_timing is %s, log_min_duration_statement is off", timing)
		fix = append(fix, "ALTER SYSTEM SET log_min_duration_statement = '1s'")
	}
	if len(fix) == 0 {
		return fine(detail), nil
	}
	return found(Warn, detail, strings.Join(append(fix, reload), "; ")), nil
}

// slowThreshold reads log_min_duration_statement, in milliseconds; -1 is off.
func slowThreshold(value string) (shown string, on bool) {
	ms, known := units.BaseInt(value, "ms")
	return fmt.Sprintf("%d ms", ms), known && ms >= 0
}
