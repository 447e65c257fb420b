package pglog

import (
	"context"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Logs is where log files are: on this host, or on a server that hands them out.
type Logs interface {
	// Expand replaces patterns by the files that they match. A name that is no pattern is taken as it is, whether it is there or not.
	Expand(ctx context.Context, patterns []string) ([]string, error)
	// Stat describes a file: fs.ErrNotExist where there is none. One whose Sys is nil is known by its name alone.
	Stat(ctx context.Context, name string) (fs.FileInfo, error)
	// Beside names the other files of its folder.
	Beside(ctx context.Context, name string) ([]string, error)
	// Open gives what a file holds; it may be an io.Seeker.
	Open(ctx context.Context, name string) (io.ReadCloser, error)
}

// Host is the files of this host.
var Host Logs = hostLogs{}

type hostLogs struct{}

// Expand is part of Logs.
func (hostLogs) Expand(_ context.Context, patterns []string) ([]string, error) {
	return Expand(patterns), nil
}

// Stat is part of Logs.
func (hostLogs) Stat(_ context.Context, name string) (fs.FileInfo, error) { return os.Stat(name) }

// Beside is part of Logs.
func (hostLogs) Beside(_ context.Context, name string) (names []string, err error) {
	entries, err := os.ReadDir(filepath.Dir(name))
	for _, e := range entries {
		if path := filepath.Join(filepath.Dir(name), e.Name()); !e.IsDir() && path != name {
			names = append(names, path)
		}
	}
	return names, err
}

// Open is part of Logs. A named pipe waits for who writes it.
func (hostLogs) Open(_ context.Context, name string) (io.ReadCloser, error) { return os.Open(name) }

// Expand replaces patterns by the files of this host that they match, in the order of their names. A name that is a file is taken as it is.
func Expand(patterns []string) []string {
	var names []string
	for _, pattern := range patterns {
		if _, err := os.Stat(pattern); err == nil || pattern == Stdin || !strings.ContainsAny(pattern, "*?[") {
			names = append(names, pattern)
			continue
		}
		matches, err := filepath.Glob(pattern)
		if err != nil || len(matches) == 0 {
			matches = []string{pattern}
		}
		names = append(names, matches...)
	}
	return EachOnce(names)
}

// EachOnce leaves out the names that come again.
func EachOnce(names []string) []string {
	seen := map[string]bool{}
	return slices.DeleteFunc(names, func(name string) bool {
		again := seen[name]
		seen[name] = true
		return again
	})
}
