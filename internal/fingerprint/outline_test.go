package fingerprint_test

import (
	"bytes"
	"encoding/json"
	"os"
	"testing"

	"avadb/internal/fingerprint"
)

func TestAppendOutline(t *testing.T) {
	for sql, want := range map[string]string{
		"":         "",
		"SELECT 1": "SELECT 1",
		"SELECT id FROM customers_17 WHERE email = 'it''s' AND x > -12.5e3 LIMIT 20": "SELECT id FROM customers_17 WHERE email = '' AND x > -1 LIMIT 1",
		"SELECT \"a'1\" /* '1' */ FROM o1 -- 2\nWHERE a$1 = $12":                     "SELECT \"a'1\"   FROM o1  \nWHERE a$1 = $12",
		"INSERT INTO t VALUES ('2026-01-01',0x1F,1_000,'cut":                         "INSERT INTO t VALUES ('',1,1,''",
		"größe = 1 AND a->>'k' = 'é'":                                                "größe = 1 AND a->>'' = ''",
	} {
		got, ok := fingerprint.AppendOutline([]byte("before "), sql)
		if !ok || string(got) != "before "+want {
			t.Errorf("%q, %v\n got %q\nwant %q", sql, ok, got[len("before "):], want)
		}
	}
	for _, sql := range []string{"SELECT $$a$$", "SELECT E'a'", "U&'a'", "1..2", ".5", "1a", "$?", "x'1F'"} {
		if got, ok := fingerprint.AppendOutline(nil, sql); ok {
			t.Errorf("%q is read: %q", sql, got)
		}
	}
}

// sameByOutline holds that a statement and its outline have one canonical form, so that statements with the same outline have the same one.
func sameByOutline(t *testing.T, sql string) (outlined bool) {
	t.Helper()
	outline, ok := fingerprint.AppendOutline(nil, sql)
	if !ok {
		return false
	}
	if want, got := fingerprint.Append(nil, sql), fingerprint.Append(nil, string(outline)); string(got) != string(want) {
		t.Errorf("%q: %q and, by its outline %q, %q", sql, want, outline, got)
	}
	return true
}

// Nearly all statements of a real log have an outline; and wherever a text is cut off, it is the same statement by its outline.
func TestAppendOutlineOfARealLog(t *testing.T) {
	raw, err := os.ReadFile("testdata/partition.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	all, outlined := 0, 0
	for line := range bytes.Lines(raw) {
		var one struct{ SQL string }
		if err := json.Unmarshal(line, &one); err != nil {
			t.Fatal(err)
		}
		sql := bytesOf(one.SQL)
		all++
		if sameByOutline(t, sql) {
			outlined++
		}
		for i := range min(len(sql), 300) {
			sameByOutline(t, sql[:i])
			sameByOutline(t, sql[i:])
		}
	}
	if outlined*100 < all*95 {
		t.Errorf("%d of %d have an outline", outlined, all)
	}
}

func FuzzAppendOutline(f *testing.F) {
	for _, sql := range []string{typical, "SELECT 'a', -1 FROM t1 WHERE x IN (1,2)", "1x1F", "1.5.5", "a--1\n'b'", "+/*x*/-1", "'a' 'b'5$1", "\"a\"1é2", "//**/1", "1e+5e", "$1$2"} {
		f.Add(sql)
	}
	f.Fuzz(func(t *testing.T, sql string) { sameByOutline(t, sql) })
}

func BenchmarkAppendOutline(b *testing.B) {
	b.SetBytes(int64(len(typical)))
	b.ReportAllocs()
	var dst []byte
	for b.Loop() {
		dst, _ = fingerprint.AppendOutline(dst[:0], typical)
	}
}
