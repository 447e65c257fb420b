package settings

import (
	"context"
	"os"
	"path/filepath"

	"avadb/internal/fault"
	"avadb/internal/pg"
	"avadb/internal/query"
	"avadb/internal/tuning"
	"avadb/internal/units"
)

// tuneInput gathers what the pure rules look at.
func tuneInput(ctx context.Context, conn *pg.Conn, want TuneRequest, snapshot *Snapshot) (tuning.Input, error) {
	facts, err := query.One[struct {
		Platform string
		Sessions int
		Standbys int
	}](ctx, conn, "settings/facts")
	if err != nil {
		return tuning.Input{}, err
	}
	ram, hostRAM, err := MemoryOf(want.RAM, conn.Server)
	if err != nil {
		return tuning.Input{}, err
	}
	in := tuning.Input{
		Profile: want.Profile, Storage: want.Storage, CPUs: cpusOf(want.CPUs, conn.Server), DBBytes: want.DBBytes,
		RAMBytes: ram, HostRAMBytes: hostRAM, Connections: want.Connections, Set: want.Set, Only: want.Only, Skip: want.Skip,
		Parameters: tuningParameters(snapshot), Major: conn.Server.Major(), Platform: facts.Platform,
		SessionsInUse: facts.Sessions, Standby: conn.Server.InRecovery, Standbys: facts.Standbys, DryRun: want.DryRun, Force: want.Force,
	}
	m := want.Measured
	if m == nil {
		m = &Measured{}
	}
	if err := m.take(ctx, conn, snapshot, !want.NoEvidence && (!in.IsReference() || want.Explain)); err != nil {
		return tuning.Input{}, err
	}
	in.WALRoomBytes, in.Evidence = m.walRoomBytes, m.evidence
	return LookAround(ctx, conn, in)
}

// take measures once.
func (m *Measured) take(ctx context.Context, conn *pg.Conn, snapshot *Snapshot, evidence bool) (err error) {
	if m.taken {
		return nil
	}
	if m.walRoomBytes, err = walRoom(ctx, conn); err == nil && evidence {
		m.evidence, err = readEvidence(ctx, conn, snapshot)
	}
	m.taken = err == nil
	return err
}

// cpusOf gives the processors to tune for: those the user names, else those of the host where the server is a process of
// it; 0 is not known.
func cpusOf(given int, server pg.Server) int {
	if given > 0 || !OnHost(server) {
		return given
	}
	cpus, err := tuning.ReadHostCPUs(os.DirFS("/"), int(server.BackendPID))
	if err != nil {
		return 0
	}
	return cpus
}

// walRoom gives the bytes that the disk of pg_wal has for it, what it holds included; 0 where that cannot be seen: the server
// is elsewhere, its folders are closed to this user, or the role may not ask.
func walRoom(ctx context.Context, conn *pg.Conn) (int64, error) {
	if !OnHost(conn.Server) || conn.Server.DataDirectory == "" {
		return 0, nil
	}
	free, ok := diskFree(filepath.Join(conn.Server.DataDirectory, "pg_wal"))
	if !ok {
		return 0, nil
	}
	row, err := query.One[struct {
		WALBytes int64 `db:"wal_bytes"`
	}](ctx, conn, "tuning/wal_files")
	if f := fault.As(err); f != nil && f.Kind == fault.Privilege {
		return 0, nil
	}
	return free + row.WALBytes, err
}

// MemoryOf gives the memory to tune for and, where avadb runs on the server's host, the memory that is there.
func MemoryOf(text string, server pg.Server) (ram, host int64, err error) {
	if OnHost(server) {
		host, err = tuning.ReadHostMemory(os.DirFS("/"), int(server.BackendPID))
	}
	if text != "auto" {
		ram, parseErr := units.ParseSize(text)
		return ram, host, parseErr
	}
	if err != nil {
		return 0, 0, err
	}
	if host == 0 {
		return 0, 0, fault.New(fault.Prerequisite, "--ram auto works on the server's host alone, and the server is no process of this one").
			WithHint("give the memory of the server's host, for example --ram 8GB")
	}
	return host, host, nil
}

// tuningParameters gives the pure rules the configuration as the next start will have it.
func tuningParameters(snapshot *Snapshot) map[string]tuning.Parameter {
	parameters := make(map[string]tuning.Parameter, len(snapshot.Parameters))
	for _, p := range snapshot.Parameters {
		parameters[p.Name] = tuning.Parameter{
			Name: p.Name, Vartype: p.Vartype, Unit: p.Unit, Context: p.Context, MinVal: p.MinVal, MaxVal: p.MaxVal,
			EnumVals: p.EnumVals, Current: p.Current, ResetVal: snapshot.Future(p.Name), BootVal: p.BootVal,
		}
	}
	return parameters
}
