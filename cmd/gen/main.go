// Command gen writes the documents that follow from the code: docs/cli from the command tree, docs/json.md from the
// result structs and their comments, docs/exit-codes.md, and the man pages. It is run from the top of the project and is
// no part of the binary. What it writes depends on the code alone: no dates, no versions.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"avadb/cmd"
)

func main() {
	source := flag.String("source", ".", "top folder of the project, whose comments are read")
	docs := flag.String("docs", "docs", "folder of the documents")
	man := flag.String("man", "", "folder for the man pages (default: none are written)")
	flag.Parse()
	if err := generate(*source, *docs, *man); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

// generate writes everything; an empty man writes no man pages.
func generate(source, docs, man string) error {
	files := cliPages(cmd.Root())
	files["exit-codes.md"] = cmd.ExitCodes()
	text, err := jsonPage(source)
	if err != nil {
		return err
	}
	files["json.md"] = text
	if err := removeOld(filepath.Join(docs, "cli"), files); err != nil {
		return err
	}
	if err := writeFiles(docs, files); err != nil {
		return err
	}
	if man == "" {
		return nil
	}
	return writeFiles(man, manPages(cmd.Root()))
}

func writeFiles(folder string, files map[string]string) error {
	for name, text := range files {
		path := filepath.Join(folder, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil { //nolint:gosec // documents are for everybody
			return err
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil { //nolint:gosec // as above
			return err
		}
	}
	return nil
}

// removeOld removes the pages of commands that are no more.
func removeOld(folder string, files map[string]string) error {
	pages, err := filepath.Glob(filepath.Join(folder, "*.md"))
	if err != nil {
		return err
	}
	for _, page := range pages {
		if _, stays := files["cli/"+filepath.Base(page)]; stays {
			continue
		}
		if err := os.Remove(page); err != nil {
			return err
		}
	}
	return nil
}

// lines joins what a page consists of; empty parts are left out.
func lines(parts ...string) string {
	var b strings.Builder
	for _, part := range parts {
		if part != "" {
			b.WriteString(strings.TrimRight(part, "\n") + "\n\n")
		}
	}
	return strings.TrimRight(b.String(), "\n") + "\n"
}
