package settings

import (
	"context"
	"fmt"
	"strings"
	"time"

	"avadb/internal/fault"
	"avadb/internal/journal"
	"avadb/internal/pg"
	"avadb/internal/query"
)

// reloadDeadline bounds the wait for a reload. An own session was seen to follow in at most 142 ms under load.
const reloadDeadline = 10 * time.Second

// Settle reloads the configuration and waits until the server took what was written; for journal.Options.Settle. A
// reload is asynchronous, and one with an unknown name or a syntax error anywhere applies nothing while
// pg_reload_conf() returns true.
func Settle(conn *pg.Conn) func(ctx context.Context, written []journal.Record) error {
	return func(ctx context.Context, written []journal.Record) error {
		if err := reload(ctx, conn); err != nil {
			return err
		}
		return waitForValues(ctx, conn, written)
	}
}

type loadTime struct {
	LoadedAt time.Time `db:"loaded_at"`
}

func reload(ctx context.Context, conn *pg.Conn) error {
	asked, err := query.One[struct {
		LoadedAt time.Time `db:"loaded_at"`
		Asked    bool      `db:"asked"`
	}](ctx, conn, "settings/reload")
	if err != nil {
		return err
	}
	moved := func() (bool, error) {
		now, err := query.One[loadTime](ctx, conn, "settings/load_time")
		return now.LoadedAt.After(asked.LoadedAt), err
	}
	taken, err := poll(ctx, moved)
	if err != nil || taken {
		return err
	}
	return rejected(ctx, conn)
}

// poll asks until yes, an error or the deadline.
func poll(ctx context.Context, ask func() (bool, error)) (bool, error) {
	for deadline := time.Now().Add(reloadDeadline); time.Now().Before(deadline); {
		yes, err := ask()
		if yes || err != nil {
			return yes, err
		}
		select {
		case <-ctx.Done():
			return false, pg.Describe(ctx, ctx.Err())
		case <-time.After(20 * time.Millisecond):
		}
	}
	return false, nil
}

func rejected(ctx context.Context, conn *pg.Conn) error {
	rows, err := query.Rows[FileRow](ctx, conn, "settings/file_rows")
	if err != nil {
		return err
	}
	for _, r := range rows {
		if r.Error != "" && r.File != "" {
			return fault.New(fault.Failed, "the server rejected the reload: %s line %d: %s %s", r.File, r.Line, r.Name, r.Error).
				WithHint("mend that line, then SELECT pg_reload_conf()")
		}
	}
	return fault.New(fault.Failed, "the server did not take the reload within %s", reloadDeadline).
		WithHint("look at the server's log")
}

// waitForValues waits until this session shows every value that a reload can bring. New sessions see them at once.
func waitForValues(ctx context.Context, conn *pg.Conn, written []journal.Record) error {
	waiting := ""
	shown := func() (bool, error) {
		s, err := Read(ctx, conn)
		if err != nil {
			return false, err
		}
		waiting = ""
		for _, r := range written {
			if r.Kind == journal.SystemSetting && r.State != journal.FailedItem && !s.took(r.Name) {
				waiting = r.Name
				return false, nil
			}
		}
		return true, nil
	}
	taken, err := poll(ctx, shown)
	if err != nil || taken {
		return err
	}
	return notTaken(ctx, conn, waiting)
}

// took tells whether the running value is the one that the files give. Parameters that wait for a restart, or that only
// a new session takes, are not waited for; nor are placeholders of libraries that are not loaded.
func (s *Snapshot) took(name string) bool {
	p, known := s.Parameters[strings.ToLower(name)]
	if !known {
		return true
	}
	switch p.Context {
	case "sighup", "superuser", "user":
		return hiding[p.Source] || s.ServerLayer(name) == LayerCommandLine || p.Same(s.Running(name), s.Next(name))
	}
	return true
}

func notTaken(ctx context.Context, conn *pg.Conn, name string) error {
	rows, err := query.Rows[FileRow](ctx, conn, "settings/file_rows")
	if err != nil {
		return err
	}
	last, _ := Files(rows).Last(name)
	why := last.Error
	if why == "" {
		why = fmt.Sprintf("no change within %s", reloadDeadline)
	}
	return fault.New(fault.Failed, "the server did not take %s = %s: %s", name, last.Value, why).WithHint("look at the server's log")
}
