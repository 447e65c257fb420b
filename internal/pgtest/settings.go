package pgtest

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"avadb/internal/fault"
)

// configure appends to postgresql.conf. Nothing goes to the server's command line: a value there would win over ALTER
// SYSTEM.
func (s *Server) configure(o Options) error {
	settings := map[string]string{
		"listen_addresses":        "127.0.0.1",
		"port":                    strconv.Itoa(s.Port),
		"unix_socket_directories": filepath.ToSlash(s.SocketDir),
		"cluster_name":            o.Name,
		"fsync":                   "off",
		"lc_messages":             "C",
	}
	maps.Copy(settings, o.Settings)
	return s.appendConf(settings)
}

// appendConf adds settings to postgresql.conf, where the last entry of a name wins.
func (s *Server) appendConf(settings map[string]string) error {
	var lines strings.Builder
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		fmt.Fprintf(&lines, "%s = %s\n", name, confQuote(settings[name]))
	}
	conf, err := os.OpenFile(s.confFile(), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return fault.New(fault.Failed, "opening the new server's configuration: %w", err)
	}
	if _, err := conf.WriteString(lines.String()); err != nil {
		_ = conf.Close() // the write has failed already
		return fault.New(fault.Failed, "writing the new server's configuration: %w", err)
	}
	if err := conf.Close(); err != nil {
		return fault.New(fault.Failed, "writing the new server's configuration: %w", err)
	}
	return nil
}

// confQuote writes a value as the configuration file's grammar wants it: quotes doubled, backslashes too.
func confQuote(value string) string {
	return "'" + strings.NewReplacer(`'`, `''`, `\`, `\\`, "\n", `\n`).Replace(value) + "'"
}

// DSN connects to a database as the superuser over TCP.
func (s *Server) DSN(db string) string {
	return fmt.Sprintf("host=127.0.0.1 port=%d user=postgres dbname=%s", s.Port, dsnQuote(db))
}

// SocketDSN connects to a database as the superuser through the Unix socket; over TCP on Windows.
func (s *Server) SocketDSN(db string) string {
	if s.SocketDir == "" {
		return s.DSN(db)
	}
	return fmt.Sprintf("host=%s port=%d user=postgres dbname=%s", dsnQuote(s.SocketDir), s.Port, dsnQuote(db))
}

// dsnQuote writes a value of a keyword/value connection string.
func dsnQuote(value string) string {
	if value != "" && !strings.ContainsAny(value, ` '\`) {
		return value
	}
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(value) + "'"
}
