package pglog

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// counted reads bytes in blocks of a size and gives all that is counted of them as text.
func counted(t testing.TB, f *form, data []byte, size, workers int) string {
	t.Helper()
	o := &Options{Block: size, Workers: workers, Statements: true}
	if err := o.prepare(); err != nil {
		t.Fatal(err)
	}
	r := &run{options: o, total: newTotal(o)}
	b := &blocks{in: bytes.NewReader(data), ends: f.parser(), size: size}
	var file File
	parsers := make([]parser, workers)
	for i := range workers {
		r.digests = append(r.digests, newDigest(o))
		parsers[i] = f.parser()
	}
	for i := 0; ; i++ {
		w := i % workers
		var piece block
		if !b.next(&piece) {
			break
		}
		d := r.digests[w]
		d.pending.begin()
		parsers[w].parse(piece.data, piece.offset, d.add)
		_ = r.seams.join(piece.index, d.pending.seam(), d.settle)
	}
	for i, d := range r.digests {
		lines, skipped := parsers[i].counted()
		file.Lines += lines
		file.SkippedLines += skipped
		r.total.takeAll(d)
	}
	r.total.addPlans()
	file.Bytes = b.offset
	report := r.total.report([]File{file})
	all := (&Result{total: r.total}).Top(func(*Statement) bool { return true }, func(a, b *Statement) int {
		return strings.Compare(fmt.Sprint(a.Signature, a.User, a.Database), fmt.Sprint(b.Signature, b.User, b.Database))
	}, 0)
	raw, err := json.Marshal([]any{report, all})
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// A block may end anywhere: every end is tried with a log of each format, and some with the others.
func TestBlocks(t *testing.T) {
	files, err := filepath.Glob("testdata/edge/*.*")
	if err != nil || len(files) < 20 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, name := range files {
		t.Run(filepath.Base(name), func(t *testing.T) {
			t.Parallel()
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if filepath.Ext(name) == ".txt" {
				return
			}
			f, err := detect(data, &Options{})
			if err != nil {
				t.Fatal(err)
			}
			want := counted(t, f, data, len(data)+1, 1)
			step := 211
			if slices.Contains([]string{"m_crash.log", "m_crash.csv", "m_crash.json"}, filepath.Base(name)) {
				step = 1
			}
			for size := 1; size < len(data); size += step {
				if got := counted(t, f, data, size, 1+size%3); got != want {
					t.Fatalf("blocks of %d bytes:\n got %s\nwant %s", size, got, want)
				}
			}
		})
	}
}
