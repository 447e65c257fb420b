package settings

import (
	"maps"
	"testing"
)

func TestParseOptions(t *testing.T) {
	for line, want := range map[string]map[string]string{
		"/usr/bin/postgres\n": {},
		`/usr/lib/postgresql/15/bin/postgres "-D" "/var/lib/postgresql/15/main" "-c" "config_file=/etc/postgresql/15/main/postgresql.conf"` + "\n": {
			"data_directory": "/var/lib/postgresql/15/main", "config_file": "/etc/postgresql/15/main/postgresql.conf",
		},
		`/bin/postgres "-cwork_mem=8MB" "--max-connections=99" "-p" "5433" "-B1GB" "-i" "-c" "work_mem=9MB"`: {
			"work_mem": "9MB", "max_connections": "99", "port": "5433", "shared_buffers": "1GB",
		},
		`/bin/postgres "-c" "search_path="$user", public" "-k" ""`: {"search_path": `"$user", public`, "unix_socket_directories": ""},
		`/bin/postgres "-c"`: {},
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
