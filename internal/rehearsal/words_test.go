package rehearsal

import (
	"errors"
	"strings"
	"testing"

	"avadb/internal/fault"
	"avadb/internal/pg"
	"avadb/internal/settings"
)

func TestSpoken(t *testing.T) {
	sh := &shadow{site: &Site{pgdata: "/var/lib/pg"}, data: "/tmp/avadb-rehearsal-1/data"}
	for words, want := range map[string]string{
		"FATAL:  could not access file \"nosuch\": No such file or directory\n":                                                                             `could not access file "nosuch": No such file or directory`,
		"WARNING:  x\nFATAL:  no memory\nHINT:  take less.\nLOG:  database system is shut down\n":                                                           "no memory; take less.",
		"LOG:  invalid value for parameter \"a\": \"b\"\nFATAL:  configuration file \"/tmp/avadb-rehearsal-1/data/postgresql.auto.conf\" contains errors\n": `invalid value for parameter "a": "b"; configuration file "/var/lib/pg/postgresql.auto.conf" contains errors`,
		"LOG:  starting\nFATAL:  one\nDETAIL:  two\nFATAL:  three\n":                                                                                        "three",
		"postgres: \"superuser_reserved_connections\" must be less\n":                                                                                       `"superuser_reserved_connections" must be less`,
		"": "exit status 1",
	} {
		if got := sh.spoken(words, errors.New("exit status 1")); got != want {
			t.Errorf("%q gives %q, want %q", words, got, want)
		}
	}
}

func TestMappedShared(t *testing.T) {
	const maps = `00400000-00c00000 r-xp 00000000 fe:00 123 /usr/lib/postgresql/15/bin/postgres
7f0000000000-7f0000100000 rw-s 00000000 00:01 1024 /dev/zero (deleted)
7f1000000000-7f1000200000 rw-s 00000000 00:0f 77 /anon_hugepage (deleted)
7f2000000000-7f2000001000 rw-s 00000000 00:01 5 /SYSV00021d61 (deleted)
7f3000000000-7f3000400000 rw-s 00000000 00:19 9 /dev/shm/PostgreSQL.123
7f4000000000-7f4000100000 rw-p 00000000 00:00 0
`
	if got := mappedShared(maps); got == nil || *got != 0x100000+0x200000+0x1000 {
		t.Errorf("got %v", got)
	}
	if got := mappedShared("nothing\n"); got != nil {
		t.Errorf("got %d", *got)
	}
}

// Where avadb is not on the server's host, or may not look, the reason is said.
func TestNoSite(t *testing.T) {
	for reason, server := range map[string]pg.Server{
		"does not run on the server's host": {BackendPID: 1, DataDirectory: "/var/lib/pg", VersionNum: 150000},
	} {
		_, err := Find(server, &settings.Snapshot{})
		if fault.KindOf(err) != fault.Prerequisite || !strings.Contains(err.Error(), reason) {
			t.Errorf("%v lacks %q", err, reason)
		}
	}
}
