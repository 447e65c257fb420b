package activity

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"avadb/internal/pg"
)

// tree writes a tree of waits with the names that the sessions have in the test.
func tree(t *testing.T, conn *pg.Conn) (rows []Blocking, drawn string) {
	t.Helper()
	rows = look(t, conn).Blocking(ends)
	var b strings.Builder
	for _, r := range rows {
		name := r.Application
		if r.GID != nil {
			name = "gid " + *r.GID
		}
		fmt.Fprintf(&b, "%s%s:%d", strings.Repeat(" ", r.Depth), name, r.Blocks)
		if r.Deadlock {
			b.WriteString("!")
		}
		b.WriteString("\n")
	}
	return rows, b.String()
}

func find(t *testing.T, rows []Blocking, application string) Blocking {
	t.Helper()
	i := slices.IndexFunc(rows, func(b Blocking) bool { return b.Application == application })
	if i < 0 {
		t.Fatal("no", application)
	}
	return rows[i]
}

func value[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}

// Relation locks, four deep: each holds one table and waits for the next one's.
func TestBlockingChain(t *testing.T) {
	o := observe(t)
	root := open(t, "root").do("CREATE SCHEMA chain", "CREATE TABLE chain.a()", "CREATE TABLE chain.b()", "CREATE TABLE chain.c()", "BEGIN", "LOCK TABLE chain.a IN ROW EXCLUSIVE MODE")
	one := open(t, "one").do("BEGIN", "LOCK TABLE chain.b").wait(o, "LOCK TABLE chain.a")
	two := open(t, "two").do("BEGIN", "LOCK TABLE chain.c").wait(o, "LOCK TABLE chain.b IN SHARE MODE")
	three := open(t, "three").wait(o, "TABLE chain.c")
	aside := open(t, "aside").wait(o, "TABLE chain.c")
	rows, drawn := tree(t, o)
	if want := "root:4\n one:3\n  two:2\n   three:0\n   aside:0\n"; drawn != want {
		t.Fatalf("%s\nwant %s", drawn, want)
	}
	r := find(t, rows, "root")
	if value(r.HeldMode) != "RowExclusiveLock" || value(r.Relation) != "chain.a" || r.WaitS != nil || value(r.State) != IdleInTransaction ||
		value(r.EndSQL) != EndSQL(root.pid()) || value(r.End) != "avadb connections terminate --include-superusers --pid "+pid(root.pid()) ||
		!strings.HasPrefix(value(r.Query), "LOCK TABLE chain.a") {
		t.Errorf("%+v", r)
	}
	m := find(t, rows, "one")
	if value(m.LockMode) != "AccessExclusiveLock" || value(m.Relation) != "chain.a" || value(m.LockType) != "relation" || value(m.HeldMode) != "AccessExclusiveLock" ||
		m.End != nil || m.WaitS == nil || !slices.Equal(m.BlockedBy, []int32{root.pid()}) || value(m.RootPID) != root.pid() {
		t.Errorf("%+v", m)
	}
	root.do("ROLLBACK")
	one.finished()
	one.do("ROLLBACK")
	two.finished()
	two.do("ROLLBACK")
	three.finished()
	aside.finished()
	if rows, drawn := tree(t, o); len(rows) > 0 {
		t.Errorf("nobody waits any more:\n%s", drawn)
	}
	open(t, "x").do("DROP SCHEMA chain CASCADE")
}

