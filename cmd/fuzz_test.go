package cmd

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"avadb/internal/fault"
	"avadb/internal/pg"
)

// FuzzConfigFile looks for a configuration file that makes reading it panic, whose error has no kind, or whose target shows
// its password.
func FuzzConfigFile(f *testing.F) {
	for _, seed := range []string{
		"output: json\ntimeout: 30s\ntargets:\n  prod:\n    dsn: postgres://u:%s@h/d\n", "targets: {a: {host: h, port: 05432}}\ndefault_target: a",
		"targets: {a: {dsn: 'host=h password=%s'}}", "targets:\n  a: &x {host: h}\n  b: *x", "a: &a [*a]", "output: [json]", "targets: null", "targets: {a: null}", "---\n---\n", "\xff\xfe", "{", "? ", "!!binary aGFsbG8=",
		"targets:\n  prod:\n    password: %s\n", "<<: {output: json}", "targets: {a: {dsn: \"postgres://u:%s@h:x/d\"}}",
	} {
		f.Add(seed)
	}
	path := filepath.Join(f.TempDir(), "config.yaml")
	f.Fuzz(func(t *testing.T, shape string) {
		const password = "sEcr3tQ7"
		if strings.Contains(shape, password) || strings.Contains(shape, "file") || strings.Contains(shape, "sslcert") || strings.Contains(shape, "sslkey") || strings.Contains(shape, "sslrootcert") {
			return // it would open whatever file it can name
		}
		text := strings.ReplaceAll(shape, "%s", password)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		a := newApp(strings.NewReader(""), &strings.Builder{}, &strings.Builder{})
		a.env = func(string) string { return "" }
		a.flags.configPath = path
		if err := a.readConfigFile(); err != nil {
			if e := fault.As(err); e == nil || e.Kind != fault.Config {
				t.Fatalf("%q: %v", text, err)
			}
			return
		}
		for name := range a.config.Targets {
			a.flags.target = name
			target, err := pg.Resolve(a.sources())
			if err != nil {
				if fault.As(err) == nil {
					t.Fatalf("%q: %v", text, err)
				}
				continue
			}
			if strings.Contains(target.CommandFlags(), password) && !strings.Contains(name, password) {
				t.Fatalf("%q: %s", text, target.CommandFlags())
			}
		}
	})
}

// FuzzCommandLine looks for a command line whose password reaches the journal.
func FuzzCommandLine(f *testing.F) {
	for _, seed := range []string{
		"--dsn\npostgres://u:%s@h/d", "--dsn=host=h password=%s", "--store\nhost=h password='it\\'s %s'", "--restart-command\nPGPASSWORD=%s pg_ctl restart", "--restart-command\ncurl -u x https://u:%s@h/",
		"--set\nprimary_conninfo=host=p password=%s", "-d\npostgres://u:%s@h/d", "--restart-command\nmysql --password=%s",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, shape string) {
		const password = "sEcr3tQ7"
		if strings.Contains(shape, password) || strings.Count(shape, "%s") != 1 {
			return
		}
		args := strings.Split(strings.ReplaceAll(shape, "%s", password), "\n")
		line := commandLine(args)
		for i, arg := range args {
			given := i > 0 && isConnectionString(args[i-1])
			_, value, assigned := strings.Cut(arg, "=")
			marked := strings.Contains(arg, "password="+password) || given && strings.Contains(arg, "://u:"+password+"@") || assigned && strings.HasPrefix(arg, "--dsn=") && strings.HasPrefix(value, "postgres://u:"+password+"@")
			if marked && strings.Contains(line, password) {
				t.Fatalf("%q: %s", args, line)
			}
		}
	})
}
