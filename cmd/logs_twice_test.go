package cmd

import (
	"slices"
	"testing"

	"avadb/internal/pglog"
)

func TestWrittenTwice(t *testing.T) {
	files := []pglog.File{
		{Name: "log/monday.log", Format: "stderr"},
		{Name: "log/monday.csv", Format: "csv"},
		{Name: "log/monday.json.gz", Format: "json+gzip"},
		{Name: "log/tuesday.log", Format: "stderr"},
		{Name: "log/wednesday.csv", Format: "csv"},
		{Name: "log/wednesday.log", Format: "empty"},
		{Name: "other/tuesday.csv", Format: "csv"},
		{Name: "log/postgresql.log.1", Format: "stderr"},
		{Name: "log/postgresql.log.2.gz", Format: "stderr+gzip"},
	}
	if got := writtenTwice(files); !slices.Equal(got, []string{"log/monday.log and log/monday.csv and log/monday.json.gz"}) {
		t.Errorf("%q", got)
	}
}
