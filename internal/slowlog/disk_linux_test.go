package slowlog

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// The server's disk is full in the middle of a file: a limit on what its backend may write is the same to PostgreSQL. What was committed
// stays, and once there is room the rest follows, with the cursors and without.
func TestIngestOnAFullDisk(t *testing.T) {
	for _, cursors := range []string{"kept", "lost"} {
		t.Run(cursors, func(t *testing.T) {
			r := newIngestRig(t)
			run(t, r.admin, "ALTER TABLE slow_query_log SET (fillfactor = 10)")
			const rows = 40_000
			path := r.write(t, "a.log", logOf(0, rows))
			limit := func(size string) { // as the server's user, who alone may
				t.Helper()
				out, err := shared.Command(t.Context(), "prlimit", "--pid", strconv.Itoa(int(r.conn.PID())), "--fsize="+size+":").CombinedOutput()
				if err != nil {
					t.Fatalf("prlimit: %v: %s", err, out)
				}
			}
			in := r.ingester(t, r.conn, IngestOptions{Threshold: 100 * time.Millisecond})
			limit("17825792") // more than a WAL segment
			done, err := in.File(t.Context(), path)
			if err == nil || !strings.Contains(err.Error(), "could not extend") {
				t.Fatalf("%+v, %v", done, err)
			}
			limit("unlimited")
			got, err := strconv.ParseInt(value(t, r.admin, "SELECT count(*) FROM slow_query_log"), 10, 64)
			if err != nil || got == 0 || got >= rows || got != done.RowsAdded {
				t.Errorf("%d rows of %+v, %v", got, done, err)
			}
			if cursors == "lost" {
				if err := os.RemoveAll(filepath.Join(r.state, "ingest")); err != nil {
					t.Fatal(err)
				}
			}
			if rest := r.ingest(t, path); rest.RowsAdded != rows-got || rest.Error != nil || cursors == "kept" && rest.From == 0 {
				t.Errorf("the rest: %+v", rest)
			}
			r.wantRows(t, rows)
		})
	}
}
