package settings

import (
	"context"
	"slices"
	"strings"

	"avadb/internal/fault"
	"avadb/internal/journal"
	"avadb/internal/pg"
)

// PreloadParameter is the list of libraries that the server loads when it starts.
const PreloadParameter = "shared_preload_libraries"

// Preload is the journal's item for one library in shared_preload_libraries. Its state is whether the library is in the
// list of postgresql.auto.conf; the value is that file's whole list, for the reader.
type Preload struct {
	conn    *pg.Conn
	library string
}

// NewPreload makes the item for a library.
func NewPreload(conn *pg.Conn, library string) *Preload {
	return &Preload{conn: conn, library: library}
}

// Kind is part of journal.Item.
func (p *Preload) Kind() journal.Kind { return journal.PreloadEntry }

// Name is part of journal.Item.
func (p *Preload) Name() string { return p.library }

// Database is part of journal.Item: the whole server.
func (p *Preload) Database() string { return "" }

// Same tells whether the library is in both lists or in neither: the rest of the list is not ours.
func (p *Preload) Same(a, b journal.State) bool { return a.Present == b.Present }

// Read looks for the library in postgresql.auto.conf.
func (p *Preload) Read(ctx context.Context) (journal.State, error) {
	files, err := ReadFiles(ctx, p.conn)
	if err != nil {
		return journal.State{}, err
	}
	entry := files.AutoConf(PreloadParameter)
	list, err := ParseList(PreloadParameter, entry.Text())
	if err != nil {
		return journal.State{}, err
	}
	entry.Present = slices.ContainsFunc(list, func(e string) bool { return SameLibrary(e, p.library) })
	return entry, nil
}

// Write puts the library into the list, or takes it and nothing else out of it.
func (p *Preload) Write(ctx context.Context, to journal.State) error {
	files, err := ReadFiles(ctx, p.conn)
	if err != nil {
		return err
	}
	if to.Present {
		return p.add(ctx, files)
	}
	return p.remove(ctx, files, to)
}

// add starts from the list that counts today, in whichever file it stands: an entry in postgresql.auto.conf hides it.
func (p *Preload) add(ctx context.Context, files Files) error {
	last, _ := files.Last(PreloadParameter)
	list, err := ParseList(PreloadParameter, last.Value)
	if err != nil {
		return err
	}
	assignment, err := Assignment(PreloadParameter, FormatList(WithLibrary(list, p.library)))
	if err != nil {
		return err
	}
	return alterSystem(ctx, p.conn, "SET "+assignment)
}

func (p *Preload) remove(ctx context.Context, files Files, to journal.State) error {
	list, err := ParseList(PreloadParameter, files.AutoConf(PreloadParameter).Text())
	if err != nil {
		return err
	}
	rest, reset, err := withoutLibrary(list, p.library, files.Elsewhere(PreloadParameter), to)
	if err != nil {
		return err
	}
	if reset {
		return alterSystem(ctx, p.conn, "RESET "+PreloadParameter)
	}
	return alterSystem(ctx, p.conn, "SET "+PreloadParameter+" = "+listLiterals(rest))
}

// withoutLibrary decides how the list goes back. The entry is taken out of postgresql.auto.conf where there was none
// before and what is left is what the other files say, or where nothing is left and no other file sets the list.
func withoutLibrary(list []string, library string, elsewhere, before journal.State) (rest []string, reset bool, err error) {
	rest = slices.DeleteFunc(slices.Clone(list), func(e string) bool { return SameLibrary(e, library) })
	other, err := ParseList(PreloadParameter, elsewhere.Text())
	if err != nil {
		return nil, false, err
	}
	if before.Value == nil && slices.Equal(rest, unique(other)) || len(rest) == 0 && len(other) == 0 {
		return nil, true, nil
	}
	if len(rest) == 0 {
		return nil, false, fault.New(fault.Failed,
			"without %s the list is empty, while another file sets it to %q, and an empty list cannot be written by SQL;", library, elsewhere.Text()).
			WithHint("stop the server and run avadb rollback --offline --pgdata DIR, or take the entry out of that file")
	}
	return rest, false, nil
}

// WithLibrary adds a library to a list and drops duplicates; what is there keeps its order.
func WithLibrary(list []string, library string) []string {
	out := unique(list)
	if slices.ContainsFunc(out, func(e string) bool { return SameLibrary(e, library) }) {
		return out
	}
	return append(out, library)
}

func unique(list []string) []string {
	var out []string
	for _, element := range list {
		if !slices.Contains(out, element) {
			out = append(out, element)
		}
	}
	return out
}

// NoLibraries gives the entries of a list that can hardly be libraries: several names within one pair of quotes, mostly. With such an
// entry the server does not start any more, and SQL takes it all the same. A path may hold a blank.
func NoLibraries(list []string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(e string) bool {
		return e != "" && !strings.ContainsAny(e, `,"'`) && (strings.Contains(e, "/") || !strings.ContainsAny(e, " \t\r\n"))
	})
}

// SameLibrary tells whether two entries load the same library: $libdir/x and x.so are x.
func SameLibrary(a, b string) bool {
	bare := func(s string) string { return strings.TrimSuffix(s[strings.LastIndexByte(s, '/')+1:], ".so") }
	return bare(a) == bare(b)
}

// LibraryState is where a library stands.
type LibraryState struct {
	Listed bool     // in the list that the next start reads
	Loaded bool     // in the list that the running server was started with
	Next   []string // the list that the next start reads
}

// Library looks for a library in shared_preload_libraries. A list on the postgres command line hides every file.
func (s *Snapshot) Library(library string) (LibraryState, error) {
	next, err := ParseList(PreloadParameter, s.Next(PreloadParameter))
	if err != nil {
		return LibraryState{}, err
	}
	running, err := ParseList(PreloadParameter, s.Running(PreloadParameter))
	if err != nil {
		return LibraryState{}, err
	}
	has := func(list []string) bool {
		return slices.ContainsFunc(list, func(e string) bool { return SameLibrary(e, library) })
	}
	state := LibraryState{Listed: has(next), Loaded: has(running), Next: next}
	if !state.Listed && s.ServerLayer(PreloadParameter) == LayerCommandLine {
		return state, fault.New(fault.Prerequisite, "shared_preload_libraries is set on the postgres command line, which wins over every file").
			WithHint("add %s there: -c shared_preload_libraries='%s'", library, FormatList(WithLibrary(next, library)))
	}
	return state, nil
}
