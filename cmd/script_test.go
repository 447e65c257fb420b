package cmd

import (
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"strconv"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"avadb/internal/pgtest"
)

// TestMain lets the scripts run avadb as a child of the test binary, so that exit codes and signals are real.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"avadb": func() { os.Exit(Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) },
	})
}

// TestScripts runs the command line's specification, testdata/script/*.txtar, against real servers. README.md there
// lists the commands that the scripts have beside testscript's own.
func TestScripts(t *testing.T) {
	install, err := pgtest.FindWanted()
	if err != nil {
		t.Fatal(err)
	}
	// Run under nohup, the tests' own programs would ignore it, too: what is caught here is theirs again.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP)
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup:               func(env *testscript.Env) error { return setUpScript(env, install) },
		Condition:           func(name string) (bool, error) { return condition(name, install) },
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exit": cmdExit, "signal": cmdSignal, "ended": cmdEnded,
			"json": cmdJSON, "capture": cmdCapture, "csv": cmdCSV,
			"server": cmdServer, "pooler": cmdPooler, "bouncer": cmdBouncer, "freeport": cmdFreePort, "fetched": cmdFetched, "seen": cmdSeen,
			"sql": cmdSQL, "await": cmdAwait, "hold": cmdHold, "release": cmdRelease, "load": cmdLoad,
		},
	})
}

// script is what the commands of one script share.
type script struct {
	install  pgtest.Install
	server   *pgtest.Server
	standby  *pgtest.Server
	held     []session
	load     *load
	signaled *exec.Cmd // the program in the background that `signal` was for
}

type scriptKey struct{}

// of gives the state of a script.
func of(ts *testscript.TestScript) *script { return ts.Value(scriptKey{}).(*script) }

// setUpScript gives each script folders of its own, and nothing of the caller's environment.
func setUpScript(env *testscript.Env, install pgtest.Install) error {
	s := &script{install: install}
	env.Values[scriptKey{}] = s
	for name, folder := range map[string]string{"HOME": "home", "XDG_STATE_HOME": "state", "XDG_CONFIG_HOME": "config"} {
		path := filepath.Join(env.WorkDir, folder)
		if err := os.MkdirAll(path, 0o700); err != nil {
			return err
		}
		env.Setenv(name, path)
	}
	examples, err := filepath.Abs("../docs/examples")
	if err != nil {
		return err
	}
	env.Setenv("EXAMPLES", examples)
	env.Setenv("MAJOR", strconv.Itoa(install.Major))
	env.Setenv("AVADB_PG_BIN", install.Bin) // for `avadb demo`: the cache below the caller's HOME is out of sight
	env.Defer(func() {
		if err := s.close(); err != nil {
			env.T().Fatal(err)
		}
	})
	return nil
}

var sinceMajor = regexp.MustCompile(`^pg(\d+)\+$`)

// condition knows [pg17+]: PostgreSQL 17 or newer.
func condition(name string, install pgtest.Install) (bool, error) {
	m := sinceMajor.FindStringSubmatch(name)
	if m == nil {
		return false, fmt.Errorf("unknown condition %q", name)
	}
	major, err := strconv.Atoi(m[1])
	return install.Major >= major, err
}
