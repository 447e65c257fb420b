package pgtest

import (
	"cmp"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"avadb/internal/fault"
)

// OldestMajor is the oldest PostgreSQL major that Find accepts.
const OldestMajor = 14

// Install is a PostgreSQL server installation: a folder with initdb, pg_ctl and postgres.
type Install struct {
	Bin     string // the folder of the programs, absolute, symlinks followed
	Major   int    // 15
	Version string // "15.18 (Debian 15.18-0+deb12u1)"
}

// Find looks for a server of the wanted major, 0 for any. In order: the folder $AVADB_PG_BIN, the cache
// ($AVADB_PG_CACHE, else avadb/pg in the user's cache folder: <major>/bin), and what the system has: Debian's, RHEL's,
// Homebrew's and Windows' usual places and the pg_ctl on PATH, the highest major first. For 0 the system's goes before
// the cache, as that is what people run. The error is a fault.Prerequisite.
func Find(major int) (Install, error) {
	system := append(systemFolders(), pathFolder()...)
	groups := [][]string{explicitFolder(), cacheFolders(), system}
	if major == 0 {
		groups = [][]string{explicitFolder(), system, cacheFolders()}
	}
	for _, folders := range groups {
		if in, ok := best(folders, major); ok {
			return in, nil
		}
	}
	return Install{}, missing(major)
}

// In gives the installation in one folder, that with initdb, pg_ctl and postgres. The error is a fault.Prerequisite.
func In(bin string) (Install, error) {
	in, err := inspect(bin)
	switch {
	case err != nil:
		return Install{}, fault.New(fault.Prerequisite, "looking for a PostgreSQL server in %s: %w", bin, err).
			WithHint("name the folder that holds initdb, pg_ctl and postgres, such as /usr/lib/postgresql/15/bin")
	case in.Major < OldestMajor:
		return Install{}, fault.New(fault.Prerequisite, "the PostgreSQL in %s is %s, and avadb knows %d and newer", bin, in.Version, OldestMajor).
			WithHint("run `apt-get install postgresql`, or name the folder of a newer one")
	}
	return in, nil
}

// FindWanted finds the server the tests are to run against: major $AVADB_TEST_MAJOR, or any where that is not set.
func FindWanted() (Install, error) {
	text := os.Getenv("AVADB_TEST_MAJOR")
	if text == "" {
		return Find(0)
	}
	major, err := strconv.Atoi(text)
	if err != nil {
		return Install{}, fault.New(fault.Config, "AVADB_TEST_MAJOR is %q, not a major version", text).WithHint("set it to 14, 15, 16, 17 or 18")
	}
	return Find(major)
}

func missing(major int) error {
	if major == 0 {
		return fault.New(fault.Prerequisite, "finding a PostgreSQL server (%d or newer): no initdb, pg_ctl and postgres on this machine", OldestMajor).
			WithHint("run `apt-get install postgresql`, or set AVADB_PG_BIN to the folder that holds them")
	}
	return fault.New(fault.Prerequisite, "finding a PostgreSQL %d server: no initdb, pg_ctl and postgres of that major on this machine", major).
		WithHint("run `apt-get install postgresql-%d` or `.ci/postgres.sh majors %d`, or set AVADB_PG_BIN to the folder that holds them", major, major)
}

// best gives the highest installation in the folders that fits.
func best(folders []string, major int) (Install, bool) {
	var found []Install
	for _, folder := range folders {
		in, err := inspect(folder)
		if err == nil && in.Major >= OldestMajor && (major == 0 || in.Major == major) {
			found = append(found, in)
		}
	}
	if len(found) == 0 {
		return Install{}, false
	}
	// MaxFunc keeps the first of equals, so the order of the folders decides within a major.
	return slices.MaxFunc(found, func(a, b Install) int { return cmp.Compare(a.Major, b.Major) }), true
}

// inspect asks the postgres in a folder for its version; an error where one of the three programs is missing.
func inspect(folder string) (Install, error) {
	postgres, err := filepath.EvalSymlinks(filepath.Join(folder, program("postgres")))
	if err != nil {
		return Install{}, err
	}
	bin := filepath.Dir(postgres)
	for _, name := range []string{"initdb", "pg_ctl"} {
		if _, err := os.Stat(filepath.Join(bin, program(name))); err != nil {
			return Install{}, err
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, postgres, "--version").Output() //nolint:gosec // the program is the one asked for
	if err != nil {
		return Install{}, err
	}
	major, version, err := parseVersion(string(out))
	return Install{Bin: bin, Major: major, Version: version}, err
}

// parseVersion reads the output of `postgres --version`: "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)".
func parseVersion(line string) (major int, version string, err error) {
	m := regexp.MustCompile(`^postgres \(PostgreSQL\) ((\d+)\S*.*)`).FindStringSubmatch(strings.TrimSpace(line))
	if m == nil {
		return 0, "", fault.New(fault.Failed, "reading the version of PostgreSQL from %q", line)
	}
	major, err = strconv.Atoi(m[2])
	return major, m[1], err
}

func program(name string) string {
	if runtime.GOOS == "windows" {
		return name + ".exe"
	}
	return name
}

func explicitFolder() []string {
	if bin := os.Getenv("AVADB_PG_BIN"); bin != "" {
		return []string{bin}
	}
	return nil
}

func cacheFolders() []string {
	root := os.Getenv("AVADB_PG_CACHE")
	if root == "" {
		user, err := os.UserCacheDir()
		if err != nil {
			return nil
		}
		root = filepath.Join(user, "avadb", "pg")
	}
	return glob(filepath.Join(root, "*", "bin"))
}

func systemFolders() []string {
	folders := glob("/usr/lib/postgresql/*/bin") // Debian, Ubuntu
	for _, pattern := range []string{
		"/usr/pgsql-*/bin", // the PostgreSQL project's RPMs
		"/opt/homebrew/opt/postgresql@*/bin", "/usr/local/opt/postgresql@*/bin", "/Applications/Postgres.app/Contents/Versions/*/bin",
		filepath.Join(os.Getenv("ProgramFiles"), "PostgreSQL", "*", "bin"),
	} {
		folders = append(folders, glob(pattern)...)
	}
	return folders
}

// pathFolder is where the pg_ctl on PATH really lives: often a symlink into an installation.
func pathFolder() []string {
	control, err := exec.LookPath("pg_ctl")
	if err != nil {
		return nil
	}
	if real, err := filepath.EvalSymlinks(control); err == nil {
		control = real
	}
	return []string{filepath.Dir(control)}
}

// glob lists what a pattern names; a malformed pattern (a stray bracket in a folder's name) names nothing.
func glob(pattern string) []string {
	found, err := filepath.Glob(pattern)
	if err != nil {
		return nil
	}
	return found
}
