package health

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"avadb/internal/checks"
	"avadb/internal/pg"
)

const examples = "../../docs/examples/"

// promtool must be there: a test that is left out proves nothing.
func promtool(t *testing.T, input, folder string, args ...string) (string, error) {
	t.Helper()
	path, err := exec.LookPath("promtool")
	if err != nil {
		t.Fatal("promtool is missing: .ci/postgres.sh installs it (on Debian the package prometheus has it)")
	}
	c := exec.CommandContext(t.Context(), path, args...)
	c.Stdin, c.Dir = strings.NewReader(input), folder
	var out bytes.Buffer
	c.Stdout, c.Stderr = &out, &out
	err = c.Run()
	return out.String(), err
}

// scraped is a real scrape with all there is: statements and the checklist, by a role with pg_monitor.
func scraped(t *testing.T) string {
	t.Helper()
	admin := connect(t, common.DSN("postgres"))
	do(t, admin, "CREATE EXTENSION IF NOT EXISTS pg_stat_statements SCHEMA public",
		"DROP ROLE IF EXISTS monitor", "CREATE ROLE monitor LOGIN IN ROLE pg_monitor", "CREATE TABLE IF NOT EXISTS public.some AS SELECT 1")
	dsn := strings.Replace(common.DSN("postgres"), "user=postgres", "user=monitor", 1)
	r := start(t, serving{dsn: dsn, o: Options{Warm: 2, Statements: true, CheckEvery: 1e9 * 60, Checklist: func(context.Context) ([]checks.Result, error) {
		return []checks.Result{{ID: "CON01", Status: checks.OK}, {ID: "CFG03", Status: checks.Skip, Blind: true}, {ID: "TMO01", Status: checks.Warn}, {ID: "REP02", Status: checks.Fail}, {ID: "CON03", Status: checks.Skip}}, nil
	}}})
	body := ""
	soon(t, "a scrape with everything", func() bool {
		_, _, body = request(t, http.MethodGet, r.url+"/metrics", nil)
		return strings.Contains(body, `avadb_check_status{id="CON01"} 0`)
	})
	return body
}

func TestScrape(t *testing.T) {
	body := scraped(t)
	for _, line := range []string{
		`pg_up 1`, `pg_stat_activity_count{datname="postgres",state="active"} [1-9]\d*`, `pg_stat_activity_count{datname="postgres",state="unknown"} 0`,
		`pg_stat_activity_count{datname="postgres",state="idle in transaction"} 0`,
		`pg_stat_database_xact_commit{datid="\d+",datname="postgres"} [1-9][\d.e+]*`, `pg_locks_count{datname="postgres",mode="accesssharelock"} \d+`,
		`pg_replication_lag_seconds 0`, `pg_replication_is_replica 0`, `pg_settings_max_connections \d+`,
		`pg_stat_statements_calls_total{datname="postgres",queryid="-?\d+",user="postgres"} [1-9]\d*`,
		`pg_stat_statements_seconds_total{datname="postgres",queryid="-?\d+",user="postgres"} [\d.e-]+`,
		`avadb_pool_max_size 30`, `avadb_pool_connected 1`, `avadb_slow_queries_total 0`,
		`avadb_check_status{id="CFG03"} -1`, `avadb_check_status{id="TMO01"} 1`, `avadb_check_status{id="REP02"} 2`, `avadb_check_status{id="CON03"} -2`,
	} {
		if !regexp.MustCompile(`(?m)^` + line + `$`).MatchString(body) {
			t.Errorf("no %s", line)
		}
	}
	for _, part := range []string{"server", "activity", "databases", "locks", "statements", "pool", "timeout"} {
		if !strings.Contains(body, `avadb_scrape_failed{part="`+part+`"} 0`) {
			t.Errorf("%s could not be read by a role with pg_monitor", part)
		}
	}
	if n := strings.Count(body, "\npg_stat_statements_calls_total{"); n > mostStatements {
		t.Errorf("%d statements", n)
	}
}

// promtool has nothing to say but that two names, which dashboards have known for years, end in _count.
func TestPromtoolTakesTheMetrics(t *testing.T) {
	out, _ := promtool(t, scraped(t), "", "check", "metrics") // it fails because of those two
	for line := range strings.Lines(out) {
		if !strings.HasPrefix(line, "pg_locks_count non-histogram") && !strings.HasPrefix(line, "pg_stat_activity_count non-histogram") {
			t.Error(line)
		}
	}
}