// Rows: the first waits for the transaction, the others behind it for the row itself; all of that is of one table.
func TestBlockingRows(t *testing.T) {
	o := observe(t)
	root := open(t, "holder").do("CREATE TABLE rowlock(id int PRIMARY KEY)", "INSERT INTO rowlock VALUES (1)", "BEGIN", "UPDATE rowlock SET id = 1")
	first := open(t, "first").wait(o, "UPDATE rowlock SET id = 1")
	second := open(t, "second").wait(o, "UPDATE rowlock SET id = 1")
	third := open(t, "third").wait(o, "DELETE FROM rowlock")
	rows, drawn := tree(t, o)
	if want := "holder:3\n first:2\n  second:1\n  third:0\n"; drawn != want {
		t.Fatalf("%s\nwant %s", drawn, want)
	}
	if f := find(t, rows, "first"); value(f.LockType) != "transactionid" || value(f.LockMode) != "ShareLock" || value(f.Relation) != "rowlock" && value(f.Relation) != "public.rowlock" {
		t.Errorf("%+v relation %q", f, value(f.Relation))
	}
	if s := find(t, rows, "second"); value(s.LockType) != "tuple" || !strings.HasSuffix(value(s.Relation), "rowlock") {
		t.Errorf("%+v", s)
	}
	// The mode of a transaction's lock on itself is no answer to what it has done.
	if h := find(t, rows, "holder"); h.Lock() != "changed or locked a row" || value(h.HeldType) != "transactionid" || !strings.HasSuffix(value(h.Relation), "rowlock") {
		t.Errorf("%q %+v", h.Lock(), h)
	}
	if f := find(t, rows, "first"); f.Lock() != "waits for a row" {
		t.Error(f.Lock())
	}
	root.do("COMMIT")
	for _, c := range []*client{first, second, third} {
		c.finished()
	}
	open(t, "x").do("DROP TABLE rowlock")
}

// A queue: who waits ahead blocks who comes later, although only the first lock is held.
func TestBlockingQueue(t *testing.T) {
	o := observe(t)
	root := open(t, "reader").do("CREATE TABLE queue()", "BEGIN", "TABLE queue")
	ddl := open(t, "ddl").wait(o, "ALTER TABLE queue ADD a int")
	var late []*client
	for i := range 3 {
		late = append(late, open(t, fmt.Sprintf("late%d", i)).wait(o, "TABLE queue"))
	}
	rows, drawn := tree(t, o)
	if want := "reader:4\n ddl:3\n  late0:0\n  late1:0\n  late2:0\n"; drawn != want {
		t.Fatalf("%s\nwant %s", drawn, want)
	}
	if d := find(t, rows, "ddl"); d.HeldMode != nil {
		t.Errorf("it holds nothing that others wait for: %+v", d)
	}
	root.do("COMMIT")
	ddl.finished()
	for _, c := range late {
		c.finished()
	}
	open(t, "x").do("DROP TABLE queue")
}

// Two readers hold what one waits for: it stands below one of them and names both; ending either is not enough, and both are roots.
func TestBlockingSeveral(t *testing.T) {
	o := observe(t)
	a := open(t, "reader a").do("CREATE TABLE several()", "BEGIN", "TABLE several")
	b := open(t, "reader b").do("BEGIN", "TABLE several")
	w := open(t, "writer").wait(o, "BEGIN; LOCK TABLE several")
	rows, drawn := tree(t, o)
	if len(rows) != 3 || !strings.Contains(drawn, " writer:0") {
		t.Fatal(drawn)
	}
	if got := find(t, rows, "writer").BlockedBy; !slices.Equal(got, slices.Sorted(slices.Values([]int32{a.pid(), b.pid()}))) {
		t.Errorf("%v", got)
	}
	for _, name := range []string{"reader a", "reader b"} {
		if r := find(t, rows, name); r.Depth != 0 || r.Blocks != 1 || r.End == nil || value(r.HeldMode) != "AccessShareLock" {
			t.Errorf("%+v", r)
		}
	}
	a.do("COMMIT")
	b.do("COMMIT")
	w.finished()
	w.do("COMMIT")
	open(t, "x").do("DROP TABLE several")
}

