package journal

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"avadb/internal/fault"
	"avadb/internal/pg"
	"avadb/internal/query"
)

// Store is where a server's journal and history live.
type Store struct {
	Target  *pg.Target // the database
	Foreign bool       // it is on another server
}

// FindStore tells where --store leads: to a database of conn's server, or with a DSN to another server. Empty is `postgres`, or
// else the first database that the role may connect to.
func FindStore(ctx context.Context, conn *pg.Conn, store string, env func(string) string, log *slog.Logger) (Store, error) {
	if strings.ContainsAny(store, "=:/") {
		target, err := pg.Resolve(pg.Sources{DSN: store, Env: env})
		return Store{Target: target, Foreign: true}, err
	}
	database, err := storeDatabase(ctx, conn, store, log)
	if err != nil {
		return Store{}, err
	}
	return Store{Target: conn.Target.WithDatabase(database)}, nil
}

// Named says of an error that it is the store's, where that is on another server: it would pass for the watched one's.
func (s Store) Named(err error) error {
	f := fault.As(err)
	if !s.Foreign || f == nil || f.Kind != fault.Connect && f.Kind != fault.Failed || strings.HasPrefix(f.Message, storePrefix) {
		return err
	}
	again := *f
	again.Message, again.Err = storePrefix+f.Message, err
	if strings.Contains(f.Hint, " -") { // flags lead to the watched server
		again.Hint = "the DSN of --store says where it is: host, port, user and dbname, such as --store 'host=... user=... dbname=postgres'"
	}
	return &again
}

const storePrefix = "the store: "

func storeDatabase(ctx context.Context, conn *pg.Conn, store string, log *slog.Logger) (string, error) {
	rows, err := query.Rows[struct{ Name string }](ctx, conn, "journal/databases")
	if err != nil {
		return "", err
	}
	names := make([]string, 0, len(rows))
	for _, row := range rows {
		names = append(names, row.Name)
	}
	switch {
	case store != "" && !slices.Contains(names, store):
		return "", fault.New(fault.Usage, "the store database %q is not there or refuses connections", store).
			WithHint("name one of: %s", strings.Join(names, ", "))
	case store != "":
		return store, nil
	case len(names) == 0:
		return conn.Server.Database, nil
	}
	if names[0] != "postgres" {
		log.Warn(fmt.Sprintf("there is no database postgres for avadb's own tables: using %s (choose with --store)", names[0]))
	}
	return names[0], nil
}
