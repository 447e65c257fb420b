package poolsize

import (
	"fmt"
	"strings"
)

func (in Input) lines(a Advice, whyMax string) []Line {
	lines := []Line{
		{"DB_POOL_MIN", a.Min, "connections", in.whyMin(a), in.minFormula(a), in.minSource()},
		{"DB_POOL_MAX", a.Max, "connections", whyMax, in.maxFormula(a), in.maxSource()},
		{
			"DB_CONNECT_TIMEOUT", ConnectTimeout, "s", in.whyConnect(a),
			"the usual value; the wait for a free connection is within it", "the usual timeouts: 5 s to connect, 30 s a query, 60 s a transaction",
		},
		{
			"DB_QUERY_TIMEOUT", QueryTimeout, "s", "a query that nobody waits for any more must not hold a connection",
			"the usual value, as statement_timeout", "PostgreSQL docs, 20.11 statement_timeout",
		},
		{
			"DB_TRANSACTION_TIMEOUT", TransactionTimeout, "s", "a transaction that was forgotten gives its connection back", in.transactionFormula(),
			"PostgreSQL docs, 20.11 idle_in_transaction_session_timeout, transaction_timeout",
		},
	}
	if a.Fits {
		return lines
	}
	return append(lines, a.Pooler.lines(in)...)
}

func (in Input) transactionFormula() string {
	if in.Major >= 17 {
		return "the usual value, as transaction_timeout, and as idle_in_transaction_session_timeout"
	}
	return "the usual value, as idle_in_transaction_session_timeout: this server has no transaction_timeout"
}

func (in Input) whyMin(a Advice) string {
	switch {
	case in.Load == nil:
		return "nothing was seen of the load: the usual least"
	case a.Min == a.Max:
		return "as many as there are: all of them are busy at times"
	}
	return fmt.Sprintf("for %.0f %% of the time no more are busy, and none must be opened first", 100*minShare)
}

func (in Input) minFormula(a Advice) string {
	if in.Load == nil {
		return fmt.Sprintf("min(%d, DB_POOL_MAX %d)", usualMin, a.Max)
	}
	return fmt.Sprintf("smallest n with P(busy <= n) >= %g, busy ~ Poisson(%.3f / %d instances); at least 1, at most DB_POOL_MAX",
		minShare, in.Load.MeanErlangs, in.Instances)
}

func (in Input) minSource() string {
	if in.Load == nil {
		return sourceUsual
	}
	return sourceLittle + "; M/M/infinity queue: the number of busy servers is Poisson distributed"
}

func (in Input) maxFormula(a Advice) string {
	parts := []string{}
	if in.Load != nil {
		need := Servers(in.perInstance(), waits, in.Utilisation)
		parts = append(parts, fmt.Sprintf("load %.3f / %d instances = %.3f erlangs: smallest c with ErlangC(c) <= %g and load / c <= %g: %d",
			in.Load.Erlangs, in.Instances, in.perInstance(), waits, in.Utilisation, need))
		if in.Load.Peak > 0 {
			parts = append(parts, fmt.Sprintf("peak %d / %d instances: %d", in.Load.Peak, in.Instances, divideUp(in.Load.Peak, in.Instances)))
		}
	}
	if a.ActiveBound != nil {
		text := fmt.Sprintf("processors %d x 2 + spindles %d = %d at work", in.CPUs, in.Spindles, *a.ActiveBound)
		if total := in.totalBound(); total != *a.ActiveBound {
			text += fmt.Sprintf(", of connections that the server works for %.0f %% of the time: %d", in.Load.ActiveShare, total)
		}
		parts = append(parts, fmt.Sprintf("at most (%s) / %d instances, rounded up: %d", text, in.Instances, in.bound()))
	}
	return strings.Join(append(parts, in.Limits.formula(in.Instances)), "; ")
}

