package pglog_test

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"avadb/internal/pglog"
)

// A file that this user may not read is told as that, and the others are read. Root reads all, and so the test is somebody else for the
// file system, for as long as it lasts.
func TestMayNotBeRead(t *testing.T) {
	raw, err := os.ReadFile("testdata/edge/p_debian.csv")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "secret.csv")
	if err := os.WriteFile(path, raw, 0); err != nil {
		t.Fatal(err)
	}
	if os.Geteuid() == 0 {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		if err := syscall.Setfsuid(65534); err != nil {
			t.Fatal(err)
		}
		defer syscall.Setfsuid(0) //nolint:errcheck // the thread goes back to what it was
	}
	r, err := pglog.Run(t.Context(), []string{path}, nil, pglog.Options{Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	if f := r.Files[0]; f.Error == nil || !strings.Contains(*f.Error, "may not be read by this user") && !strings.Contains(*f.Error, "no such file") {
		t.Errorf("%+v", f)
	} else if strings.Contains(*f.Error, "no such file") {
		t.Errorf("not looked at as a file that is there: %s", *f.Error)
	}
}
