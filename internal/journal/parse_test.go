package journal

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
)

// FuzzParseSet looks for a journal file that makes reading panic, that names a file outside of its folder, or that changes
// by being written again.
func FuzzParseSet(f *testing.F) {
	const head = `{"id":"01990000-aaaa-7000-8000-000000000001","rev":3,"node":{"system_identifier":"7400000000000000001","port":5432},"state":"open",`
	for _, seed := range []string{
		head + `"items":[{"kind":"system_setting","name":"work_mem","before":{"present":true,"value":"4MB"},"ours":{"present":true,"value":"8MB"},"state":"applied"}]}`,
		head + `"items":[{"kind":"preload_entry","name":"pg_stat_statements","before":{"present":false,"value":null},"ours":{"present":true,"value":null},"state":"pending"}]}`,
		head + `"undoes":["01990000-aaaa-7000-8000-000000000000"],"undone_by":null,"items":null}`,
		head + `"config_file":{"backup":"../../../etc/passwd"},"items":[]}`, head + `"items":[{"kind":`,
		`{"id":"../../x","node":{"system_identifier":"../.."}}`, `{"id":"01990000AAAA70008000000000000001","node":{"system_identifier":"1"}}`, `null`, `[]`, "\x00", "",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		set, err := parseSet(raw)
		if err != nil {
			return
		}
		folder := Folder{Root: "/state"}
		if path := folder.Path(set.Node.SystemIdentifier, set.ID); filepath.Clean(path) != path || !strings.HasPrefix(path, "/state/journal/") {
			t.Fatalf("it would be written to %s", path)
		}
		if _, err := Targets([]*Set{set}, Selection{ID: set.ID}); err != nil {
			t.Fatal(err)
		}
		merged, err := Merged([]*Set{set}, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range merged {
			_, _ = Decide(r, r.Ours, func(a, b State) bool { return a.String() == b.String() }, false)
		}
		if _, err := NextID([]*Set{set}, set.StartedAt); err != nil {
			t.Fatal(err)
		}
		first, err := json.Marshal(set)
		if err != nil {
			return // a time that JSON cannot hold, beyond the year 9999
		}
		again, err := parseSet([]byte(escapeNonASCII(first)))
		if err != nil {
			t.Fatalf("%s cannot be read again: %v", first, err)
		}
		if second, err := json.Marshal(again); err != nil || string(second) != string(first) {
			t.Fatalf("%s became %s (%v)", first, second, err)
		}
	})
}
