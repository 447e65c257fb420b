package activity

import (
	"strings"
	"testing"
)

// The server itself is asked for each pair of modes.
func TestConflictsAreTheServers(t *testing.T) {
	a, b := open(t, "a").do("CREATE TABLE modes()"), open(t, "b").do("SET lock_timeout = '10ms'")
	modes := []string{"ACCESS SHARE", "ROW SHARE", "ROW EXCLUSIVE", "SHARE UPDATE EXCLUSIVE", "SHARE", "SHARE ROW EXCLUSIVE", "EXCLUSIVE", "ACCESS EXCLUSIVE"}
	name := func(mode string) string {
		var camel strings.Builder
		for word := range strings.FieldsSeq(strings.ToLower(mode)) {
			camel.WriteString(strings.ToUpper(word[:1]) + word[1:])
		}
		return camel.String() + "Lock"
	}
	for i, held := range modes {
		if strength(name(held)) != i {
			t.Error(name(held))
		}
		a.do("BEGIN", "LOCK TABLE modes IN "+held+" MODE")
		for _, wanted := range modes {
			b.do("BEGIN")
			_, err := b.conn.Exec(t.Context(), "LOCK TABLE modes IN "+wanted+" MODE").ReadAll()
			b.do("ROLLBACK")
			if got := conflict(name(held), name(wanted)); got != (err != nil) {
				t.Errorf("%s against %s: %t, the server: %v", held, wanted, got, err)
			}
		}
		a.do("ROLLBACK")
	}
	if conflict("SIReadLock", "ShareLock") || strength("SIReadLock") != -1 {
		t.Error("what is no lock of a table")
	}
	a.do("DROP TABLE modes")
}
