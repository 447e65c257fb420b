package settings

import (
	"strings"
	"testing"
)

// planOf makes a plan of NAME=VALUE.
func planOf(assignments ...string) []Setting {
	var plan []Setting
	for _, assignment := range assignments {
		name, value, _ := strings.Cut(assignment, "=")
		plan = append(plan, Setting{Name: name, Value: &value})
	}
	return plan
}

func TestProvidersKeepCommas(t *testing.T) {
	plan := planOf("log_destination=stderr,csvlog", `log_line_prefix=it's "%m"`)
	for what, c := range map[string]struct{ got, want string }{
		"aws": {RDSCommand(plan), "aws rds modify-db-parameter-group --db-parameter-group-name GROUP --parameters '[\n" +
			`  {"ParameterName":"log_destination","ParameterValue":"stderr,csvlog","ApplyMethod":"immediate"},` + "\n" +
			`  {"ParameterName":"log_line_prefix","ParameterValue":"it'\''s \"%m\"","ApplyMethod":"immediate"}` + "\n]'"},
		"gcloud": {CloudSQLCommand(plan), `gcloud sql instances patch INSTANCE --database-flags '^;^log_destination=stderr,csvlog;log_line_prefix=it'\''s "%m"'`},
		"gcloud with the delimiter in a value": {
			CloudSQLCommand(planOf("search_path=a,b", "log_line_prefix=;")),
			"gcloud sql instances patch INSTANCE --database-flags '^|^search_path=a,b|log_line_prefix=;'",
		},
		"gcloud without commas": {CloudSQLCommand(planOf("jit=off", "work_mem=8MB")), "gcloud sql instances patch INSTANCE --database-flags 'jit=off,work_mem=8MB'"},
	} {
		if c.got != c.want {
			t.Errorf("%s: %s\nwant %s", what, c.got, c.want)
		}
	}
}

func TestYAMLText(t *testing.T) {
	for value, want := range map[string]string{
		"8MB": "'8MB'", "it's": "'it''s'", `a\b "c" é`: `'a\b "c" é'`, "a\nb: 'c'": `"a\nb: 'c'"`, "\x1b[0m\t\"": `"\x1b[0m\t\""`, "\u0085": `"\u0085"`,
	} {
		if got := yamlText(value); got != want {
			t.Errorf("%q: %s, want %s", value, got, want)
		}
	}
}
