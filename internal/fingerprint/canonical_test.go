package fingerprint_test

import (
	"bufio"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"avadb/internal/fingerprint"
)

func TestAppend(t *testing.T) {
	for sql, want := range map[string]string{
		"":               "",
		" ; ":            "",
		"SELECT 1":       "select $?",
		"select  1 ;\n;": "select $?",
		"SELECT a /* x /* y */ 'z' */ FROM t -- it's one\nWHERE b = 2":         "select a from t where b = $?",
		"SELECT 'it''s', E'it\\'s', e'\\\\', U&'d\\0061t', B'01', X'1F', N'n'": "select $? , $? , $? , $? , $? , $? , $?",
		"SELECT $$a ' b$$, $x$ $$ $x$, $y$ cut off":                            "select $? , $? , $?",
		"SELECT 1_000, 1.5e-9, .5, 0x1F, 0b1, 0o17, 1e9, 1.":                   "select $? , $? , $? , $? , $? , $? , $? , $?",
		"SELECT 1a":                                      "select $? a",
		"SELECT a.b, a . b, \"A\".\"b\"\"c\"":            "select a . b , a . b , \"A\" . \"b\"\"c\"",
		"WHERE a IN (1)":                                 "where a in ( $? )",
		"WHERE a IN ($1 /*, ... */)":                     "where a in ( $? )",
		"WHERE a IN (1, -2, 'x', $4)":                    "where a in ( $? )",
		"WHERE a IN (1, b)":                              "where a in ( $? , b )",
		"WHERE a IN (1, 2, 3":                            "where a in ( $?",
		"ARRAY[1,2,3] || ARRAY[ a , 2]":                  "array [ $? ] || array [ a , $? ]",
		"VALUES (1,2),(3,4)":                             "values ( $? )",
		"VALUES (1,now(),DEFAULT), (3, now() , default)": "values ( $? , now ( ) , default )",
		"VALUES (a,1),(b,1)":                             "values ( a , $? ) , ( b , $? )",
		"f(1), f(2)":                                     "f ( $? ) , f ( $? )",
		"SELECT -1, +1, a-1, a - 1, a -1, (a)-1, 2-1, a=-1, a*-1, a::int, - b": "select $? , $? , a - $? , a - $? , a - $? , ( a ) - $? , $? - $? , a = $? , a * $? , a :: int , - b",
		"stock=stock-2":                    "stock = stock - $?",
		"a ? 'k' AND b ?| $1 AND c ?& 'z'": "a ? $? and b ?| $? and c ?& $?",
		"NOT false AND NOT NULL AND a IS NOT TRUE AND b IS NOT FALSE AND NOT true": "not $? and not null and a is not true and b is not false and not $?",
		"SELECT 'a'\n'b', 1 NULL, ('x'\n'y', 2)":                                   "select $? , $? , ( $? )",
		"a = - -1, (- + 2)":                                                        "a = $? , ( $? )",
		"a = TRUE AND b IS NULL AND c IS NOT NULL AND d IS DISTINCT FROM NULL AND e IN (1, NULL) AND nulls AND f = false": "a = $? and b is null and c is not null and d is distinct from $? and e in ( $? ) and nulls and f = $?",
		"a = -null":                       "a = $?",
		"a ?-1":                           "a ?- $?",
		"a->>'k' #>> '{a,b}' @> $1 <-> 2": "a ->> $? #>> $? @> $? <-> $?",
		"a :=1":                           "a := $?",
		"a[1:2]":                          "a [ $? : $? ]",
		"x'":                              "$?",
		"SELECT 'cut off":                 "select $?",
		"SELECT \"cut off":                "select \"cut off",
		"SELECT /* cut off":               "select",
		"SELECT a--1":                     "select a",
		"SELECT a+--1\n2":                 "select a + $?",
		"SELECT \xff, Größe, $ä$x$ä$":     "select \xff , größe , $?",
		"SELECT $?":                       "select $?",
		"a$1 $b":                          "a$1 $ b",
		"U&\"d\\0061ta\" u & 1":           "U&\"d\\0061ta\" u & $?",
		"((1,2),(3,4)) ()":                "( ( $? ) ) ( )",
		")) 1 (":                          ") ) $? (",
		"SELECT 1; SELECT 'a'":            "select $? ; select $?",
	} {
		got := string(fingerprint.Append([]byte("before "), sql))
		if got != "before "+want {
			t.Errorf("%q\n got %q\nwant %q", sql, got[len("before "):], want)
		}
	}
}

