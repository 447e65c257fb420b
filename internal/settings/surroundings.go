package settings

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"avadb/internal/fault"
	"avadb/internal/pg"
	"avadb/internal/query"
	"avadb/internal/tuning"
	"avadb/internal/units"
)

// LookAround adds to the input of the rules what the configuration leans on, as far as it can be seen: the libraries and
// certificates that it names, replication slots, prepared transactions, and the memory file system of the server's host.
func LookAround(ctx context.Context, conn *pg.Conn, in tuning.Input) (tuning.Input, error) {
	held, err := query.One[struct{ Slots, LogicalSlots, Prepared int }](ctx, conn, "settings/held")
	if err != nil {
		return in, err
	}
	in.Slots, in.LogicalSlots, in.PreparedTransactions = held.Slots, held.LogicalSlots, held.Prepared
	if OnHost(conn.Server) {
		in.SharedMemoryFSBytes = sharedMemoryFS(conn.Server)
	}
	named := certificates(in)
	folder, err := libraryFolder(ctx, conn, in)
	if err != nil {
		return in, err
	}
	if folder != "" {
		named = append(named, libraries(in, folder)...)
	}
	in.Missing, err = missingFiles(ctx, conn, named)
	return in, err
}

// namedFile is a file that a parameter names, and the paths at which it may be.
type namedFile struct {
	tuning.MissingFile
	paths []string
}

// proposed is the value that a parameter would have.
func proposed(in tuning.Input, name string) string {
	for _, a := range in.Set {
		if strings.EqualFold(a.Name, name) {
			return a.Value
		}
	}
	return in.Parameters[name].ResetVal
}

// certificates are the files without which a server with ssl = on does not start.
func certificates(in tuning.Input) []namedFile {
	if on, ok := units.ParseBool(proposed(in, "ssl")); !ok || !on {
		return nil
	}
	var named []namedFile
	for _, name := range []string{"ssl_cert_file", "ssl_key_file", "ssl_ca_file", "ssl_crl_file", "ssl_dh_params_file"} {
		if file := proposed(in, name); file != "" {
			named = append(named, namedFile{tuning.MissingFile{Parameter: name, File: file}, []string{file}})
		}
	}
	return named
}

// libraryFolder is where the server looks for libraries; empty where that is not known, or more than one folder.
func libraryFolder(ctx context.Context, conn *pg.Conn, in tuning.Input) (string, error) {
	if proposed(in, "dynamic_library_path") != "$libdir" {
		return "", nil
	}
	row, err := query.One[struct{ Folder string }](ctx, conn, "settings/library_folder")
	if fault.KindOf(err) == fault.Privilege {
		return "", nil
	}
	return row.Folder, err
}

// libraries are those that are loaded at the start of the server or of a session. Their names lack the suffix of the
// server's platform.
func libraries(in tuning.Input, folder string) []namedFile {
	var named []namedFile
	for _, name := range []string{PreloadParameter, "session_preload_libraries", "local_preload_libraries"} {
		list, err := ParseList(name, proposed(in, name))
		if err != nil {
			continue // the values themselves are judged elsewhere
		}
		for _, library := range list {
			path := library
			if rest, found := strings.CutPrefix(path, "$libdir/"); found {
				path = folder + "/" + rest
			}
			if !strings.Contains(path, "/") {
				path = folder + "/" + path
			}
			named = append(named, namedFile{tuning.MissingFile{Parameter: name, File: library}, []string{path, path + ".so", path + ".dylib", path + ".dll"}})
			if name == "local_preload_libraries" && !strings.Contains(library, "/") { // these are looked for in a folder of their own
				for i, p := range named[len(named)-1].paths {
					named[len(named)-1].paths[i] = folder + "/plugins" + strings.TrimPrefix(p, folder)
				}
			}
		}
	}
	return named
}

// Unloadable says of each entry of the list that the next start reads why it cannot be loaded, as far as that can be seen. SQL takes such
// an entry, and the server does not start with it.
func Unloadable(ctx context.Context, conn *pg.Conn, snapshot *Snapshot, next []string) ([]string, error) {
	var said []string
	odd := NoLibraries(next)
	for _, entry := range odd {
		said = append(said, fmt.Sprintf("the entry %q of %s can be no library, and with it the server does not start any more: write each library as an entry of its own before a restart",
			entry, PreloadParameter))
	}
	sound := slices.DeleteFunc(slices.Clone(next), func(e string) bool { return slices.Contains(odd, e) })
	if len(sound) == 0 {
		return said, nil
	}
	in := tuning.Input{Parameters: tuningParameters(snapshot), Set: []tuning.Assignment{{Name: PreloadParameter, Value: FormatList(sound)}}}
	folder, err := libraryFolder(ctx, conn, in)
	if err != nil || folder == "" {
		return said, err
	}
	missing, err := missingFiles(ctx, conn, libraries(in, folder))
	for _, m := range missing {
		if m.Parameter == PreloadParameter {
			said = append(said, fmt.Sprintf("there is no library for the entry %q of %s, and with it the server does not start any more: install it, or take it out, before a restart",
				m.File, PreloadParameter))
		}
	}
	return said, err
}

// missingFiles asks the server which of the files are not there; none where the role may not ask.
func missingFiles(ctx context.Context, conn *pg.Conn, named []namedFile) ([]tuning.MissingFile, error) {
	if len(named) == 0 {
		return nil, nil
	}
	var paths []string
	for _, n := range named {
		paths = append(paths, n.paths...)
	}
	rows, err := query.Rows[struct {
		Path  string
		There bool
	}](ctx, conn, "settings/files_there", paths)
	if fault.KindOf(err) == fault.Privilege {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	there := map[string]bool{}
	for _, r := range rows {
		there[r.Path] = there[r.Path] || r.There
	}
	var missing []tuning.MissingFile
	for _, n := range named {
		found := false
		for _, path := range n.paths {
			found = found || there[path]
		}
		if !found {
			n.Path = n.paths[0]
			missing = append(missing, n.MissingFile)
		}
	}
	return missing, nil
}
