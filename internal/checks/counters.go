package checks

import (
	"context"
	"strings"

	"avadb/internal/statements"
)

// counters is the group PSS: whether pg_stat_statements counts, so that `avadb slow` has something to say.
func counters() []Check {
	return append([]Check{
		{ID: "PSS01", Title: "preloading of pg_stat_statements", Needs: "any role", Run: checkPreloaded},
		{ID: "PSS02", Title: "extension pg_stat_statements", Needs: "any role", Run: checkExtension},
		{ID: "PSS03", Title: "settings of pg_stat_statements", Needs: "any role", Run: checkTracking},
		{ID: "PSS04", Title: "activity of pg_stat_statements", Needs: "any role", Run: checkCounting},
	}, keptCounters()...)
}

// isLoaded looks at a parameter that only the preloaded library defines: shared_preload_libraries itself is hidden without
// pg_read_all_settings and says nothing of what runs. A placeholder from a file is a text and no integer.
func isLoaded(ctx context.Context, e *Env) (bool, error) {
	limit, _, known, err := e.parameter(ctx, statements.Library+".max")
	return known && limit.Vartype == "integer", err
}

func (e *Env) notLoaded() Outcome {
	return skipped("pg_stat_statements is not loaded (PSS01)", e.command("enable-stats"))
}

func checkPreloaded(ctx context.Context, e *Env) (Outcome, error) {
	loaded, err := isLoaded(ctx, e)
	switch {
	case err != nil:
		return Outcome{}, err
	case loaded:
		return fine("loaded"), nil
	}
	detail, fix := "not loaded: no statement is counted", e.command("enable-stats")
	if files, err := e.readFiles(ctx); err == nil {
		if last, there := files.Last("shared_preload_libraries"); there && strings.Contains(last.Value, statements.Library) {
			detail, fix = "in shared_preload_libraries, and waiting for a restart of the server", e.restart()
		}
	}
	return found(Fail, detail, fix), nil
}

func checkExtension(ctx context.Context, e *Env) (Outcome, error) {
	is, err := statements.Find(ctx, e.Conn)
	if err != nil {
		return Outcome{}, err
	}
	fix, where := e.command("enable-stats"), "in database "+e.Conn.Server.Database
	if e.Conn.Server.InRecovery {
		where += "; on a standby it comes from the primary"
	}
	switch {
	case is.Version == "":
		return found(Fail, "no extension pg_stat_statements "+where, fix), nil
	case is.Available != "" && is.Version != is.Available:
		return found(Warn, "version "+is.Version+" "+where+", and the server has "+is.Available, fix), nil
	}
	return fine("version " + is.Version + " " + where), nil
}

func checkTracking(ctx context.Context, e *Env) (Outcome, error) {
	loaded, err := isLoaded(ctx, e)
	if err != nil || !loaded {
		return e.notLoaded(), err
	}
	_, track, _, err := e.parameter(ctx, statements.Library+".track")
	if err != nil {
		return Outcome{}, err
	}
	_, ids, _, err := e.parameter(ctx, "compute_query_id")
	if err != nil {
		return Outcome{}, err
	}
	detail := "pg_stat_statements.track = " + track + ", compute_query_id = " + ids
	switch {
	case track == "none":
		return found(Fail, detail+": nothing is counted", e.command("enable-stats --track top")), nil
	case ids == "off":
		return found(Fail, detail+": without identifiers nothing is counted", e.command("enable-stats")), nil
	}
	return fine(detail), nil
}

// checkCounting reads the counters twice: the second reading must have counted the first, whatever else the server does.
func checkCounting(ctx context.Context, e *Env) (Outcome, error) {
	proof, err := statements.Prove(ctx, e.Conn)
	switch {
	case err != nil:
		return Outcome{}, err
	case !proof.Loaded:
		return skipped("there is no view to read (PSS01, PSS02)", e.command("enable-stats")), nil
	case !proof.Counting:
		return found(Warn, "two readings a moment apart are the same: nothing is counted for this role", e.command("enable-stats --track top")), nil
	}
	return fine("avadb's own statement was counted"), nil
}
