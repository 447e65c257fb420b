package pgtest

import (
	"context"
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"avadb/internal/fault"
)

// Standby makes a streaming standby of a running server and waits until it accepts connections: an online backup with
// the low-level API, since pg_basebackup works only with servers up to its own major and many installations lack it. A
// replication slot of that name on the primary keeps the WAL the standby needs. The caller closes it.
func (s *Server) Standby(ctx context.Context, name string) (*Server, error) {
	standby, err := newServer(s.Install, Options{Name: name})
	if err != nil {
		return nil, err
	}
	if err := s.backupTo(ctx, standby, name); err != nil {
		return nil, errors.Join(fault.New(fault.Failed, "making a standby: %w", err), standby.Close())
	}
	settings := map[string]string{
		"primary_conninfo":  fmt.Sprintf("host=127.0.0.1 port=%d user=postgres application_name=%s", s.Port, dsnQuote(name)),
		"primary_slot_name": name,
	}
	configure := func() error {
		settings["port"] = strconv.Itoa(standby.Port)
		settings["unix_socket_directories"] = filepath.ToSlash(standby.SocketDir)
		settings["cluster_name"] = name
		return standby.appendConf(settings)
	}
	if err := standby.firstStart(ctx, 0, configure); err != nil {
		return nil, errors.Join(err, standby.Close())
	}
	return standby, nil
}

// backupTo copies the running server between the start and the stop of a backup, which one session must hold.
func (s *Server) backupTo(ctx context.Context, standby *Server, slot string) error {
	conn, err := pgx.Connect(ctx, s.DSN("postgres"))
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }() // the work is done or has failed by then
	begin, end := "SELECT pg_backup_start($1, true)", "SELECT labelfile FROM pg_backup_stop(false)"
	if s.Major < 15 {
		begin, end = "SELECT pg_start_backup($1, true, false)", "SELECT labelfile FROM pg_stop_backup(false, false)"
	}
	if _, err := conn.Exec(ctx, "SELECT pg_create_physical_replication_slot($1, true)", slot); err != nil {
		return err
	}
	if _, err := conn.Exec(ctx, begin, slot); err != nil {
		return err
	}
	if err := copyTree(s.DataDir, standby.DataDir, standby.owner, notForBackup); err != nil {
		return err
	}
	var label string
	if err := conn.QueryRow(ctx, end).Scan(&label); err != nil {
		return err
	}
	return errors.Join(
		standby.owner.writeFile(filepath.Join(standby.DataDir, "backup_label"), []byte(label)),
		standby.owner.writeFile(filepath.Join(standby.DataDir, "standby.signal"), nil),
	)
}

// notForBackup names what the manual ("Making a Non-Exclusive Low-Level Backup") says to leave out: the lock file, the
// WAL, which comes by streaming, and what belongs to the primary alone.
func notForBackup(file string) bool {
	switch path.Dir(file) {
	case "pg_wal", "pg_wal/archive_status", "pg_wal/summaries":
		return file != "pg_wal/archive_status" && file != "pg_wal/summaries"
	case "pg_replslot", "pg_dynshmem", "pg_notify", "pg_serial", "pg_snapshots", "pg_stat_tmp", "pg_subtrans":
		return true
	}
	return strings.HasPrefix(file, "postmaster.")
}
