package settings

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"avadb/internal/fault"
	"avadb/internal/pg"
)

// AutoConfName is the file that ALTER SYSTEM writes, in the data directory.
const AutoConfName = "postgresql.auto.conf"

// LocalAutoConf gives a function that reads the server's postgresql.auto.conf, nil bytes where avadb does not run on the
// server's host or may not read it. The identifier in pg_control tells a server of the same path elsewhere apart.
func LocalAutoConf(s pg.Server) func() []byte {
	return func() []byte {
		if s.DataDirectory == "" {
			return nil
		}
		if id, err := SystemIdentifier(s.DataDirectory); err != nil || id != s.SystemIdentifier {
			return nil
		}
		raw, err := os.ReadFile(filepath.Join(s.DataDirectory, AutoConfName))
		if err != nil {
			return nil
		}
		return raw
	}
}

// SystemIdentifier reads a cluster's identifier from pg_control, whose first eight bytes it is.
func SystemIdentifier(pgdata string) (string, error) {
	f, err := os.Open(filepath.Join(pgdata, "global", "pg_control"))
	if err != nil {
		return "", fault.New(fault.Prerequisite, "%s is no data directory that can be read: %w", pgdata, err).
			WithHint("run it as root or as the owner of the data directory; on Debian that is /var/lib/postgresql/MAJOR/main, not /etc")
	}
	defer f.Close() //nolint:errcheck // only read
	var id uint64
	if err := binary.Read(f, binary.NativeEndian, &id); err != nil {
		return "", fault.New(fault.Prerequisite, "read %s: %w", f.Name(), err)
	}
	return strconv.FormatUint(id, 10), nil
}

// OnHost tells whether the server's backend is a process of this host, as far as /proc shows it. A tunnel or a published
// container port makes an address local, but not the process.
func OnHost(s pg.Server) bool {
	raw, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(int(s.BackendPID)), "comm"))
	return err == nil && strings.HasPrefix(string(raw), "postgres")
}
