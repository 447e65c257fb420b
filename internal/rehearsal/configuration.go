package rehearsal

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"avadb/internal/fault"
	"avadb/internal/pg"
	"avadb/internal/settings"
	"avadb/internal/units"
)

// patience bounds one call of the server's program and the wait for a scratch cluster: a start takes well below a second,
// but allocating very much memory takes longer.
const patience = time.Minute

// firstComputed is the major from which `postgres -C` goes on to what is computed at the start, and so judges the values
// together, loads the libraries and reads the certificates. Tried out: a server that would not start with wal_level =
// minimal, a missing library or a missing certificate prints a value on 14 and the reason from 15 up.
const firstComputed = 15

// Read has the server's own program read the configuration with the plan's values, in a folder of its own. The Result
// says whether it could; the error is that of the context's end alone. What the program refuses without the plan's values
// too is no verdict on them: not done, with its words.
func (s *Site) Read(ctx context.Context, plan []settings.Setting) (*Result, error) {
	sh, err := s.makeShadow(ctx)
	if err != nil {
		return notDone(err), nil
	}
	defer sh.remove()
	if err := sh.imitate(); err != nil {
		return notDone(err), nil
	}
	r := &Result{Done: true, Passed: passed(), How: Configuration, Log: []string{}}
	asked := "shared_memory_size"
	if s.major < firstComputed {
		asked, r.How = "shared_buffers", Values
	}
	value, err := sh.ask(ctx, plan, asked)
	if ctx.Err() != nil {
		return nil, pg.Describe(ctx, ctx.Err())
	}
	if err != nil {
		if _, before := sh.ask(ctx, nil, asked); before != nil {
			return notDone(fmt.Errorf("the server's program refuses its configuration as it stands: %w", before)), nil
		}
		r.Passed, r.Why = failed(), err.Error()
		return r, nil
	}
	if s.major >= firstComputed {
		r.SharedMemoryBytes = number(value, units.MB)
		if pages, err := sh.ask(ctx, plan, "shared_memory_size_in_huge_pages"); err == nil {
			r.HugePages = number(pages, 1)
		}
	}
	return r, nil
}

// number is nil where the server gave none, or -1 for what it cannot tell.
func number(text string, unit int64) *int64 {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 {
		return nil
	}
	n *= unit
	return &n
}

// imitate makes what the program looks for in a data directory: the version and the control file, which gives it the size
// of a WAL segment.
func (sh *shadow) imitate() error {
	for _, dir := range []string{sh.data, filepath.Join(sh.data, "global")} {
		if err := os.Mkdir(dir, 0o700); err != nil {
			return err
		}
		if err := sh.site.owner.take(dir); err != nil {
			return err
		}
	}
	for _, name := range []string{"PG_VERSION", "global/pg_control"} {
		content, err := os.ReadFile(filepath.Join(sh.site.pgdata, name))
		if err != nil {
			return err
		}
		if err := sh.write(name, content); err != nil {
			return err
		}
	}
	return nil
}

// ask runs `postgres -C` with the plan's values. The error holds the program's own words.
func (sh *shadow) ask(ctx context.Context, plan []settings.Setting, name string) (string, error) {
	if err := sh.configure(plan); err != nil {
		return "", err
	}
	bounded, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var out, words bytes.Buffer
	c := sh.command(bounded, "postgres", append([]string{"-C", name}, sh.arguments(nil)...)...)
	c.Stdout, c.Stderr = &out, &words
	if err := c.Run(); err != nil {
		return "", fault.New(fault.Prerequisite, "%s", sh.spoken(words.String(), err))
	}
	return strings.TrimSpace(out.String()), nil
}

// command prepares one of the server's programs to run as the owner of the data directory.
func (sh *shadow) command(ctx context.Context, program string, arguments ...string) *exec.Cmd {
	c := exec.CommandContext(ctx, filepath.Join(sh.site.bin, program), arguments...) //nolint:gosec // the program that the server itself runs
	c.Dir, c.Env = sh.dir, environment()
	sh.site.owner.apply(c)
	return c
}

// spoken takes what stopped the server out of what it said: the FATAL with its DETAIL and HINT, and what it logged of the
// configuration files before, else the last line.
func (sh *shadow) spoken(words string, err error) string {
	words = strings.ReplaceAll(words, sh.data, sh.site.pgdata) // the person's own folder, not ours
	var logged, last []string
	for line := range strings.Lines(words) {
		severity, text, found := strings.Cut(strings.TrimSpace(line), ":")
		text = strings.TrimSpace(text)
		switch {
		case !found:
		case severity == "LOG":
			logged = append(logged, text)
		case severity == "FATAL" && strings.HasSuffix(text, "contains errors"):
			last = append(logged, text)
		case severity == "FATAL":
			last = []string{text}
		case (severity == "DETAIL" || severity == "HINT") && len(last) > 0:
			last = append(last, text)
		}
	}
	lines := strings.Split(strings.TrimSpace(words), "\n")
	switch {
	case len(last) > 0:
		return strings.Join(last, "; ")
	case lines[len(lines)-1] == "":
		return err.Error()
	}
	return strings.TrimPrefix(lines[len(lines)-1], "postgres: ")
}
