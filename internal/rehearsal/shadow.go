package rehearsal

import (
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"avadb/internal/fault"
	"avadb/internal/settings"
)

// shadow is a folder in which the server's programs find a data directory: the configuration is the server's own, read where
// it stands, but for postgresql.auto.conf, of which it holds a copy with the new values.
type shadow struct {
	site *Site
	dir  string // holds everything; removed at the end
	data string // the data directory of the programs
}

// makeShadow makes the folder. The caller removes it.
func (s *Site) makeShadow(ctx context.Context) (*shadow, error) {
	var reasons error
	for _, parent := range slices.Compact([]string{os.TempDir(), "/tmp", "/var/tmp"}) {
		dir, err := os.MkdirTemp(parent, "avadb-rehearsal-*")
		if err != nil {
			reasons = errors.Join(reasons, err)
			continue
		}
		if err := s.owner.take(dir); err == nil && s.owner.reaches(ctx, dir) {
			return &shadow{site: s, dir: dir, data: filepath.Join(dir, "data")}, nil
		}
		reasons = errors.Join(reasons, errors.New("the owner of the data directory cannot reach "+dir), os.Remove(dir))
	}
	return nil, fault.New(fault.Prerequisite, "make a temporary folder: %w", reasons).WithHint("set TMPDIR to a folder that every user can enter")
}

func (sh *shadow) remove() { _ = os.RemoveAll(sh.dir) } // a leftover in the temporary folder does no harm

// configure writes postgresql.auto.conf as it would be with these lines of a plan, and makes the certificates visible that
// the configuration names relative to the data directory.
func (sh *shadow) configure(plan []settings.Setting) error {
	text := strings.TrimRight(string(sh.site.autoConf), "\n") + "\n"
	for _, line := range plan {
		if line.Action == settings.Set {
			text += settings.ConfLine(line.Name, *line.Value) + "\n"
		}
	}
	if err := sh.write(settings.AutoConfName, []byte(text)); err != nil {
		return err
	}
	for _, name := range []string{"ssl_cert_file", "ssl_key_file", "ssl_ca_file", "ssl_crl_file", "ssl_crl_dir", "ssl_dh_params_file"} {
		file := sh.site.snapshot.Future(name)
		for _, line := range plan {
			if line.Action == settings.Set && line.Name == name {
				file = *line.Value
			}
		}
		if err := sh.link(file); err != nil {
			return err
		}
	}
	return nil
}

// link makes a file of the server's data directory visible in ours, whether it is there or not: a missing one is then
// missed by the program as the server would miss it.
func (sh *shadow) link(file string) error {
	if file == "" || filepath.IsAbs(file) || !filepath.IsLocal(file) {
		return nil
	}
	at := filepath.Join(sh.data, file)
	if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil { //nolint:gosec // the owner must enter; what it leads to has its own rights
		return err
	}
	err := os.Symlink(filepath.Join(sh.site.pgdata, file), at)
	if errors.Is(err, os.ErrExist) {
		return nil
	}
	return err
}

func (sh *shadow) write(name string, content []byte) error {
	path := filepath.Join(sh.data, name)
	if err := os.WriteFile(path, content, 0o600); err != nil { //nolint:gosec // within our own folder
		return err
	}
	return sh.site.owner.take(path)
}

// arguments is the server's own command line, and over it what keeps the program away from the server's files and readers
// and its words readable here.
func (sh *shadow) arguments(more map[string]string) []string {
	values := maps.Clone(sh.site.options)
	if values == nil {
		values = map[string]string{}
	}
	for _, name := range []string{"config_file", "hba_file", "ident_file"} {
		values[name], _ = sh.site.now(name)
	}
	maps.Copy(values, map[string]string{
		"data_directory": sh.data, "external_pid_file": "", "log_destination": "stderr", "logging_collector": "off",
		"log_min_messages": "warning", "log_line_prefix": "",
	})
	maps.Copy(values, more)
	var arguments []string
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if _, known := sh.site.now(name); known || sh.site.options[name] != "" { // another major has other names
			arguments = append(arguments, "-c", name+"="+values[name])
		}
	}
	return arguments
}

// environment is avadb's without what is meant for its own connection, or would lead the program elsewhere.
func environment() []string {
	var kept []string
	for _, entry := range os.Environ() {
		if !strings.HasPrefix(entry, "PG") && !strings.HasPrefix(entry, "AVADB_") {
			kept = append(kept, entry)
		}
	}
	return append(kept, "LC_ALL=C")
}
