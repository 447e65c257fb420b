package pglog_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"avadb/internal/pglog"
)

// wrap writes each line of a log as something else would keep it.
func wrap(t *testing.T, log string, line func(n int, line string) string) string {
	t.Helper()
	raw, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	n := 0
	for text := range strings.Lines(string(raw)) {
		n++
		out.WriteString(line(n, strings.TrimSuffix(text, "\n")) + "\n")
	}
	name := filepath.Join(t.TempDir(), "wrapped")
	if err := os.WriteFile(name, out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func quoted(t *testing.T, text string) string {
	t.Helper()
	raw, err := json.Marshal(text)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// A wrapped log says what the log says.
func TestWrapped(t *testing.T) {
	const log = "testdata/edge/p_debian.log"
	want := comparable(t, run(t, pglog.Options{}, log))
	message, part := 0, 0
	for name, line := range map[string]func(n int, line string) string{
		"docker": func(_ int, line string) string {
			return `{"log":` + quoted(t, line+"\n") + `,"stream":"stderr","time":"2026-11-24T04:57:27.1Z"}`
		},
		"cri": func(_ int, line string) string { return "2026-11-24T04:57:27.123456789Z stderr F " + line },
		"kubectl": func(_ int, line string) string {
			return "[pod/pg-1/postgres] 2026-11-24T04:57:27.123456789Z " + line
		},
		"compose": func(_ int, line string) string { return "pg-1  | " + line },
		"journal": func(_ int, line string) string { return "Nov 24 04:57:27 db1 postgres[32418]: " + line },
		"syslog": func(_ int, line string) string {
			if !strings.HasPrefix(line, "\t") && !strings.Contains(line, "STATEMENT:") && !strings.Contains(line, "DETAIL:") {
				message, part = message+1, 0
			}
			part++
			return fmt.Sprintf("Nov 24 04:57:27 db1 postgres[32418]: [%d-%d] %s", message, part, strings.ReplaceAll(line, "\t", "#011"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := run(t, pglog.Options{}, wrap(t, log, line))
			equal(t, "format", r.Files[0].Format, "stderr+"+name)
			equal(t, "report", comparable(t, r), want)
		})
	}
	t.Run("kubectl with one of its fronts", func(t *testing.T) {
		for _, front := range []string{"[pod/pg-1/postgres] ", "2026-11-24T04:57:27.123456789Z "} {
			r := run(t, pglog.Options{}, wrap(t, log, func(_ int, line string) string { return front + line }))
			equal(t, "report", comparable(t, r), want)
			r = run(t, pglog.Options{}, wrap(t, "testdata/edge/p_debian.json", func(_ int, line string) string { return front + line }))
			equal(t, "format", r.Files[0].Format, "json+kubectl")
			equal(t, "report", comparable(t, r), want)
		}
	})
	t.Run("cloudnativepg", func(t *testing.T) {
		name := wrap(t, "testdata/edge/p_debian.json", func(_ int, line string) string {
			for from, to := range map[string]string{
				`"timestamp"`: `"log_time"`, `"user"`: `"user_name"`, `"dbname"`: `"database_name"`, `"pid"`: `"process_id"`, `"line_num"`: `"session_line_num"`,
				`"state_code"`: `"sql_state_code"`, `"statement"`: `"query"`,
			} {
				line = strings.Replace(line, from, to, 1)
			}
			return `{"level":"info","ts":"2026-11-24T04:57:27Z","logger":"postgres","msg":"record","record":` + line + `,"logging_pod":"pg-1"}`
		})
		equal(t, "report", comparable(t, run(t, pglog.Options{}, name)), want)
	})
	t.Run("cloudsql", func(t *testing.T) {
		name := filepath.Join(t.TempDir(), "export.json")
		text := `{"insertId":"a","textPayload":"2026-11-24 04:57:17.970 UTC [7]: [3-1] db=shop,user=app LOG:  duration: 1.500 ms  statement: select 1,\n 2","timestamp":"2026-11-24T04:57:17.97Z"}
{"insertId":"b","textPayload":"2026-11-24 04:57:18.970 UTC [7]: [4-1] db=shop,user=app ERROR:  division by zero","timestamp":"2026-11-24T04:57:17.97Z"}
`
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		r := run(t, pglog.Options{}, name)
		equal(t, "durations", []any{r.Durations.Executions, r.Durations.TotalMS, r.Users["app"].Executions}, []any{int64(1), 1.5, int64(1)})
		equal(t, "severities", r.Severities, map[string]int64{"LOG": 1, "ERROR": 1})
	})
	t.Run("an array of JSON", func(t *testing.T) { // no prefix of it is made up
		name := filepath.Join(t.TempDir(), "export.json")
		line := `{"textPayload":"2026-11-24 04:57:17.970 UTC [7]: [3-1] db=shop,user=app LOG:  duration: 1.500 ms  statement: select 1"}`
		if err := os.WriteFile(name, []byte("["+strings.Repeat(line+",\n", 20)+line+"]\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		r, err := pglog.Run(t.Context(), []string{name}, nil, pglog.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if problem := r.Files[0].Error; problem == nil || !strings.Contains(*problem, "it is JSON of another kind") {
			t.Errorf("%+v", r.Files[0])
		}
	})
	t.Run("azure", func(t *testing.T) {
		name := filepath.Join(t.TempDir(), "azure.json")
		text := `{"time":"2026-11-24T04:57:17Z","properties":{"timestamp":"2026-11-24 04:57:17.970 UTC","processId":7,"errorLevel":"LOG","sqlerrcode":"00000","message":"2026-11-24 04:57:17 UTC-6743dd2d.1b-LOG:  duration: 2.500 ms  execute <unnamed>: select $1","detail":"parameters: $1 = '5'"},"category":"PostgreSQLLogs"}
`
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		r := run(t, pglog.Options{}, name)
		equal(t, "durations", []any{r.Durations.Executions, r.Durations.TotalMS}, []any{int64(1), 2.5})
		equal(t, "parameters", statementsOf(r)[0].Example.Parameters, "$1 = '5'")
	})
}
