package pglog

import (
	"bytes"
	"os"
	"testing"
)

// seeds are beginnings of real logs.
func seeds(f *testing.F, names ...string) {
	f.Helper()
	for _, name := range names {
		raw, err := os.ReadFile("testdata/edge/" + name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw[:min(len(raw), 2500)], uint16(100))
		f.Add(raw[len(raw)/2:], uint16(7))
	}
}

// fuzzed reads any bytes in blocks of any size: no panic, and where the blocks end changes nothing.
func fuzzed(t *testing.T, f *form, data []byte, size uint16) {
	if len(data) > 4000 || f.format == formatCSV && damagedCSV(data) {
		return
	}
	want := counted(t, f, data, len(data)+1, 1)
	if got := counted(t, f, data, 1+int(size), 2); got != want {
		t.Errorf("blocks of %d bytes:\n got %s\nwant %s", 1+int(size), got, want)
	}
}

// damagedCSV tells bytes that are no csvlog: there, where a record begins is a guess, and the end of a block takes part in it.
func damagedCSV(data []byte) bool {
	p := &csvParser{}
	p.parse(data, 0, func(*Event) {})
	return p.skipped > 0 || bytes.Count(data, []byte{'"'})%2 != 0
}

func FuzzStderr(f *testing.F) {
	seeds(f, "p_debian.log", "p_default.log", "m_crash.log", "l_de.log")
	prefix, err := ParsePrefix("%m [%p] %q%u@%d ")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, data []byte, size uint16) {
		fuzzed(t, &form{format: formatStderr, prefixes: append([]*Prefix{prefix}, byFields()...)}, data, size)
	})
}

func FuzzCSV(f *testing.F) {
	seeds(f, "p_debian.csv", "l_ja.csv")
	f.Fuzz(func(t *testing.T, data []byte, size uint16) { fuzzed(t, &form{format: formatCSV}, data, size) })
}

func FuzzJSON(f *testing.F) {
	seeds(f, "p_debian.json", "m_crash.json")
	f.Fuzz(func(t *testing.T, data []byte, size uint16) { fuzzed(t, &form{format: formatJSON}, data, size) })
}

// FuzzDetect tells a form of any bytes, and reads them by it; a prefix that it found out must be one that ParsePrefix reads.
func FuzzDetect(f *testing.F) {
	seeds(f, "p_all.log", "p_rds.log", "p_empty.log", "p_debian.csv", "p_debian.json")
	f.Add([]byte{}, uint16(1))
	f.Add([]byte(`{"log":"a\n","textPayload":"b","errorLevel":1}`), uint16(1))
	f.Fuzz(func(t *testing.T, data []byte, _ uint16) {
		if len(data) > 5000 {
			return
		}
		if w := wrappedIn(data); w != nil {
			var out bytes.Buffer
			if _, err := out.ReadFrom(w.unwrap(bytes.NewReader(data))); err != nil {
				t.Fatal(err)
			}
			data = out.Bytes()
		}
		found, err := detect(data, &Options{})
		if err != nil {
			return
		}
		for _, p := range found.prefixes {
			if _, err := ParsePrefix(p.Text); err != nil {
				t.Errorf("%q: %v", p.Text, err)
			}
		}
		found.parser().parse(data, 0, func(e *Event) { timing(e) })
	})
}

func FuzzPrefix(f *testing.F) {
	f.Add("%m [%p] %q%u@%d ", "2026-11-24 04:57:17.970 UTC [32342] postgres@shop LOG:  x")
	f.Add("%-10u|%5p|%a", "app       |   77|psqlLOG:  duration: 1 ms")
	f.Fuzz(func(t *testing.T, text, line string) {
		if len(text) > 60 || len(line) > 300 {
			return
		}
		p, err := ParsePrefix(text)
		if err != nil {
			return
		}
		var c clock
		var h head
		if p.match([]byte(line), &c, &h) && (h.n > len(line) || h.n == 0) {
			t.Errorf("%q: %d of %q", text, h.n, line)
		}
	})
}
