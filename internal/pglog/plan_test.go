package pglog_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"avadb/internal/pglog"
)

// planText is what auto_explain logs in each of its formats, without the prefix, with a TAB before each further line.
var planText = map[string]string{
	"text":       "Query Text: %s\n\tLimit  (cost=1.00..2.00 rows=5 width=29) (actual time=0.3..0.3 rows=5 loops=1)\n\t  ->  Seq Scan on t  (cost=0.00..1.00 rows=1 width=4)",
	"parameters": "Query Text: %s\n\tQuery Parameters: $1 = 'x'\n\tSeq Scan on t  (cost=0.00..1.00 rows=1 width=4)\n\t  Filter: (a = 1)",
	"json":       "{\n\t  \"Query Text\": \"%s\",\n\t  \"Plan\": {\n\t    \"Node Type\": \"Limit\"\n\t  }\n\t}",
	"xml":        "<explain xmlns=\"http://www.postgresql.org/2009/explain\">\n\t  <Query-Text>%s</Query-Text>\n\t  <Plan>\n\t  </Plan>\n\t</explain>",
	"yaml":       "Query Text: \"%s\"\n\tPlan: \n\t  Node Type: \"Limit\"",
}

// line of a log with the prefix '%m [%p] %u@%d '.
func line(second, pid int, message string) string {
	return fmt.Sprintf("2026-11-24 03:20:%02d.500 UTC [%d] app@shop LOG:  %s\n", second, pid, message)
}

// plan is logged by process 7.
func plan(second int, ms float64, format, sql string) string {
	newline := "\n\t"
	switch format {
	case "json", "yaml":
		newline = `\n`
	}
	return line(second, 7, fmt.Sprintf("duration: %.3f ms  plan:\n\t"+planText[format], ms, strings.ReplaceAll(sql, "\n", newline)))
}

func executed(second, pid int, ms float64, sql string) string {
	return line(second, pid, fmt.Sprintf("duration: %.3f ms  statement: %s", ms, strings.ReplaceAll(sql, "\n", "\n\t")))
}

// An execution is one, whether the log has its duration, its plan or both, in whatever order, and its statement has nothing of the plan.
func TestPlans(t *testing.T) {
	const sql = "SELECT a\nFROM t"
	for name, one := range map[string]struct {
		log  string
		want []string // milliseconds of the executions, sorted
	}{
		"plan before":         {plan(1, 300, "text", sql) + executed(1, 7, 310, sql), []string{"310"}},
		"plan behind":         {executed(1, 7, 310, sql) + plan(1, 300, "text", sql), []string{"310"}},
		"plan alone":          {plan(1, 300, "text", sql), []string{"300"}},
		"others in between":   {plan(1, 300, "text", sql) + executed(1, 8, 500, "SELECT 2") + executed(1, 7, 310, sql), []string{"310", "500"}},
		"an earlier one":      {plan(1, 300, "text", sql) + executed(40, 7, 310, sql), []string{"300", "310"}},
		"one right before":    {plan(1, 900, "text", sql) + executed(2, 7, 1000, sql), []string{"1000", "900"}},
		"another process":     {plan(1, 300, "text", sql) + executed(1, 8, 310, sql), []string{"300", "310"}},
		"twice, one of each":  {plan(1, 300, "text", sql) + executed(1, 7, 310, sql) + plan(2, 200, "text", sql), []string{"200", "310"}},
		"behind, then alone":  {executed(1, 7, 310, sql) + plan(1, 300, "text", sql) + plan(2, 200, "text", sql), []string{"200", "310"}},
		"only a shorter one":  {plan(1, 300, "text", sql) + executed(1, 7, 100, "SELECT 3"), []string{"100", "300"}},
		"two in one message":  {plan(1, 100, "text", "SELECT 1; SELECT 2") + plan(1, 150, "text", "SELECT 1; SELECT 2") + executed(1, 7, 260, "SELECT 1; SELECT 2"), []string{"260"}},
		"within a function":   {plan(1, 300, "text", "SELECT inner") + "2026-11-24 03:20:01.500 UTC [7] app@shop CONTEXT:  SQL statement \"SELECT inner\"\n" + executed(1, 7, 310, "SELECT f()"), []string{"310"}},
		"a function's, alone": {plan(1, 300, "text", "SELECT inner") + "2026-11-24 03:20:01.500 UTC [7] app@shop CONTEXT:  PL/pgSQL function f()\n", nil},
	} {
		path := filepath.Join(t.TempDir(), "a.log")
		if err := os.WriteFile(path, []byte(one.log+line(59, 1, "checkpoint starting: time")), 0o600); err != nil {
			t.Fatal(err)
		}
		for block := 50; block < 2000; block += 111 {
			var got []string
			_, err := pglog.Executions(t.Context(), path, nil, pglog.Reading{Options: pglog.Options{Prefix: "%m [%p] %u@%d ", Block: block, Workers: 2}}, func(b *pglog.Batch) error {
				for _, e := range b.Executions {
					got = append(got, fmt.Sprint(e.US/1000))
					if strings.Contains(e.Query, "cost") || strings.Contains(e.Query, "Limit") {
						t.Errorf("%s: the statement is %q", name, e.Query)
					}
				}
				return nil
			})
			slices.Sort(got)
			if err != nil || !slices.Equal(got, one.want) {
				t.Fatalf("%s, blocks of %d: %v, not %v (%v)", name, block, got, one.want, err)
			}
		}
	}
}

