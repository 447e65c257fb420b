package checks

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// healthEndpoints is the group HLT: whether the endpoints that probes and Prometheus lean on tell the truth.
func healthEndpoints() []Check {
	return []Check{
		{ID: "HLT01", Title: "liveness endpoint", Unit: "ms", Needs: "none", Run: needsURL(checkLiveness)},
		{ID: "HLT02", Title: "readiness endpoint against SQL", Unit: "ms", Needs: "any role", Run: needsURL(checkReadiness)},
		{ID: "HLT03", Title: "statistics endpoint", Needs: "none", Run: needsURL(checkStats)},
		{ID: "HLT04", Title: "metrics endpoint", Unit: "series", Needs: "none", Run: needsURL(checkMetrics)},
	}
}

// needsURL skips a check of endpoints where none were named.
func needsURL(run func(context.Context, *Env) (Outcome, error)) func(context.Context, *Env) (Outcome, error) {
	return func(ctx context.Context, e *Env) (Outcome, error) {
		if e.Endpoints == nil {
			return skipped("no --health-url was given", e.command("verify --health-url http://127.0.0.1:8000")), nil
		}
		return run(ctx, e)
	}
}

// timed is the outcome of a request that went well.
func timed(a answer, detail string) Outcome {
	ms := rounded(float64(a.took) / float64(time.Millisecond))
	return Outcome{Status: OK, Value: &ms, Detail: detail}
}

func checkLiveness(ctx context.Context, e *Env) (Outcome, error) {
	a := e.Endpoints.health(ctx, "liveness")
	if a.locked() {
		return a.lockedOutcome(), nil
	}
	if bad := a.failed(); bad != "" {
		return found(Fail, a.url+": "+bad, a.look()), nil
	}
	if _, is := a.says("alive"); !is {
		return a.contradicts("alive"), nil
	}
	return timed(a, a.url+" is alive"), nil
}

// checkReadiness compares with the connection of this very run, on which the server answers.
func checkReadiness(ctx context.Context, e *Env) (Outcome, error) {
	if err := e.Conn.Alive(ctx); err != nil {
		return Outcome{}, err
	}
	a := e.Endpoints.health(ctx, "readiness")
	if a.locked() {
		return a.lockedOutcome(), nil
	}
	switch bad := a.failed(); {
	case a.err != "":
		return found(Fail, "the server answers SQL, and "+a.url+" gives "+bad, a.look()), nil
	case bad != "":
		return found(Fail, "the server answers SQL, and "+a.url+" says it is not ready: "+bad, a.look()), nil
	}
	if database, is := a.says("ready"); !is || database != "" && database != "connected" {
		return a.contradicts("ready"), nil
	}
	return timed(a, "ready, and so is the server"), nil
}

// says tells whether the body is a JSON object with that status: any page can have status 200. database is what it says of that.
func (a answer) says(status string) (database string, is bool) {
	var body struct{ Status, Database string }
	err := json.Unmarshal(a.body, &body)
	return body.Database, err == nil && body.Status == status
}

func (a answer) contradicts(status string) Outcome {
	line, _, _ := bytes.Cut(bytes.TrimSpace(a.body), []byte("\n"))
	return found(Fail, fmt.Sprintf(`%s has status 200 and not {"status":%q} as its body: %.100s`, a.url, status, line), a.look())
}

// healthStats is what the statistics endpoint gives: what the document fixes, and what avadb serve adds to it.
type healthStats struct {
	Query *struct {
		Total, Successful, Failed *float64
		AvgTimeMS                 *float64 `json:"avg_time_ms"`
		Slow                      *float64 `json:"slow_queries"`
	} `json:"query_stats"`
	Pool *struct {
		Connected        *bool
		Size, Free, Used *float64
		MaxSize          *float64 `json:"max_size"`
	} `json:"pool_stats"`
	LastHour *struct {
		Minutes            int
		UtilizationAvgPct  *float64 `json:"utilization_avg_pct"`
		ConnectionFailures *float64 `json:"connection_failures"`
		Waits              float64
		WaitMS             float64 `json:"wait_ms"`
		Canceled           float64
	} `json:"last_hour"`
	FirstRequestMS *float64 `json:"first_request_ms"`
}

