package pgtest

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"avadb/internal/fault"
)

func TestParseVersion(t *testing.T) {
	for line, want := range map[string]struct {
		major   int
		version string
	}{
		"postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n": {15, "15.18 (Debian 15.18-0+deb12u1)"},
		"postgres (PostgreSQL) 18.4\r\n":                         {18, "18.4"},
		"postgres (PostgreSQL) 19devel":                          {19, "19devel"},
		"postgres (PostgreSQL) 19beta1":                          {19, "19beta1"},
	} {
		major, version, err := parseVersion(line)
		if err != nil || major != want.major || version != want.version {
			t.Errorf("parseVersion(%q) = %d, %q, %v", line, major, version, err)
		}
	}
	for _, line := range []string{"", "postgres", "initdb (PostgreSQL) 15.1", "postgres (PostgreSQL) x"} {
		if _, _, err := parseVersion(line); err == nil {
			t.Errorf("parseVersion(%q) accepted it", line)
		}
	}
}

// fakeInstall makes a folder that looks like an installation of a version.
func fakeInstall(t *testing.T, bin, version string) {
	t.Helper()
	if err := os.MkdirAll(bin, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"initdb", "pg_ctl", "postgres"} {
		script := "#!/bin/sh\necho 'postgres (PostgreSQL) " + version + "'\n"
		if err := os.WriteFile(filepath.Join(bin, name), []byte(script), 0o700); err != nil {
			t.Fatal(err)
		}
	}
}

func TestFindChoosesByMajorAndPlace(t *testing.T) {
	cache, explicit, system := t.TempDir(), t.TempDir(), t.TempDir()
	for _, major := range []int{90, 91, 9} {
		fakeInstall(t, filepath.Join(cache, strconv.Itoa(major), "bin"), strconv.Itoa(major)+".1")
	}
	fakeInstall(t, system, "80.1")
	t.Setenv("AVADB_PG_CACHE", cache)
	t.Setenv("PATH", system)
	in, err := Find(90)
	if err != nil || in.Major != 90 || in.Version != "90.1" || in.Bin != filepath.Join(cache, "90", "bin") {
		t.Errorf("Find(90) = %+v, %v", in, err)
	}
	if in, err := Find(0); err != nil || in.Major != 80 {
		t.Errorf("Find(0) = %+v, %v: the system's server goes before the cache", in, err)
	}
	if _, err := Find(9); fault.KindOf(err) != fault.Prerequisite {
		t.Errorf("Find(9) = %v, too old", err)
	}
	t.Setenv("AVADB_TEST_MAJOR", "91")
	if in, err := FindWanted(); err != nil || in.Major != 91 {
		t.Errorf("FindWanted = %+v, %v", in, err)
	}
	t.Setenv("AVADB_TEST_MAJOR", "newest")
	if _, err := FindWanted(); fault.KindOf(err) != fault.Config {
		t.Errorf("FindWanted = %v", err)
	}
	fakeInstall(t, explicit, "92.1")
	t.Setenv("AVADB_PG_BIN", explicit)
	if in, err := Find(0); err != nil || in.Major != 92 {
		t.Errorf("Find(0) = %+v, %v: AVADB_PG_BIN goes first", in, err)
	}
}

func TestMissingServerNamesTheNextStep(t *testing.T) {
	_, err := Find(99)
	if e := fault.As(err); e == nil || e.Kind != fault.Prerequisite || e.Hint == "" {
		t.Errorf("Find(99) = %#v", err)
	}
}
