package cmd

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"avadb/internal/fault"
	"avadb/internal/history"
	"avadb/internal/pg"
	"avadb/internal/slowlog"
	"avadb/internal/statements"
)

// windowReader answers for a window from the sources there are.
type windowReader struct {
	app    *app
	conn   *pg.Conn
	source string
	schema string
	scope  statements.Scope

	store  *history.Store // nil where there is no history of the server
	server *history.Server
}

func (r *windowReader) read(ctx context.Context, w window) (*statements.Slow, error) {
	span, err := history.ReadSpan(ctx, r.conn, w.begin, w.end)
	if err != nil {
		return nil, err
	}
	if r.source != sourceSlowlog {
		if err := r.open(ctx); err != nil {
			return nil, err
		}
		if r.store != nil {
			defer r.store.Close()
		}
	}
	answer, err := r.at(ctx, span, w)
	if err != nil || w.compare == 0 {
		return answer, err
	}
	before, err := r.at(ctx, span.Shifted(w.compare), window{})
	if fault.KindOf(err) == fault.Prerequisite {
		r.app.log.Warn("nothing to compare with: " + fault.As(err).Message)
		return answer, nil
	}
	if err != nil {
		return nil, err
	}
	statements.Compare(answer, before)
	switch covered := before.Window.CoveragePct; {
	case covered == nil:
		r.app.log.Warn("how much of the window compared with is covered is not known, and what is marked new may have run in it: " + strings.Join(before.Window.Reasons, "; "))
	case *covered < 100:
		r.app.log.Warn(fmt.Sprintf("only %g%% of the window compared with is covered: what is marked new may have run in the rest", *covered))
	}
	return answer, nil
}

// open opens the history. What keeps it from being read is told, and the answer comes without it.
func (r *windowReader) open(ctx context.Context) (err error) {
	r.store, r.server, err = r.app.readHistory(ctx, r.conn)
	if f := fault.As(err); f != nil && (f.Kind == fault.Privilege || f.Kind == fault.Prerequisite || f.Kind == fault.Connect || f.SQLState == lockTimeout) {
		r.app.log.Warn("without the history: " + f.Message + ": " + f.Hint)
		return nil
	}
	return err
}

// at answers for one window.
func (r *windowReader) at(ctx context.Context, span history.Span, w window) (*statements.Slow, error) {
	if r.source == sourceSlowlog {
		return r.logAlone(ctx, span)
	}
	counted, err := r.counted(ctx, span, w)
	if r.source == sourceStats {
		return counted, err
	}
	if err != nil && (fault.KindOf(err) != fault.Prerequisite || w.begin == nil) {
		return nil, err // to be compared with the counters of now, those of then are needed
	}
	logged, tableErr := r.logged(ctx, span)
	switch {
	case tableErr != nil:
		return nil, tableErr
	case err != nil && logged != nil && len(logged.Statements) > 0:
		r.app.log.Warn("without pg_stat_statements: " + fault.As(err).Message + ": " + fault.As(err).Hint)
		return logged, nil
	case err != nil || logged == nil || len(logged.Statements) == 0:
		return counted, err
	}
	return r.merged(counted, logged), nil
}

// logAlone answers from the connected database's table, or where it has none from what the store holds for it.
func (r *windowReader) logAlone(ctx context.Context, span history.Span) (*statements.Slow, error) {
	table, err := slowlog.Find(ctx, r.conn, r.schema)
	if err != nil {
		return nil, err
	}
	if table.Layout() == slowlog.None && r.schema == "" {
		store, server, err := r.app.quiet().readHistory(ctx, r.conn)
		if err == nil && store != nil {
			defer store.Close()
			return r.table(ctx, store.Conn, slowlog.OfStore(server.ID), span)
		}
	}
	return r.table(ctx, r.conn, table, span)
}

// counted answers from the history and pg_stat_statements.
func (r *windowReader) counted(ctx context.Context, span history.Span, w window) (*statements.Slow, error) {
	if r.store != nil {
		answer, err := r.history(ctx, span)
		if err != nil || answer != nil && (w.begin == nil || !begunLate(answer)) {
			return answer, err
		}
		if answer != nil {
			return r.sinceReset(ctx, w, answer)
		}
	}
	if !span.Live || w.begin == nil {
		return nil, fault.New(fault.Prerequisite, "there is no history of pg_stat_statements for the window from %s to %s",
			span.From.UTC().Format(time.RFC3339), span.To.UTC().Format(time.RFC3339)).
			WithHint("avadb slowlog collect keeps one from now on: %s", r.app.commandLine(r.conn, "slowlog collect --every 1m"))
	}
	answer, err := statements.Since(ctx, r.conn, w.begin, r.scope)
	if err == nil && r.store == nil && answer.Window.Confidence != statements.Exact {
		r.app.log.Info("true windows need a history: " + r.app.commandLine(r.conn, "slowlog collect --every 1m"))
	}
	return answer, err
}

