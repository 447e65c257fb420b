package cmd

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/rogpeppe/go-internal/testscript"
)

// session is a connection to the script's server beside avadb's.
type session struct{ conn *pgconn.PgConn }

func (s session) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	return s.conn.Close(ctx)
}

const sqlFlags = "[-standby | -pooler] [-d DATABASE] [-U ROLE]"

// connect reads the flags of a command that talks to the server; the rest are its arguments.
func connect(ts *testscript.TestScript, args []string) (session, []string) {
	flags := flag.NewFlagSet("sql", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	database := flags.String("d", "postgres", "")
	role := flags.String("U", "postgres", "")
	onStandby := flags.Bool("standby", false, "")
	onPooler := flags.Bool("pooler", false, "")
	ts.Check(flags.Parse(args))
	server := of(ts).server
	if *onStandby {
		server = of(ts).standby
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	dsn := server.DSN(*database)
	if *onPooler {
		dsn = ts.Getenv("POOLER") + " application_name=behind"
	}
	config, err := pgconn.ParseConfig(dsn)
	ts.Check(err)
	config.User = *role
	conn, err := pgconn.ConnectConfig(ctx, config)
	for isFull(err) && ctx.Err() == nil { // the backend of a client that has ended takes its time to go
		time.Sleep(10 * time.Millisecond)
		conn, err = pgconn.ConnectConfig(ctx, config)
	}
	ts.Check(err)
	return session{conn}, flags.Args()
}

// isFull is of a server without a free connection.
func isFull(err error) bool {
	var said *pgconn.PgError
	return errors.As(err, &said) && said.Code == "53300"
}

// query runs statements with the simple protocol, so that ALTER SYSTEM works, and gives the rows as lines, the values
// parted by |.
func (s session) query(statement string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	results, err := s.conn.Exec(ctx, statement).ReadAll()
	var lines strings.Builder
	for _, result := range results {
		for _, row := range result.Rows {
			values := make([]string, len(row))
			for i, value := range row {
				values[i] = string(value)
			}
			lines.WriteString(strings.Join(values, "|") + "\n")
		}
	}
	return lines.String(), err
}

// cmdSQL runs each argument as a statement; `stdout` then sees the rows. With ! the server must refuse, and `stderr`
// sees why.
func cmdSQL(ts *testscript.TestScript, neg bool, args []string) {
	s, statements := connect(ts, args)
	defer func() { ts.Check(s.close()) }()
	if len(statements) == 0 {
		ts.Fatalf("usage: sql %s STATEMENT...", sqlFlags)
	}
	refused := false
	for _, statement := range statements {
		rows, err := s.query(statement)
		fmt.Fprint(ts.Stdout(), rows) //nolint:errcheck // a buffer
		if err != nil {
			fmt.Fprintln(ts.Stderr(), err) //nolint:errcheck // a buffer
			refused = true
		}
		if err != nil && !neg {
			ts.Fatalf("%s: %v", statement, err)
		}
	}
	if neg && !refused {
		ts.Fatalf("the server did not refuse")
	}
}

// cmdAwait waits until a query gives true.
func cmdAwait(ts *testscript.TestScript, neg bool, args []string) {
	s, statements := connect(ts, args)
	defer func() { ts.Check(s.close()) }()
	if neg || len(statements) != 1 {
		ts.Fatalf("usage: await %s QUERY", sqlFlags)
	}
	until(ts, statements[0], func() bool {
		rows, err := s.query(statements[0])
		ts.Check(err)
		return strings.TrimSpace(rows) == "t"
	})
}

// cmdHold runs statements on a connection that stays open until `release` or the script's end.
func cmdHold(ts *testscript.TestScript, neg bool, args []string) {
	s, statements := connect(ts, args)
	of(ts).held = append(of(ts).held, s)
	if neg || len(statements) == 0 {
		ts.Fatalf("usage: hold %s STATEMENT...", sqlFlags)
	}
	for _, statement := range statements {
		_, err := s.query(statement)
		ts.Check(err)
	}
}

// cmdRelease closes what `hold` left open.
func cmdRelease(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) > 0 {
		ts.Fatalf("usage: release")
	}
	for _, held := range of(ts).held {
		ts.Check(held.close())
	}
	of(ts).held = nil
}
