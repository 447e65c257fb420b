package cmd

import (
	"io"
	"strings"

	"github.com/spf13/cobra"
)

// The annotations that a command carries for its help and its page, each a text of several lines.
const (
	AnnotationExits      = annotationExits
	AnnotationPrivileges = annotationPrivileges
)

// Root is the whole command tree, for the generator of the documents. Nothing in it is meant to be run.
func Root() *cobra.Command {
	root := newRoot(newApp(strings.NewReader(""), io.Discard, io.Discard))
	root.InitDefaultHelpCmd()
	return root
}

// ExitCodes is what `avadb help exit-codes` prints.
func ExitCodes() string { return exitTopic }

// Documents holds the JSON document of each command that prints one, empty, by the command's path without avadb; where an argument makes
// another document, with its name as in the usage.
func Documents() map[string]any {
	return map[string]any{
		"config check":          checkDocument{},
		"config show":           configDocument{},
		"connections":           connectionsDocument{},
		"connections advise":    adviseDocument{},
		"connections terminate": terminateDocument{},
		"enable-stats":          enableDocument{},
		"history":               historyDocument{},
		"logs":                  logsDocument{},
		"rollback":              rollbackDocument{},
		"settings":              settingsDocument{},
		"settings diff":         settingsDiffDocument{},
		"slow":                  slowDocument{},
		"slow SIGNATURE":        signatureDocument{},
		"slowlog collect":       slowlogCollectDocument{},
		"slowlog drop":          slowlogDropDocument{},
		"slowlog ingest":        slowlogIngestDocument{},
		"slowlog init":          slowlogInitDocument{},
		"slowlog prune":         slowlogPruneDocument{},
		"slowlog status":        slowlogStatusDocument{},
		"tune":                  tuneDocument{},
		"verify":                verifyDocument{},
		"version":               versionDocument{},
		"warmup":                warmupDocument{},
	}
}

// Head begins each of the Documents.
func Head() any { return head{} }

// ErrorDocument is what an error is on stderr with -o json.
func ErrorDocument() any { return errorDocument{} }