// missing names the first of the fixed fields that is not there.
func (s healthStats) missing() string {
	q, p := s.Query, s.Pool
	switch {
	case q == nil:
		return "query_stats"
	case p == nil:
		return "pool_stats"
	case p.Connected == nil:
		return "pool_stats.connected"
	}
	for _, field := range []struct {
		name  string
		value *float64
	}{
		{"query_stats.total", q.Total},
		{"query_stats.successful", q.Successful},
		{"query_stats.failed", q.Failed},
		{"query_stats.avg_time_ms", q.AvgTimeMS},
		{"query_stats.slow_queries", q.Slow},
		{"pool_stats.size", p.Size},
		{"pool_stats.free", p.Free},
		{"pool_stats.used", p.Used},
		{"pool_stats.max_size", p.MaxSize},
	} {
		if field.value == nil {
			return field.name
		}
	}
	return ""
}

// readStats asks once for all checks and figures. What is wrong is an outcome; nil where the document is as it should be.
func (e *Env) readStats(ctx context.Context) (healthStats, *Outcome) {
	if e.Endpoints.stats == nil {
		a := e.Endpoints.health(ctx, "stats")
		e.Endpoints.stats = &a
	}
	a := *e.Endpoints.stats
	var s healthStats
	fail := func(what string) (healthStats, *Outcome) {
		o := found(Fail, a.url+": "+what, a.look())
		return s, &o
	}
	if a.locked() {
		o := a.lockedOutcome()
		return s, &o
	}
	if bad := a.failed(); bad != "" {
		return fail(bad)
	}
	if err := json.Unmarshal(a.body, &s); err != nil {
		return fail("no JSON of that kind: " + err.Error())
	}
	if name := s.missing(); name != "" {
		return fail("there is no " + name)
	}
	return s, nil
}

func checkStats(ctx context.Context, e *Env) (Outcome, error) {
	s, bad := e.readStats(ctx)
	if bad != nil {
		return *bad, nil
	}
	a, p := e.Endpoints.stats, s.Pool
	switch {
	case !*p.Connected:
		return found(Fail, "the server answers SQL, and "+a.url+" says that the pool is not connected", a.look()), nil
	case *p.Used > *p.Size:
		return found(Fail, fmt.Sprintf("%s says that %.0f of %.0f connections are in use", a.url, *p.Used, *p.Size), a.look()), nil
	}
	return fine(fmt.Sprintf("query_stats of %.0f queries, pool_stats of %.0f connections", *s.Query.Total, *s.Pool.Size)), nil
}

// checkMetrics wants what Prometheus takes. An application need not have metrics, nor know pg_up.
func checkMetrics(ctx context.Context, e *Env) (Outcome, error) {
	a := e.Endpoints.metrics(ctx)
	if a.locked() {
		return a.lockedOutcome(), nil
	}
	if a.err == "" && a.code == http.StatusNotFound {
		return skipped("there is no "+a.url, "avadb serve has metrics"), nil
	}
	if bad := a.failed(); bad != "" {
		return found(Fail, a.url+": "+bad, a.look()), nil
	}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(a.body))
	if err != nil {
		return found(Fail, a.url+": "+err.Error(), "curl -s "+shellWord(a.url)+" | promtool check metrics"), nil //nolint:nilerr // that is what was found
	}
	series := 0.0
	for _, family := range families {
		series += float64(len(family.GetMetric()))
	}
	up, there := only(families["pg_up"])
	switch {
	case there && up != 1:
		o := found(Fail, fmt.Sprintf("the server answers SQL, and pg_up is %g", up), a.look())
		o.Value = &series
		return o, nil
	case series == 0:
		return found(Fail, a.url+" has no metrics", a.look()), nil
	case !there:
		return Outcome{Status: OK, Value: &series, Detail: "they parse; pg_up is not among them"}, nil
	}
	return Outcome{Status: OK, Value: &series, Detail: "they parse, and pg_up is 1"}, nil
}

// only is the value of a metric that has one series.
func only(family *dto.MetricFamily) (value float64, there bool) {
	if family == nil || len(family.GetMetric()) != 1 {
		return 0, false
	}
	m := family.GetMetric()[0]
	switch {
	case m.GetGauge() != nil:
		return m.GetGauge().GetValue(), true
	case m.GetUntyped() != nil:
		return m.GetUntyped().GetValue(), true
	}
	return 0, false
}
