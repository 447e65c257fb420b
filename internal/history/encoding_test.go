package history

import (
	"testing"
	"time"
)

// A statement's text in another encoding, or in none, must not keep the counters out of the store.
func TestTextsOfOtherEncodings(t *testing.T) {
	r := newRig(t)
	first := dial(t, shared.DSN("postgres"))
	run(t, first, "CREATE DATABASE h_bytes ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0", "CREATE DATABASE h_latin ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0")
	bytes := dial(t, shared.DSN("h_bytes"))
	run(t, bytes, "SET client_encoding = SQL_ASCII", "CREATE EXTENSION pg_stat_statements", "SELECT 1 AS \"\xfftext\"")
	run(t, r.app, "SELECT 2 AS \"日本\"")
	for _, store := range []string{r.Store, "h_latin"} {
		c := r.collectorAs(t, shared.DSN("h_bytes"), func(o *Options) { o.Store = store })
		collect(t, c)
		run(t, r.app, "SELECT 2 AS \"日本\"", "SELECT 3, 4 AS \"日本 "+time.Now().String()+"\"")
		if done := collect(t, c); done.Changed == 0 {
			t.Errorf("%s: %+v", store, done)
		}
		stop(t, c)
	}
	if got := text(t, r.admin, "SELECT count(*) FROM avadb.statement WHERE query LIKE '%\uFFFDtext%' OR query = 'SELECT $1 AS \"日本\"'"); got != "2" {
		t.Errorf("%s texts", got)
	}
	if got := text(t, dial(t, shared.DSN("h_latin")), "SELECT count(*) FROM avadb.statement WHERE query = 'SELECT $1 AS \"??\"'"); got != "1" {
		t.Errorf("%s texts in LATIN1", got)
	}
}
