package main

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"avadb/cmd"
)

// TestCommittedDocuments fails where the documents in the repository are not what the code gives now.
func TestCommittedDocuments(t *testing.T) {
	const source, committed = "../..", "../../docs"
	fresh := t.TempDir()
	if err := generate(source, fresh, ""); err != nil {
		t.Fatal(err)
	}
	want, have := readTree(t, fresh), readTree(t, committed)
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if have[name] != want[name] {
			t.Errorf("docs/%s is old: run make docs and commit what it changes", name)
		}
	}
	for name := range have {
		if _, generated := want[name]; strings.HasPrefix(name, "cli/") && !generated {
			t.Errorf("docs/%s is of a command that is no more: run make docs and commit what it changes", name)
		}
	}
}

func readTree(t *testing.T, folder string) map[string]string {
	t.Helper()
	files := map[string]string{}
	for _, pattern := range []string{"*.md", "cli/*.md"} {
		paths, err := filepath.Glob(filepath.Join(folder, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			raw, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			name, err := filepath.Rel(folder, path)
			if err != nil {
				t.Fatal(err)
			}
			files[filepath.ToSlash(name)] = string(raw)
		}
	}
	return files
}

// TestPagesSayWhatScriptsNeed: exit codes and privileges are on the page and on the man page, examples come first.
func TestPagesSayWhatScriptsNeed(t *testing.T) {
	root := cmd.Root()
	pages, man := cliPages(root), manPages(root)
	tune := pages["cli/avadb_tune.md"]
	inOrder(t, tune, "# avadb tune", "## Examples", "## Usage", "## Flags", "--ram", "## Least privilege", "superuser", "## Exit codes", "json.md#tune")
	inOrder(t, man["avadb-tune.1"], ".TH", "SYNOPSIS", "EXAMPLES", `avadb tune \-\-ram 8GB`, "LEAST PRIVILEGE", "EXIT STATUS")
	for _, name := range []string{"cli/avadb.md", "cli/avadb_config_show.md", "cli/avadb_help.md"} {
		if pages[name] == "" {
			t.Errorf("no page %s", name)
		}
	}
}

func inOrder(t *testing.T, text string, wanted ...string) {
	t.Helper()
	rest := text
	for _, want := range wanted {
		_, after, found := strings.Cut(rest, want)
		if !found {
			t.Fatalf("%q is missing, or not in its place, in:\n%s", want, text)
		}
		rest = after
	}
}

// TestDocumentsOfCommands: each document belongs to a command that is there.
func TestDocumentsOfCommands(t *testing.T) {
	root := cmd.Root()
	for name := range cmd.Documents() {
		path, _ := commandOf(name)
		if c, rest, err := root.Find(strings.Fields(path)); err != nil || len(rest) > 0 || c == root {
			t.Errorf("a document is of %q, which is no command", path)
		}
	}
}

// TestCheckCodeNamesItsCommands: a command that says that it ends with 5 is in the list of all exit codes.
func TestCheckCodeNamesItsCommands(t *testing.T) {
	line := regexp.MustCompile(`(?m)^\| 5 \|.*$`).FindString(cmd.ExitCodes())
	for _, c := range tree(cmd.Root()) {
		if strings.Contains("\n"+c.Annotations[cmd.AnnotationExits], "\n  5  ") && !strings.Contains(line, strings.TrimPrefix(c.CommandPath(), "avadb ")) {
			t.Errorf("%s ends with 5, and is not in: %s", c.CommandPath(), line)
		}
	}
}

// TestRemovesPagesOfOldCommands: a renamed command leaves no page behind.
func TestRemovesPagesOfOldCommands(t *testing.T) {
	docs := t.TempDir()
	old := filepath.Join(docs, "cli", "avadb_old.md")
	if err := os.MkdirAll(filepath.Dir(old), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(old, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := generate("../..", docs, t.TempDir()); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(old); !os.IsNotExist(err) {
		t.Errorf("%s is still there: %v", old, err)
	}
}

func TestUnindent(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"", ""},
		{"  a\n    b\n", "a\n  b"},
		{"\n  4  one\n     two\n", "4  one\n   two"},
		{"  a\n\n  b", "a\n\nb"},
	} {
		if got := unindent(c.in); got != c.want {
			t.Errorf("unindent(%q) = %q, want %q", c.in, got, c.want)
		}
	}
}

func TestRoff(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"--ram 8GB", `\-\-ram 8GB`},
		{`a\b`, `a\eb`},
		{".pgpass\n'x'", "\\&.pgpass\n\\&'x'"},
	} {
		if got := roff(c.in); got != c.want {
			t.Errorf("roff(%q) = %q, want %q", c.in, got, c.want)
		}
	}
}