// history answers from the snapshots, where the counters of now cannot be read from them alone; nil where they cannot be read either.
func (r *windowReader) history(ctx context.Context, span history.Span) (*statements.Slow, error) {
	answer, err := r.store.Window(ctx, r.conn, r.server, span, r.scope)
	if f := fault.As(err); span.Live && f != nil && f.Kind == fault.Prerequisite {
		span.Live = false
		if answer, err = r.store.Window(ctx, r.conn, r.server, span, r.scope); err == nil && answer != nil {
			r.app.log.Warn("without what was counted since the newest snapshot: " + f.Message + ": " + f.Hint)
		}
	}
	if f := fault.As(err); f != nil && f.SQLState == lockTimeout {
		r.app.log.Warn("without the history: " + f.Message + ": " + f.Hint)
		return nil, nil
	}
	return answer, err
}

// lockTimeout is the SQLSTATE of a lock that was not to be had in time.
const lockTimeout = "55P03"

// begunLate tells that the window's begin lies before the first snapshot.
func begunLate(answer *statements.Slow) bool {
	w := answer.Window
	return w.CoveredFrom != nil && w.CoveredFrom.After(w.RequestedFrom)
}

// sinceReset takes the counters as they stand instead of a history that begins late, where these began in the window, and earlier.
func (r *windowReader) sinceReset(ctx context.Context, w window, answer *statements.Slow) (*statements.Slow, error) {
	if w.end != nil {
		return answer, nil
	}
	standing, err := statements.Since(ctx, r.conn, w.begin, r.scope)
	switch {
	case fault.KindOf(err) == fault.Prerequisite: // that was told
		return answer, nil
	case err != nil:
		return nil, err
	}
	if is := standing.Window; is.Confidence != statements.SinceReset && is.CoveredFrom != nil && is.CoveredFrom.Before(*answer.Window.CoveredFrom) {
		return standing, nil
	}
	return answer, nil
}

// logged answers from the connected database's table, else from the rows that the store holds for it; nil where there is neither.
func (r *windowReader) logged(ctx context.Context, span history.Span) (*statements.Slow, error) {
	if !slices.Contains(slowlog.Orders(), r.scope.By) {
		return nil, nil
	}
	table, err := slowlog.Find(ctx, r.conn, r.schema)
	readable := err == nil && table.Layout() != slowlog.None && table.Layout() != slowlog.Foreign && table.MayRead
	var answer *statements.Slow
	switch {
	case err != nil && fault.KindOf(err) != fault.Usage: // that is: several schemas have one
		return nil, err
	case readable:
		if answer, err = r.table(ctx, r.conn, table, span); err == nil && r.store != nil {
			err = r.addStored(ctx, answer, span)
		}
	case r.store != nil:
		answer, err = r.table(ctx, r.store.Conn, slowlog.OfStore(r.server.ID), span)
	default:
		return nil, nil
	}
	if fault.KindOf(err) == fault.Prerequisite {
		r.app.log.Warn("without the table: " + fault.As(err).Message + ": " + fault.As(err).Hint)
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	answer.Statements = slices.DeleteFunc(answer.Statements, func(s statements.Statement) bool { return s.Origin == slowlog.OriginStats })
	return answer, nil
}

// addStored adds the rows that the collector put into the store, because it may not write the table.
func (r *windowReader) addStored(ctx context.Context, answer *statements.Slow, span history.Span) error {
	stored, err := r.table(ctx, r.store.Conn, slowlog.OfStore(r.server.ID), span)
	if err == nil {
		answer.Statements = append(answer.Statements, stored.Statements...)
	}
	return err
}

func (r *windowReader) table(ctx context.Context, conn *pg.Conn, table *slowlog.Table, span history.Span) (*statements.Slow, error) {
	begin := func(time.Time) (time.Time, error) { return span.From, nil }
	return slowlog.Slow(ctx, conn, table, begin, &span.To, "", r.scope)
}

// merged puts the rows of both sources into one order. The window is that of the counters: a table cannot know its own.
func (r *windowReader) merged(counted, logged *statements.Slow) *statements.Slow {
	counted.Source = sourceMerged
	for _, reason := range logged.Window.Reasons {
		counted.Window.Reasons = append(counted.Window.Reasons, "slow_query_log: "+reason)
	}
	counted.Statements = append(counted.Statements, logged.Statements...)
	slices.SortStableFunc(counted.Statements, func(x, y statements.Statement) int {
		return -cmp.Compare(x.Weight(r.scope.By), y.Weight(r.scope.By))
	})
	if limit := r.scope.Limit; limit > 0 && len(counted.Statements) > limit {
		counted.Statements = counted.Statements[:limit]
	}
	return counted
}
