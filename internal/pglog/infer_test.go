package pglog

import (
	"bytes"
	"fmt"
	"testing"
)

// session and background lines with a prefix that is in no list.
func logWith(prefix func(user, database, app, pid string, n int) string, background func(n int) string) (lines [][]byte) {
	for n := range 60 {
		user, database, app, pid := fmt.Sprintf("role%d", n%7), fmt.Sprintf("db%d", n%3), fmt.Sprintf("my app %d", n%5), fmt.Sprint(4000+n)
		lines = append(lines,
			[]byte(prefix("[unknown]", "[unknown]", "[unknown]", pid, n)+"LOG:  connection received: host=[local]"),
			[]byte(prefix(user, database, "[unknown]", pid, n)+"LOG:  connection authorized: user="+user+" database="+database+" application_name="+app),
			[]byte(prefix(user, database, app, pid, n)+"LOG:  duration: 1.234 ms  statement: select 1"))
		if n%4 == 0 {
			lines = append(lines, []byte(background(n)+"LOG:  checkpoint starting: time"))
		}
	}
	return lines
}

func TestInfer(t *testing.T) {
	stamp := func(n int) string { return fmt.Sprintf("2026-11-24 03:20:%02d.%03d UTC", n%60, n) }
	for name, c := range map[string]struct {
		prefix     func(user, database, app, pid string, n int) string
		background func(n int) string
	}{
		"semicolons": {
			func(u, d, a, pid string, n int) string {
				return stamp(n) + ";" + pid + ";" + u + ";" + d + ";" + a + ";"
			},
			func(n int) string { return stamp(n) + ";77;;;;" },
		},
		"words": {
			func(u, d, a, pid string, n int) string {
				return "pg " + stamp(n) + " pid=" + pid + " role=" + u + " base=" + d + " "
			},
			func(n int) string { return "pg " + stamp(n) + " pid=77 role= base= " },
		},
		"stops": {
			func(u, d, a, pid string, n int) string { return "<" + stamp(n) + "|" + pid + "> " + u + "/" + d + " " },
			func(n int) string { return "<" + stamp(n) + "|77> " },
		},
	} {
		t.Run(name, func(t *testing.T) {
			lines := logWith(c.prefix, c.background)
			f, err := detect(append(bytes.Join(lines, []byte("\n")), '\n'), &Options{})
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%q", f.prefixes[0].Text)
			var h head
			var k clock
			for i, line := range lines {
				if !f.prefixes[0].match(line, &k, &h) {
					t.Errorf("%q does not fit %q", f.prefixes[0].Text, line)
				}
				if bytes.Contains(line, []byte("duration")) && (string(h.User) != fmt.Sprintf("role%d", i/3%7) && h.User[0] != 'r' || h.Database[0] != 'd' || h.PID < 4000 || h.Time == 0) {
					t.Errorf("%q reads %q as %+v", f.prefixes[0].Text, line, h)
				}
			}
		})
	}
}

// A name that no line of the sample knows is a field, and no text of the prefix; a session's id tells which number is the process.
func TestInferUnknown(t *testing.T) {
	var lines [][]byte
	for n := range 40 {
		user := fmt.Sprintf("role%d", n%7)
		front := fmt.Sprintf("2026-11-24 03:20:47.%03d UTC [65640000.%x-%d] [%d] [user=%s,db=shop,app=[unknown]] ", n, 4000+n/10, n%10+1, 4000+n/10, user)
		lines = append(lines, []byte(front+"LOG:  connection authorized: user="+user+" database=shop"), []byte(front+"LOG:  duration: 1.234 ms  statement: select 1"))
	}
	f, err := detect(append(bytes.Join(lines, []byte("\n")), '\n'), &Options{})
	if err != nil {
		t.Fatal(err)
	}
	var h head
	var k clock
	later := []byte("2026-11-24 03:21:00.000 UTC [65640000.fa1-17] [4001] [user=role1,db=shop,app=psql] LOG:  duration: 1.234 ms  statement: select 1")
	if !f.prefixes[0].match(later, &k, &h) || h.PID != 4001 || string(h.User) != "role1" {
		t.Errorf("%q reads it as %+v", f.prefixes[0].Text, h)
	}
}

// A padded field takes its width, and its blanks are no part of those beside it.
func TestPaddedFields(t *testing.T) {
	for _, c := range []struct{ prefix, line, user, database string }{
		{"%m [%5p] %-10u %d ", "2026-12-01 11:04:46.970 UTC [ 5928] app        shop LOG:  checkpoint starting: time", "app", "shop"},
		{"%m [%-7p] %10u %-6d|", "2026-12-01 11:04:46.970 UTC [5928   ]        app shop  |LOG:  checkpoint starting: time", "app", "shop"},
		{"%m [%5p] %-10u %d ", "2026-12-01 11:04:46.970 UTC [15928] a_longer_one shop LOG:  checkpoint starting: time", "a_longer_one", "shop"},
		{"%m [%5p] %-10u %-4d %-3e ", "2026-12-01 11:04:46.970 UTC [ 5928]                 00000 LOG:  checkpoint starting: time", "", ""},
		{"%-10u%-5d", "app       shop LOG:  checkpoint starting: time", "app", "shop"},
	} {
		p, err := ParsePrefix(c.prefix)
		if err != nil {
			t.Fatal(err)
		}
		var h head
		var k clock
		if !p.match([]byte(c.line), &k, &h) || string(h.User) != c.user || string(h.Database) != c.database || c.line[h.n:] != "checkpoint starting: time" {
			t.Errorf("%q: role %q, database %q", c.line, h.User, h.Database)
		}
	}
}
