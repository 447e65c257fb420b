package rehearsal

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"avadb/internal/fault"
	"avadb/internal/pg"
	"avadb/internal/settings"
)

// Site is a server whose programs and files can be used from here.
type Site struct {
	bin      string // folder of the server's own programs
	pgdata   string
	major    int
	owner    owner             // of the data directory: the programs run as no other
	options  map[string]string // what the postgres command line sets
	snapshot *settings.Snapshot
	autoConf []byte
}

// Find looks for the server's programs and files. The error, a fault.Prerequisite, says why there can be no rehearsal:
// avadb runs elsewhere, or may not.
func Find(server pg.Server, snapshot *settings.Snapshot) (*Site, error) {
	if err := onThisHost(server); err != nil {
		return nil, err
	}
	who, err := ownerOf(server.DataDirectory)
	if err != nil {
		return nil, err
	}
	s := &Site{pgdata: server.DataDirectory, major: server.Major(), owner: who, snapshot: snapshot}
	if s.bin, err = programsOf(server); err != nil {
		return nil, err
	}
	if s.autoConf, err = os.ReadFile(filepath.Join(s.pgdata, settings.AutoConfName)); err != nil {
		return nil, fault.New(fault.Prerequisite, "read the configuration: %w", err)
	}
	if snapshot.CommandLine.Known {
		s.options = snapshot.CommandLine.Values
		return s, nil
	}
	line, err := os.ReadFile(filepath.Join(s.pgdata, "postmaster.opts"))
	if err != nil {
		return nil, fault.New(fault.Prerequisite, "read how the server was started: %w", err)
	}
	s.options = settings.ParseOptions(string(line))
	return s, nil
}

// onThisHost tells whether the server is a process of this host and sees the same files.
func onThisHost(server pg.Server) error {
	if !settings.OnHost(server) {
		return fault.New(fault.Prerequisite, "avadb does not run on the server's host").WithHint("run it there")
	}
	if server.DataDirectory == "" {
		return fault.New(fault.Prerequisite, "the role may not see the data directory").WithHint("GRANT pg_monitor TO %s", pg.Identifier(server.Role))
	}
	process := filepath.Join("/proc", strconv.Itoa(int(server.BackendPID)))
	ours, errOurs := os.Readlink("/proc/self/ns/mnt")
	its, errIts := os.Readlink(filepath.Join(process, "ns", "mnt"))
	if errOurs != nil || errIts != nil {
		return fault.New(fault.Prerequisite, "the server's processes cannot be looked into").WithHint("run it as root or as the owner of the data directory")
	}
	if ours != its {
		return fault.New(fault.Prerequisite, "the server runs in a container, with files of its own").WithHint("run avadb in the container")
	}
	id, err := settings.SystemIdentifier(server.DataDirectory)
	if err != nil {
		return err
	}
	if id != server.SystemIdentifier {
		return fault.New(fault.Prerequisite, "%s belongs to another server than the connected one", server.DataDirectory)
	}
	return nil
}

// programsOf gives the folder of the program that the server runs. One that was replaced since the server started is
// right: the next start takes the new one.
func programsOf(server pg.Server) (string, error) {
	exe, err := os.Readlink(filepath.Join("/proc", strconv.Itoa(int(server.BackendPID)), "exe"))
	if err != nil {
		return "", fault.New(fault.Prerequisite, "find the server's program: %w", err).WithHint("run it as root or as the owner of the data directory")
	}
	exe = strings.TrimSuffix(exe, " (deleted)")
	if _, err := os.Stat(exe); err != nil {
		return "", fault.New(fault.Prerequisite, "find the server's program: %w", err)
	}
	return filepath.Dir(exe), nil
}

// now is a parameter's value as the server runs with it; ok is false where this server does not have it.
func (s *Site) now(name string) (value string, ok bool) {
	p, ok := s.snapshot.Parameters[name]
	return p.ResetVal, ok
}
