// Package query loads the statements under sql/, picks the variant for the server or extension version, and runs them.
package query

import (
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"avadb/internal/pg"
	"avadb/sql"
)

// Extension is an installed extension: what picks a `.x` variant and fills {{schema}}.
type Extension struct {
	Version string // extversion, such as 1.11
	Schema  string // the unquoted name of the schema it lives in
}

// Mark puts avadb's marker behind the first keyword. Behind it and not before it, because PostgreSQL 18 drops
// leading comments from the text in pg_stat_statements.
func Mark(name, statement string) string {
	start := len(statement) - len(strings.TrimLeft(statement, " \t\r\n"))
	word := strings.IndexFunc(statement[start:], func(r rune) bool { return (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') })
	if word < 0 { // nothing behind it, such as COMMIT
		word = len(statement) - start
	}
	if word == 0 {
		return statement
	}
	return statement[:start+word] + " /*avadb:" + name + "*/" + statement[start+word:]
}

// Names lists every statement as group/query, each once, whatever its variants.
func Names() ([]string, error) {
	paths, err := fs.Glob(sql.Files, "*/*.sql")
	if err != nil {
		return nil, err
	}
	var names []string
	for _, path := range paths {
		name, _, _ := parsePath(path)
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names, nil
}

// placeholder is {{schema}}, the quoted schema of the extension, or {{group/query}}, another statement in its place; with
// {{group/query false}} that one's {{showtext}} is false, and true otherwise.
var placeholder = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\{\{([a-z_/]+)(?: (false))?\}\}`) })

// Text is the statement for a server major and, for those that read an extension, for its version.
func Text(name string, major int, ext Extension) (string, error) {
	text, err := resolve(name, major, ext, "true")
	if err != nil {
		return "", err
	}
	return Mark(name, text), nil
}

func resolve(name string, major int, ext Extension, showtext string) (string, error) {
	path, err := variant(name, major, ext.Version)
	if err != nil {
		return "", err
	}
	raw, err := sql.Files.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("read embedded statement %s: %w", path, err)
	}
	var failed error
	text := placeholder().ReplaceAllStringFunc(stripHeader(string(raw)), func(found string) string {
		inner, showsNone := strings.CutSuffix(strings.Trim(found, "{}"), " false")
		switch inner {
		case "schema":
			return pg.Identifier(ext.Schema)
		case "showtext":
			return showtext
		}
		included, err := resolve(inner, major, ext, strconv.FormatBool(!showsNone))
		failed = errors.Join(failed, err)
		return included
	})
	return text, failed
}

// variant picks the file with the highest version that is not above what is there.
func variant(name string, major int, extension string) (string, error) {
	paths, err := fs.Glob(sql.Files, name+".*sql")
	if err != nil {
		return "", err
	}
	best, bestVersion := "", []int(nil)
	for _, path := range paths {
		file, version, ofExtension := parsePath(path)
		have := []int{major}
		if ofExtension {
			have = numbers(extension)
		}
		if file != name || slices.Compare(version, have) > 0 {
			continue
		}
		if best == "" || slices.Compare(version, bestVersion) > 0 {
			best, bestVersion = path, version
		}
	}
	if best == "" {
		return "", fmt.Errorf("no variant of the statement %s fits PostgreSQL %d, extension version %q", name, major, extension)
	}
	return best, nil
}

// parsePath splits group/query[.N|.x1.11].sql.
func parsePath(path string) (name string, version []int, ofExtension bool) {
	name, suffix, found := strings.Cut(strings.TrimSuffix(path, ".sql"), ".")
	if !found {
		return name, nil, false
	}
	digits, ofExtension := strings.CutPrefix(suffix, "x")
	return name, numbers(digits), ofExtension
}

// numbers turns 1.11 into 1, 11, so that it sorts above 1.9.
func numbers(version string) []int {
	var out []int
	for part := range strings.SplitSeq(version, ".") {
		n, err := strconv.Atoi(part)
		if err != nil {
			return out
		}
		out = append(out, n)
	}
	return out
}

// stripHeader drops the comment lines at the top: they are for the reader of the file.
func stripHeader(text string) string {
	for {
		text = strings.TrimLeft(text, " \t\r\n")
		if !strings.HasPrefix(text, "--") {
			return strings.TrimRight(text, " \t\r\n;")
		}
		_, text, _ = strings.Cut(text, "\n")
	}
}
