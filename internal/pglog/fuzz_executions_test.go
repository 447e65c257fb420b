package pglog

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// memory is a log file that is nowhere but in memory.
type memory []byte

func (memory) Expand(context.Context, []string) ([]string, error) { return []string{"log"}, nil }
func (memory) Beside(context.Context, string) ([]string, error)   { return nil, nil }

func (m memory) Stat(context.Context, string) (fs.FileInfo, error) {
	return fstest.MapFS{"log": &fstest.MapFile{Data: m}}.Stat("log")
}

func (m memory) Open(context.Context, string) (io.ReadCloser, error) {
	return struct {
		io.ReadSeeker
		io.Closer
	}{bytes.NewReader(m), io.NopCloser(nil)}, nil
}

// reading gives the executions of some bytes, one a line and sorted, and how far they were read.
func reading(t *testing.T, data []byte, o Reading) (all []string, to int64) {
	t.Helper()
	o.Logs = memory(data)
	var found []Execution
	to = o.From
	_, err := Executions(t.Context(), "log", nil, o, func(b *Batch) error {
		if b.To < to {
			t.Errorf("read up to %d, and then up to %d", to, b.To)
		}
		found, to = append(found, b.Executions...), b.To
		return nil
	})
	if err != nil {
		return []string{err.Error()}, to
	}
	slices.SortFunc(found, func(a, b Execution) int { return cmp.Compare(a.Offset, b.Offset) })
	for i := range found {
		e := &found[i]
		all = append(all, fmt.Sprintf("%d %d %s %d %s %q %q %s", e.Offset, e.US, e.Kind, e.PID, e.User, e.Query, e.Parameters, e.At))
	}
	return all, to
}

// FuzzExecutions reads any bytes as a log of its own: where blocks end, and how many work, changes no execution; nor does it when a file is read as
// it grows, and then from there on.
func FuzzExecutions(f *testing.F) {
	seeds(f, "p_debian.log", "p_default.log", "m_crash.log", "l_de.log", "p_debian.csv", "p_debian.json", "l_ja.csv", "p_all.log")
	plan := "2026-11-24 03:20:01.500 UTC [7] app@shop LOG:  duration: 300.000 ms  plan:\n\tQuery Text: SELECT 1\n\tResult  (cost=0.00..0.01 rows=1 width=4)\n"
	own := "2026-11-24 03:20:01.501 UTC [7] app@shop LOG:  duration: 300.100 ms  statement: SELECT 1\n"
	f.Add([]byte(plan+own+plan+strings.ReplaceAll(own, "[7]", "[8]")), uint16(90))
	f.Add([]byte(own+plan+strings.ReplaceAll(plan, "03:20", "03:25")+strings.ReplaceAll(own, "03:20", "03:26")), uint16(300))
	announced := "2026-11-24 03:20:01.500 UTC [7] app@shop LOG:  statement: SELECT 2\n\tFROM t\n"
	bare := "2026-11-24 03:20:01.501 UTC [7] app@shop LOG:  duration: 300.100 ms\n"
	f.Add([]byte(announced+strings.ReplaceAll(bare, "[7]", "[8]")+bare+bare), uint16(120))
	f.Fuzz(func(t *testing.T, data []byte, size uint16) {
		if len(data) > 4000 {
			return
		}
		form, err := detect(data, &Options{})
		if err != nil || form.format == formatCSV && damagedCSV(data) || wrappedIn(data) != nil {
			return
		}
		want, _ := reading(t, data, Reading{Options: Options{Workers: 1}})
		if got, _ := reading(t, data, Reading{Options: Options{Block: 1 + int(size), Workers: 2}}); !slices.Equal(got, want) {
			t.Errorf("blocks of %d bytes:\n got %q\nwant %q", 1+int(size), got, want)
		}
		grown(t, data, int(size)%(len(data)+1), form, want)
	})
}

// grown reads the first bytes of a file, and then the rest. A stderr log is cut within a line: at the end of one nothing shows that a message goes on.
func grown(t *testing.T, data []byte, cut int, form *form, want []string) {
	t.Helper()
	first, err := detect(data[:cut], &Options{})
	if cut == 0 || data[cut-1] == '\n' && form.format == formatStderr || bytes.Contains(data, []byte("plan:")) || err != nil || first.format != form.format || !samePrefixes(first, form) {
		return
	}
	got, to := reading(t, data[:cut], Reading{Options: Options{Workers: 1}, Live: true})
	rest, _ := reading(t, data, Reading{Options: Options{Workers: 1}, From: to})
	if got = append(got, rest...); !slices.Equal(got, want) {
		t.Errorf("cut at %d, read up to %d:\n got %q\nwant %q", cut, to, got, want)
	}
}

func samePrefixes(a, b *form) bool {
	return slices.EqualFunc(a.prefixes, b.prefixes, func(a, b *Prefix) bool { return a.Text == b.Text })
}