// A prepared transaction has no session, and is a root all the same: before and after a restart of the server.
func TestBlockingPrepared(t *testing.T) {
	o := observe(t)
	open(t, "coordinator").do("CREATE TABLE prep(id int)", "INSERT INTO prep VALUES (1)", "BEGIN", "UPDATE prep SET id = 2", "PREPARE TRANSACTION E'it''s\\x1b me'", "BEGIN", "INSERT INTO prep VALUES (5)", "PREPARE TRANSACTION 'other'").close()
	check := func() {
		o := observe(t)
		row := open(t, "row").wait(o, "UPDATE prep SET id = 3 WHERE id = 1")
		table := open(t, "table").wait(o, "BEGIN; LOCK TABLE prep IN SHARE MODE")
		behind := open(t, "behind").wait(o, "INSERT INTO prep VALUES (4)")
		rows, drawn := tree(t, o)
		if !strings.HasPrefix(drawn, "gid it's\x1b me:") || !strings.Contains(drawn, "\n row:2\n") || !strings.Contains(drawn, " table:1\n  behind:0\n") || !strings.Contains(drawn, "gid other:2\n") {
			t.Fatal(drawn)
		}
		if r := rows[0]; r.PID != nil || r.Depth != 0 || value(r.EndSQL) != `ROLLBACK PREPARED E'it''s\x1b me'` || !strings.Contains(value(r.End), " -d postgres -c ") || r.User != "postgres" || r.XactS == nil || value(r.HeldMode) != "ExclusiveLock" && value(r.HeldMode) != "RowExclusiveLock" {
			t.Errorf("%+v", r)
		}
		for _, c := range []*client{row, table, behind} { // a backend that waits for a lock does not notice that its client has gone
			open(t, "x").do(EndSQL(c.pid())).close()
		}
		until(t, o, "SELECT count(*) = 0 FROM pg_locks WHERE NOT granted")
	}
	check()
	o.Close()
	if err := shared.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	check()
	open(t, "x").do(`ROLLBACK PREPARED E'it''s\x1b me'`, "ROLLBACK PREPARED 'other'", "DROP TABLE prep")
}

// Two that wait for each other have no root until the server ends one of them: the circle is marked, and who waits behind it is below.
func TestBlockingCircle(t *testing.T) {
	o := observe(t)
	a := open(t, "a").do("CREATE TABLE ca()", "CREATE TABLE cb()", "BEGIN", "LOCK TABLE ca")
	b := open(t, "b").do("BEGIN", "LOCK TABLE cb")
	a.wait(o, "LOCK TABLE cb")
	b.wait(o, "LOCK TABLE ca")
	behind := open(t, "behind").wait(o, "TABLE ca")
	rows, drawn := tree(t, o)
	if len(rows) != 3 || strings.Count(drawn, "!") != 2 || strings.Contains(drawn, "behind:0!") || rows[0].Depth != 0 || rows[0].End == nil {
		t.Fatal(drawn)
	}
	open(t, "x").do(EndSQL(a.pid())).close()
	b.finished()
	b.do("COMMIT")
	behind.finished()
	open(t, "x").do("DROP TABLE ca, cb")
}

// Advisory locks, and tables of another database, which have no name here.
func TestBlockingElsewhere(t *testing.T) {
	o := observe(t)
	root := open(t, "advisor").do("SELECT pg_advisory_lock(7)")
	w := open(t, "advised").wait(o, "SELECT pg_advisory_lock(7)")
	rows, drawn := tree(t, o)
	if drawn != "advisor:1\n advised:0\n" || value(find(t, rows, "advised").LockType) != "advisory" || find(t, rows, "advised").Relation != nil {
		t.Fatalf("%s %+v", drawn, rows)
	}
	if got := find(t, rows, "advisor"); got.Lock() != "holds ExclusiveLock (advisory)" {
		t.Error(got.Lock())
	}
	root.close()
	w.finished()
	until(t, o, "SELECT count(*) = 0 FROM pg_locks WHERE locktype = 'advisory' AND pid = "+pid(root.pid()))
}
