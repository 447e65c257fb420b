package cmd

import (
	"context"
	"runtime"

	"github.com/spf13/cobra"
)

// version, commit and date are set by the linker.
var (
	version = "dev"
	commit  = "unknown"
	date    = "unknown"
)

type versionDocument struct {
	head
	Version    string `json:"version" col:""`           // of avadb
	Commit     string `json:"commit" col:""`            // it was built from
	Date       string `json:"date" col:""`              // of that commit
	Go         string `json:"go" col:""`                // version of the compiler
	Platform   string `json:"platform" col:""`          // operating system/architecture
	PostgreSQL []int  `json:"postgresql_majors" col:""` // what avadb is tested with
}

func newVersion(a *app) *cobra.Command {
	return newCommand(spec{
		offline: true,
		use:     "version", short: "Version, commit and the PostgreSQL majors it is tested with",
		example: "avadb version\navadb version -o json | jq -r .version",
	}, func(context.Context, *cobra.Command, []string) error {
		doc := versionDocument{
			head: a.head("version", nil), Version: version, Commit: commit, Date: date,
			Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH, PostgreSQL: []int{14, 15, 16, 17, 18},
		}
		return a.result(doc, doc)
	})
}