func (l Limits) formula(instances int) string {
	text := fmt.Sprintf("at most (max_connections %d - superuser_reserved_connections %d - reserved_connections %d - others %d",
		l.MaxConnections, l.SuperuserReserved, l.Reserved, l.Others)
	if l.DatabaseLimit != nil {
		text += fmt.Sprintf(", limit of the database %d", *l.DatabaseLimit)
	}
	if l.RoleLimit != nil {
		text += fmt.Sprintf(", limit of the roles %d", *l.RoleLimit)
	}
	return text + fmt.Sprintf(" = %d) / %d instances: %d", l.Room, instances, l.Room/instances)
}

func (in Input) maxSource() string {
	sources := []string{sourceServer}
	if in.CPUs > 0 {
		sources = append([]string{sourceActive}, sources...)
	}
	if in.Load != nil {
		sources = append([]string{sourceLittle, sourceErlang}, sources...)
	} else {
		sources = append([]string{sourceUsual}, sources...)
	}
	return strings.Join(sources, "; ")
}

func (in Input) whyConnect(a Advice) string {
	const usual = "longer than any connection takes that comes about at all"
	if a.Queue == nil || a.Queue.P99WaitMS == nil {
		return usual
	}
	return fmt.Sprintf("%s; a free connection of the pool is waited for %.1f ms at most by 99 of 100", usual, *a.Queue.P99WaitMS)
}

func (p Pooler) lines(in Input) []Line {
	const source = "PgBouncer docs, config.html; " + sourceErlang
	return []Line{
		{
			"pgbouncer default_pool_size", p.DefaultPoolSize, "connections", "all instances wait in one queue, which takes fewer connections than a queue each",
			"as DB_POOL_MAX, for all instances as one", source,
		},
		{
			"pgbouncer max_client_conn", p.MaxClientConn, "connections", "every instance's pool, and some for people",
			fmt.Sprintf("%d instances x %d + 10", in.Instances, p.ClientPoolMax), source,
		},
	}
}

// idleLoad is one from which nothing can be told of a busy hour, in busy connections.
const idleLoad = 0.5

func (in Input) warnings(a Advice) []string {
	var out []string
	switch {
	case !a.Possible:
		out = append(out, fmt.Sprintf("%d instances do not fit: there is room for %d connections; put PgBouncer in between (-o pgbouncer), or raise max_connections", in.Instances, max(in.Limits.Room, 0)))
	case a.Overload:
		out = append(out, fmt.Sprintf("the load of %s is more than any pools, or PgBouncer, can carry: there is room for %d connections at work, and what comes beyond them queues without end; make the transactions shorter, or the server larger",
			in.Load.erlangs(), in.carried()))
	case !a.Fits:
		out = append(out, fmt.Sprintf("%d instances with the %d connections that each wants do not fit: there is room for %d; put PgBouncer in between (-o pgbouncer), which needs %d",
			in.Instances, a.Wanted, in.Limits.Room, a.Pooler.DefaultPoolSize))
	}
	if a.Queue != nil && a.Queue.UtilisationPct >= 100 && !a.Overload {
		out = append(out, fmt.Sprintf("the load of %s needs more than all pools together have: transactions will queue without end", in.Load.erlangs()))
	}
	if total := in.totalBound(); a.Possible && !a.Overload && total > 0 && a.Max*in.Instances > total+in.Instances {
		out = append(out, fmt.Sprintf("the pools of %d instances together are %d connections, and the server works on %d at its best: PgBouncer in between keeps to that (-o pgbouncer)",
			in.Instances, a.Max*in.Instances, total))
	}
	if in.Load != nil && in.Load.Erlangs < idleLoad && in.Load.Peak <= 1 {
		out = append(out, fmt.Sprintf("the server was nearly idle when it was looked at (%s): look again at the busiest hour, or give the load to come: --rate and --hold", in.Load.erlangs()))
	}
	if in.CPUs <= 0 {
		out = append(out, "how many processors the server has is not known, so that nothing bounds the sessions at work: give --cpus")
	}
	return out
}