func TestAppendRedacted(t *testing.T) {
	for sql, want := range map[string]string{
		"SELECT  Name,\n\t'x' /* 'x' */ FROM t WHERE id IN (1, $2, $a$b$a$) ; ": "SELECT  Name,\n\t$? FROM t WHERE id IN ($?, $2, $?) ;",
		"-- only\n":  "",
		"a-1 = 'cut": "a-$? = $?",
	} {
		if got := string(fingerprint.AppendRedacted(nil, sql)); got != want {
			t.Errorf("%q\n got %q\nwant %q", sql, got, want)
		}
	}
}

// The statements of a real log fall into the same groups as by an independent normalisation.
func TestPartitionOfARealLog(t *testing.T) {
	file, err := os.Open("testdata/partition.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = file.Close() })
	groups, signatures := map[int]fingerprint.Signature{}, map[fingerprint.Signature]int{}
	for lines := bufio.NewScanner(file); lines.Scan(); {
		var one struct {
			Group int
			SQL   string
		}
		if err := json.Unmarshal(lines.Bytes(), &one); err != nil {
			t.Fatal(err)
		}
		sql := bytesOf(one.SQL)
		s := fingerprint.Of(sql)
		if is, known := groups[one.Group]; known && is != s {
			t.Errorf("another signature than its group: %s", fingerprint.Append(nil, sql))
		}
		if group, known := signatures[s]; known && group != one.Group {
			t.Errorf("the signature of another group: %s", fingerprint.Append(nil, sql))
		}
		groups[one.Group], signatures[s] = s, one.Group
	}
	if len(groups) < 100 {
		t.Errorf("only %d groups", len(groups))
	}
}

// bytesOf undoes the file's encoding: each character is a byte.
func bytesOf(text string) string {
	var b strings.Builder
	for _, r := range text {
		b.WriteByte(byte(r)) //nolint:gosec // the file holds characters below 256
	}
	return b.String()
}

// A text that is cut off anywhere has a canonical form.
func TestAppendOfEveryBeginning(t *testing.T) {
	sql := `SELECT /* a */ E'it\'s', U&"x" , $a$ b $a$, -1.5e-9, a ? 'k', (1, (2, NULL)), NOT false -- end
		FROM "t" WHERE b IN (1, 2) AND c IS NOT TRUE; `
	for i := range len(sql) {
		canonical := fingerprint.Append(nil, sql[:i])
		if again := fingerprint.Append(nil, string(canonical)); string(again) != string(canonical) {
			t.Errorf("%q: %q and then %q", sql[:i], canonical, again)
		}
	}
}

func FuzzAppend(f *testing.F) {
	for _, sql := range []string{"SELECT 'a', -1 FROM t WHERE x IN (1,2)", "((1),(1", "$a$ $$", "E'\\", "/*/**", "a--\n-1", "(1),(1);;", "VALUES (a()),(a())"} {
		f.Add(sql)
	}
	f.Fuzz(func(t *testing.T, sql string) {
		canonical := fingerprint.Append(nil, sql)
		if again := fingerprint.Append(nil, string(canonical)); string(again) != string(canonical) {
			t.Errorf("%q: %q and then %q", sql, canonical, again)
		}
		if fingerprint.Of(sql) != fingerprint.Sum(canonical) {
			t.Errorf("%q: Of is not Sum", sql)
		}
		redacted := string(fingerprint.AppendRedacted(nil, sql))
		if fingerprint.Of(redacted) != fingerprint.Of(sql) {
			t.Errorf("%q: another signature than its redacted %q", sql, redacted)
		}
	})
}

func TestOfAllocatesNothing(t *testing.T) {
	for _, sql := range []string{typical, strings.Repeat(typical+" UNION ", 20)} {
		fingerprint.Of(sql) // the room of long ones
		if n := testing.AllocsPerRun(100, func() { fingerprint.Of(sql) }); n > 0 {
			t.Errorf("%g allocations for %d bytes", n, len(sql))
		}
	}
}

const typical = "SELECT o.id, o.price, c.name FROM orders AS o JOIN customers AS c ON c.id = o.customer_id WHERE o.state IN ('open', 'paid') AND o.created > '2026-01-01' AND o.price > 100.50 ORDER BY o.created DESC LIMIT 20"

func BenchmarkOf(b *testing.B) {
	b.SetBytes(int64(len(typical)))
	b.ReportAllocs()
	for b.Loop() {
		fingerprint.Of(typical)
	}
}

func BenchmarkAppendLongList(b *testing.B) {
	sql := "INSERT INTO t (a, b, c) VALUES " + strings.Repeat("(12345, 'some text of a usual length', now()), ", 200) + "(1, 'x', now())"
	var dst []byte
	b.SetBytes(int64(len(sql)))
	for b.Loop() {
		dst = fingerprint.Append(dst[:0], sql)
	}
}
