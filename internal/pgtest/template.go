package pgtest

import (
	"context"
	"fmt"
	"hash/fnv"
	"os"
	"path/filepath"
	"strings"

	"avadb/internal/fault"
)

// initdbArgs make the same cluster on every system: no locale of the machine, UTF8, everyone trusted.
func initdbArgs() []string {
	return []string{"--no-sync", "--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C"}
}

// fill makes the data folder: a copy of the cached template, or a run of initdb that leaves the template for the next.
func (s *Server) fill(ctx context.Context, o Options) error {
	template := templateFolder(s.Install)
	if _, err := os.Stat(template); template != "" && !o.Fresh && err == nil {
		if err := copyTree(template, s.DataDir, s.owner, nil); err != nil {
			return fault.New(fault.Failed, "copying the template %s: %w", template, err).WithHint("remove that folder and try again")
		}
		return nil
	}
	if out, err := s.run(ctx, "initdb", append([]string{"-D", s.DataDir}, initdbArgs()...)...); err != nil {
		return fault.New(fault.Failed, "running initdb: %w: %s", err, tail(out))
	}
	if template != "" && !o.Fresh {
		s.keepTemplate(template)
	}
	return nil
}

// templateFolder names the template of an installation; empty where the user has no cache folder.
func templateFolder(in Install) string {
	cache, err := os.UserCacheDir()
	if err != nil {
		return ""
	}
	number, _, _ := strings.Cut(in.Version, " ")
	sum := fnv.New32a()
	_, _ = fmt.Fprint(sum, in.Version, in.Bin, initdbArgs()) // a hash never fails
	return filepath.Join(cache, "avadb", "template", fmt.Sprintf("%s-%08x", number, sum.Sum32()))
}

// keepTemplate saves the new data folder as the template. It is only there to be faster the next time, so a failure is
// no error; a rename makes it appear complete or not at all, and of two processes the first one wins.
func (s *Server) keepTemplate(template string) {
	if err := os.MkdirAll(filepath.Dir(template), 0o700); err != nil {
		return
	}
	part, err := os.MkdirTemp(filepath.Dir(template), ".part-*")
	if err != nil {
		return
	}
	defer func() { _ = os.RemoveAll(part) }() // already gone where the rename worked
	if err := copyTree(s.DataDir, part, owner{}, nil); err != nil {
		return
	}
	_ = os.Rename(part, template) // fails where another process was first: its template is as good
}