// Each format gives the statement, and only that; avadb slow counts the more of plans and durations.
func TestPlanFormats(t *testing.T) {
	const sql = "SELECT a, '(cost=1.00..2.00 rows=1 width=1)'\nFROM t WHERE b = 5 -- Seq Scan"
	for format := range planText {
		log := plan(1, 300, format, sql) + plan(2, 400, format, sql) + executed(2, 7, 410, sql) + executed(3, 9, 5, "SELECT 1")
		path := filepath.Join(t.TempDir(), "a.log")
		if err := os.WriteFile(path, []byte(log), 0o600); err != nil {
			t.Fatal(err)
		}
		r := run(t, pglog.Options{Prefix: "%m [%p] %u@%d "}, path)
		top := r.Top(func(s *pglog.Statement) bool { return true }, func(a, b *pglog.Statement) int { return int(b.TotalMS - a.TotalMS) }, 0)
		if len(top) != 2 || top[0].Calls != 2 || top[0].TotalMS != 700 || top[0].Example.Query != sql {
			t.Errorf("%s: %+v", format, top)
		}
		if r.Durations.Executions != 2 || r.Durations.ByKind["plan"].Events != 2 {
			t.Errorf("%s: %+v", format, r.Durations)
		}
	}
}

// A plan at the end of a log that is being written waits, and is read again until it is sure; the sample's are all of executions.
func TestPlansWait(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.log")
	log := executed(1, 7, 50, "SELECT 1") + plan(2, 300, "text", "SELECT 2")
	now := time.Now().UTC().Truncate(time.Hour).Add(time.Hour).Format("2006-01-02 15:04") // a log of yore waits for nothing
	read := func(text string, from int64) (all []pglog.Execution, to int64) {
		t.Helper()
		text = strings.ReplaceAll(strings.ReplaceAll(text, "2026-11-24 03:20", now), "2026-11-24 03:22", now[:len(now)-1]+"2")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return executions(t, path, pglog.Reading{Options: pglog.Options{Prefix: "%m [%p] %u@%d "}, From: from, Live: true})
	}
	all, to := read(log+line(2, 8, "checkpoint starting: time"), 0)
	if len(all) != 1 || int(to) != len(executed(1, 7, 50, "SELECT 1")) {
		t.Fatalf("%d executions, up to %d", len(all), to)
	}
	all, _ = read(log+executed(2, 7, 310, "SELECT 2")+line(3, 8, "checkpoint starting: time"), to)
	if len(all) != 1 || all[0].US != 310_000 {
		t.Errorf("with its duration: %+v", all)
	}
	all, to = read(log+strings.Replace(executed(2, 8, 400, "SELECT 3"), "03:20", "03:22", 1)+strings.Replace(line(3, 8, "x"), "03:20", "03:22", 1), to)
	if len(all) != 2 || all[1].US != 300_000 && all[0].US != 300_000 {
		t.Errorf("a minute later: %+v", all)
	}
	if all, _ = read(log+strings.Replace(executed(2, 8, 400, "SELECT 3"), "03:20", "03:22", 1)+strings.Replace(line(3, 8, "x"), "03:20", "03:22", 1), to); len(all) != 0 {
		t.Errorf("again: %+v", all)
	}
}
