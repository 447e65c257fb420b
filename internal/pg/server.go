package pg

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"avadb/internal/fault"
)

// Server holds the facts about a server, read once for each connection.
type Server struct {
	VersionNum       int       // server_version_num: 150018 is 15.18
	Version          string    // server_version as the server says it, with the packager's remark
	Role             string    // current_user
	Superuser        bool      // the role is a superuser
	HasMonitor       bool      // the role has the privileges of pg_monitor
	ReadAllSettings  bool      // the role has those of pg_read_all_settings
	Pooler           bool      // something in between gave another backend than the one it answers for
	InRecovery       bool      // a standby, or a server still replaying
	Database         string    // current_database()
	Address          string    // the server's own address, "local" for a socket
	Port             int       // the port the server listens on, as it says itself
	SystemIdentifier string    // decimal; empty where pg_control_system() is not allowed
	Timeline         int       // of the WAL being written; on a standby that of the last restart point; 0 unknown
	DataDirectory    string    // empty where the role may not see it
	PrimarySlot      string    // primary_slot_name: the slot on its primary that a standby, and no other, reads from; empty for none
	StartedAt        time.Time // pg_postmaster_start_time(), UTC
	BackendPID       uint32    // pg_backend_pid(); behind a pooler that of one moment

	open []string // the session parameters that nobody has set and that may be given our default
}

// OldestMajor is the oldest major version of PostgreSQL that avadb works with.
const OldestMajor = 14

// Major is the major version: 15 for 150018.
func (s Server) Major() int { return s.VersionNum / 10000 }

// Where names the server for a person: its own address and port.
func (s Server) Where() string {
	return fmt.Sprintf("%s port %d, PostgreSQL %s", s.Address, s.Port, s.Version)
}

// readServer asks for the facts. The text protocol is used as it needs one round trip and no prepared
// statement, which a pooler may not keep.
func readServer(ctx context.Context, c *pgconn.PgConn) (Server, error) {
	if err := supported(c.ParameterStatus("server_version")); err != nil {
		return Server{}, err
	}
	row, err := oneRow(ctx, c, serverFacts)
	if sqlState(err) == "42501" {
		row, err = oneRow(ctx, c, serverFactsReduced)
	}
	if err != nil {
		return Server{}, err
	}
	return parseServer(row, c.PID())
}

// supported looks at the version that the server reports when it lets a client in.
func supported(version string) error {
	if strings.HasSuffix(version, "/bouncer") {
		return fault.New(fault.Connect, "this is the administration console of PgBouncer, not a PostgreSQL database").
			WithHint("give a database with -d, and the port of the PostgreSQL server with -p")
	}
	digits, _, _ := strings.Cut(version, ".")
	digits = digits[:len(digits)-len(strings.TrimLeft(digits, "0123456789"))]
	major, err := strconv.Atoi(digits)
	if err != nil {
		return fault.New(fault.Connect, "the server reports %q as its version: that is no PostgreSQL", version).WithHint("check -h and -p")
	}
	if major < OldestMajor {
		return fault.New(fault.Prerequisite, "the server is PostgreSQL %s, and avadb needs %d or newer", version, OldestMajor).
			WithHint("upgrade the server: https://www.postgresql.org/support/versioning/")
	}
	return nil
}

// oneRow gives the row of the last statement in the text.
func oneRow(ctx context.Context, c *pgconn.PgConn, sql string) ([]string, error) {
	results, err := c.Exec(ctx, sql).ReadAll()
	if err != nil {
		return nil, err
	}
	if len(results) == 0 || len(results[len(results)-1].Rows) != 1 {
		return nil, errors.New("the server gave no single row about itself")
	}
	values := results[len(results)-1].Rows[0]
	row := make([]string, len(values))
	for i, value := range values {
		row[i] = string(value)
	}
	return row, nil
}

// parseServer reads the columns of serverFacts, in their order.
func parseServer(row []string, backendKeyPID uint32) (Server, error) {
	const columns = 18
	if len(row) != columns {
		return Server{}, fmt.Errorf("the server gave %d facts about itself, not %d", len(row), columns)
	}
	var failed error
	number := func(text string) int64 {
		n, err := strconv.ParseInt(text, 10, 64)
		failed = errors.Join(failed, err)
		return n
	}
	s := Server{
		VersionNum: int(number(row[0])), Version: row[1], BackendPID: uint32(number(row[2])), //nolint:gosec // a pid
		Role: row[3], Superuser: row[4] == "t", InRecovery: row[5] == "t", Database: row[6], Address: row[7],
		Port: int(number(row[8])), StartedAt: time.UnixMicro(number(row[9])).UTC(),
		HasMonitor: row[10] == "t", ReadAllSettings: row[11] == "t", DataDirectory: row[12],
		open: strings.Split(row[13], ","), SystemIdentifier: row[14], Timeline: int(number(row[15])),
		PrimarySlot: row[17],
	}
	if wal, err := strconv.ParseInt(row[16], 16, 32); err == nil {
		s.Timeline = int(wal) // right after a promotion the control file still has the old one
	}
	s.Pooler = s.BackendPID != backendKeyPID
	return s, failed
}
