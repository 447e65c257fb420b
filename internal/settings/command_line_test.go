package settings

import (
	"maps"
	"os"
	"path/filepath"
	"testing"
)

func TestParseOptions(t *testing.T) {
	for line, want := range map[string]map[string]string{
		"/usr/bin/postgres\n": {},
		`/usr/lib/postgresql/15/bin/postgres "-D" "/var/lib/postgresql/15/main" "-c" "config_file=/etc/postgresql/15/main/postgresql.conf"` + "\n": {
			"data_directory": "/var/lib/postgresql/15/main", "config_file": "/etc/postgresql/15/main/postgresql.conf",
		},
		`/bin/postgres "-cwork_mem=8MB" "--max-connections=99" "-p" "5433" "-B1GB" "-i" "-c" "work_mem=9MB"`: {
			"work_mem": "9MB", "max_connections": "99", "port": "5433", "shared_buffers": "1GB", "listen_addresses": "*",
		},
		`/bin/postgres "-F" "-e" "-l" "-E" "-s" "-O" "-P"`: {
			"fsync": "off", "datestyle": "euro", "ssl": "on", "log_statement": "all", "log_statement_stats": "on",
			"allow_system_table_mods": "on", "ignore_system_indexes": "on",
		},
		`/bin/postgres "-Fip5433" "-bN" "90" "-Fcwork_mem=8MB" "-i-jit=off"`: {
			"fsync": "off", "listen_addresses": "*", "port": "5433", "max_connections": "90", "work_mem": "8MB", "jit": "off",
		},
		`/bin/postgres "-i" "-h" "db1" "-f" "m" "-fs" "-t" "pl" "-tpa" "-te" "-C" "port" "-r" "x" "-W" "5"`: {
			"listen_addresses": "db1", "enable_mergejoin": "off", "enable_seqscan": "off", "log_planner_stats": "on", "log_parser_stats": "on",
			"log_executor_stats": "on", "post_auth_delay": "5",
		},
		`/bin/postgres "-d" "0"`: {"log_min_messages": "notice"},
		`/bin/postgres "-d1"`:    {"log_min_messages": "debug1", "log_connections": "on", "log_disconnections": "on"},
		`/bin/postgres "-d" "5"`: {
			"log_min_messages": "debug5", "log_connections": "on", "log_disconnections": "on", "log_statement": "all",
			"debug_print_parse": "on", "debug_print_plan": "on", "debug_print_rewritten": "on",
		},
		`/bin/postgres "--" "-" "-p" "1"`:                          {},
		`/bin/postgres "-" "-f" "" "-t" "" "-p"`:                   {"port": ""},
		`/bin/postgres "-c" "search_path="$user", public" "-k" ""`: {"search_path": `"$user", public`, "unix_socket_directories": ""},
		`/bin/postgres "-c"`:                                       {},
	} {
		if got := ParseOptions(line); !maps.Equal(got, want) {
			t.Errorf("%s: %q, want %q", line, got, want)
		}
	}
}

func FuzzParseOptions(f *testing.F) {
	f.Add(`/bin/postgres "-c" "a=b"`)
	f.Add(`postgres "-c`)
	f.Fuzz(func(_ *testing.T, line string) { ParseOptions(line) })
}

// A path or a value on the command line can be in another encoding than the database; what else stands there is known.
func TestCommandLineInAnotherEncoding(t *testing.T) {
	path := filepath.Join(shared.DataDir, "postmaster.opts")
	pristine, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.WriteFile(path, pristine, 0o600); err != nil {
			t.Error(err)
		}
	})
	if err := os.WriteFile(path, []byte("/bin/postgres \"-D\" \"/srv/caf\xe9\" \"-c\" \"jit=off\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	line, err := ReadCommandLine(t.Context(), connect(t, shared))
	if err != nil || !line.Known || !maps.Equal(line.Values, map[string]string{"data_directory": "/srv/caf\uFFFD", "jit": "off"}) {
		t.Errorf("%+v, %v", line, err)
	}
}
