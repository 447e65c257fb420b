package cmd

import (
	"context"
	"sync"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/rogpeppe/go-internal/testscript"
)

// load is a session that runs one statement over and over, and connects anew when the server went away.
type load struct {
	cancel context.CancelFunc
	done   sync.WaitGroup
}

// cmdLoad keeps the script's server busy: `load start STATEMENT`, `load stop`.
func cmdLoad(ts *testscript.TestScript, neg bool, args []string) {
	s := of(ts)
	switch {
	case !neg && len(args) == 2 && args[0] == "start" && s.load == nil:
		ctx, cancel := context.WithCancel(context.Background())
		s.load = &load{cancel: cancel}
		dsn := s.server.DSN("postgres")
		s.load.done.Go(func() { keepBusy(ctx, dsn, args[1]) })
	case !neg && len(args) == 1 && args[0] == "stop" && s.load != nil:
		s.load.stop()
		s.load = nil
	default:
		ts.Fatalf("usage: load start STATEMENT | stop")
	}
}

func (l *load) stop() {
	if l != nil {
		l.cancel()
		l.done.Wait()
	}
}

func keepBusy(ctx context.Context, dsn, statement string) {
	for ctx.Err() == nil {
		conn, err := pgconn.Connect(ctx, dsn)
		if err != nil {
			continue
		}
		for err == nil {
			_, err = conn.Exec(ctx, statement).ReadAll()
		}
		_ = conn.Close(context.WithoutCancel(ctx)) // the server may be gone
	}
}
