package activity

import (
	"strconv"
	"strings"
	"time"

	"avadb/internal/pg"
	"avadb/internal/units"
)

// Ends writes a command line of avadb, of these words, that reaches the same server.
type Ends func(words ...string) string

// EndSQL is the statement that ends a backend.
func EndSQL(backend int32) string {
	return "SELECT pg_catalog.pg_terminate_backend(" + pid(backend) + ")"
}

// EndAllSQL is the statement that ends backends.
func EndAllSQL(chosen []Candidate) string {
	if len(chosen) == 1 {
		return EndSQL(chosen[0].PID)
	}
	pids := make([]string, len(chosen))
	for i := range chosen {
		pids[i] = pid(chosen[i].PID)
	}
	return "SELECT pid, pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity WHERE pid IN (" + strings.Join(pids, ", ") + ")"
}

// session is the command that ends a backend.
func (e Ends) session(s *Session) string {
	switch {
	case s.BackendType != clientBackend && s.BackendType != "":
		return EndSQL(s.PID)
	case s.Superuser:
		return e("connections", "terminate", "--include-superusers", "--pid", pid(s.PID))
	}
	return e("connections", "terminate", "--pid", pid(s.PID))
}

// endPrepared is the command that ends a prepared transaction, and the statement in it, which works in the transaction's own database
// alone: COMMIT PREPARED where its transaction manager has decided so.
func (s *Snapshot) endPrepared(gid string) (command, statement string) {
	statement = "ROLLBACK PREPARED " + pg.TypeableLiteral(gid)
	for _, p := range s.prepared {
		if p.GID == gid {
			return s.target.Psql(p.Database, statement), statement
		}
	}
	return "", "" // it has ended
}

// program is the command that ends the sessions of a leak, found by this flag. A program without a name is told by its role and client
// alone.
func (e Ends) program(p program, superuser bool, unused []string) string {
	words := []string{"connections", "terminate"}
	if superuser {
		words = append(words, "--include-superusers")
	}
	if p.application != "" {
		words = append(words, "--application", p.application)
	}
	words = append(words, "--user", p.user, "--client", p.client)
	return e(append(words, unused...)...)
}

// flagDuration writes a duration as one word.
func flagDuration(d time.Duration) string {
	return strings.ReplaceAll(units.FormatDuration(d), " ", "")
}

func pid(n int32) string { return strconv.Itoa(int(n)) }
