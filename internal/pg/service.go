package pg

import (
	"cmp"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"avadb/internal/fault"
)

// service lays a section of the service file over what stands. The user's file goes before the system's.
func (r *resolution) service(name string) error {
	var known []string
	for _, path := range r.serviceFiles() {
		options, names, err := readService(path, name)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			continue
		case err != nil:
			return fault.New(fault.Config, "reading the service file %s: %w", path, err).WithHint("each line of it is [service], key=value or a comment")
		case options == nil:
			known = append(known, names...)
			continue
		}
		return r.serviceOptions(path, name, options)
	}
	slices.Sort(known)
	err := fault.New(fault.NotFound, "no service %q in %s", name, strings.Join(r.serviceFiles(), " or "))
	if near := Nearest(name, known); near != "" {
		return err.WithHint("did you mean %s?", near)
	}
	if len(known) > 0 {
		return err.WithHint("known: %s", strings.Join(known, ", "))
	}
	return err.WithHint("add a section [%s] with host=, port=, dbname= and user=", name)
}

func (r *resolution) serviceOptions(path, name string, options []option) error {
	from := "service " + name
	for i, o := range options {
		if _, known := keys[o.key]; !known || o.key == "service" || o.key == "servicefile" {
			return unknownKey(fault.Config, path+" ["+name+"]", o.key, i+1)
		}
		r.set(o.key, o.value, from)
	}
	return nil
}

func (r *resolution) serviceFiles() []string {
	if file := r.settings.get("servicefile"); file != "" {
		return []string{file}
	}
	var files []string
	if runtime.GOOS == "windows" {
		if folder, err := os.UserConfigDir(); err == nil {
			files = append(files, filepath.Join(folder, "postgresql", ".pg_service.conf"))
		}
	} else if home, err := os.UserHomeDir(); err == nil {
		files = append(files, filepath.Join(home, ".pg_service.conf"))
	}
	system := cmp.Or(r.sources.env("PGSYSCONFDIR"), "/etc/postgresql-common") // the latter is Debian's
	return append(files, filepath.Join(system, "pg_service.conf"))
}

// readService reads one section; options are nil where the file has none of that name, and names are those
// that it has. The first section of a name counts, as with libpq.
func readService(path, name string) (options []option, names []string, err error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, nil, err
	}
	section, found := "", false
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		if line[0] == '[' {
			if found {
				break
			}
			section = strings.TrimSuffix(line[1:], "]")
			names = append(names, section)
			if section == name {
				found, options = true, []option{}
			}
			continue
		}
		key, value, isPair := strings.Cut(line, "=")
		if !isPair {
			return nil, nil, errors.New("a line is neither a section nor key=value")
		}
		if found {
			options = append(options, option{strings.TrimSpace(key), strings.TrimSpace(value)})
		}
	}
	return options, names, nil
}