func TestAlertRules(t *testing.T) {
	folder := filepath.FromSlash(examples + "prometheus")
	for _, args := range [][]string{{"check", "rules", "avadb-alerts.yml"}, {"test", "rules", "avadb-alerts.test.yml"}} {
		if out, err := promtool(t, "", folder, args...); err != nil {
			t.Errorf("promtool %q: %v\n%s", args, err, out)
		}
	}
	var rules struct {
		Groups []struct {
			Rules []struct{ Alert, Expr string }
		}
	}
	read(t, "prometheus/avadb-alerts.yml", func(raw []byte) error { return yaml.Unmarshal(raw, &rules) })
	tests, err := os.ReadFile(filepath.Join(folder, "avadb-alerts.test.yml"))
	if err != nil {
		t.Fatal(err)
	}
	known := names(scraped(t))
	for _, rule := range rules.Groups[0].Rules {
		mustKnow(t, known, rule.Alert, rule.Expr)
		if !regexp.MustCompile(`(?m)^        alertname: ` + rule.Alert + `\n        exp_alerts:`).Match(tests) {
			t.Errorf("no test lets %s ring", rule.Alert)
		}
	}
}

func TestDashboard(t *testing.T) {
	var board struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
		Templating struct {
			List []struct{ Definition string }
		}
	}
	read(t, "grafana/avadb.json", func(raw []byte) error { return json.Unmarshal(raw, &board) })
	known, expressions := names(scraped(t)), 0
	for _, panel := range board.Panels {
		for _, target := range panel.Targets {
			mustKnow(t, known, panel.Title, target.Expr)
			expressions++
		}
	}
	for _, variable := range board.Templating.List {
		for _, name := range metricNames(variable.Definition) {
			if !slices.Contains(known, name) {
				t.Errorf("no metric %s for %s", name, variable.Definition)
			}
		}
	}
	if expressions < 20 {
		t.Errorf("%d expressions only were found", expressions)
	}
}

func read(t *testing.T, name string, parse func([]byte) error) {
	t.Helper()
	raw, err := os.ReadFile(filepath.FromSlash(examples + name))
	if err == nil {
		err = parse(raw)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func mustKnow(t *testing.T, known []string, where, expression string) {
	t.Helper()
	used := metricNames(expression)
	if len(used) == 0 && expression != `up{job="avadb"} == 0` {
		t.Errorf("%s: no metric in %s", where, expression)
	}
	for _, name := range used {
		if !slices.Contains(known, name) {
			t.Errorf("%s: there is no metric %s", where, name)
		}
	}
	// PromQL itself, with Grafana's variables as any value: promtool reads it as a rule.
	text := strings.NewReplacer("$__rate_interval", "5m", "$instance", "a", "$datname", "b").Replace(expression)
	raw, err := yaml.Marshal(map[string]any{"groups": []any{map[string]any{"name": "g", "rules": []any{map[string]any{"record": "r", "expr": text}}}}})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "rule.yml")
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := promtool(t, "", "", "check", "rules", path); err != nil {
		t.Errorf("%s: %s", where, out)
	}
}

// names are the metrics of a scrape.
func names(body string) (all []string) {
	for line := range strings.Lines(body) {
		if name, _, _ := strings.Cut(line, "{"); !strings.HasPrefix(line, "#") {
			name, _, _ = strings.Cut(name, " ")
			all = append(all, name)
		}
	}
	return all
}

func metricNames(expression string) []string {
	return regexp.MustCompile(`\b(?:pg|avadb)_[a-z_]+\b`).FindAllString(expression, -1)
}

// A role without pg_monitor sees a part: what it cannot see has a name of its own, and the scrape goes on.
func TestScrapeOfAnyRole(t *testing.T) {
	admin := connect(t, common.DSN("postgres"))
	do(t, admin, "DROP ROLE IF EXISTS anybody", "CREATE ROLE anybody LOGIN")
	dsn := strings.Replace(common.DSN("postgres"), "user=postgres", "user=anybody", 1)
	r := start(t, serving{dsn: dsn, o: Options{Warm: 1}, pool: pg.PoolOptions{Min: 1}})
	_, _, body := request(t, http.MethodGet, r.url+"/metrics", nil)
	if !strings.Contains(body, "\npg_up 1\n") || !regexp.MustCompile(`pg_stat_activity_count{datname="postgres",state="unknown"} [1-9]`).MatchString(body) {
		t.Error(body)
	}
}

// What the metrics cannot say is said once in the log.
func TestScrapeWithoutTheExtension(t *testing.T) {
	r := start(t, serving{dsn: common.DSN("template1"), o: Options{Warm: 1, Statements: true}, pool: pg.PoolOptions{Min: 1}})
	for range 3 {
		if _, _, body := request(t, http.MethodGet, r.url+"/metrics", nil); !strings.Contains(body, `avadb_scrape_failed{part="statements"} 1`) || !strings.Contains(body, "\npg_up 1\n") {
			t.Error(body)
		}
	}
	if n := strings.Count(r.log.String(), "no extension pg_stat_statements"); n != 1 {
		t.Errorf("said %d times: %s", n, r.log.String())
	}
}
