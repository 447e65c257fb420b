package health

import (
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"avadb/internal/pgtest"
)

// signalAll sends a signal to the postmaster and to all its children.
func signalAll(t *testing.T, s *pgtest.Server, sig syscall.Signal) {
	t.Helper()
	pid, err := s.PID()
	if err != nil {
		t.Fatal(err)
	}
	family := []int{pid}
	raw, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range raw {
		text, err := os.ReadFile(path)
		if err != nil {
			continue // it ended meanwhile
		}
		_, rest, _ := strings.Cut(string(text), ") ")
		fields := strings.Fields(rest)
		if len(fields) > 1 && fields[1] == strconv.Itoa(pid) {
			child, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
			if err != nil {
				t.Fatal(err)
			}
			family = append(family, child)
		}
	}
	if len(family) < 3 {
		t.Fatalf("the postmaster has the children %v only", family)
	}
	for _, one := range family {
		if err := syscall.Kill(one, sig); err != nil && one == pid {
			t.Fatal(err)
		}
	}
}

// A server that is there and does nothing: connections are taken by its kernel, and no byte ever comes back.
func TestFrozenServer(t *testing.T) {
	t.Parallel()
	s := otherServer(t, nil)
	r := start(t, serving{dsn: s.DSN("postgres"), o: Options{Warm: 3}})
	r.turns(t, http.StatusOK)
	for range 2 {
		signalAll(t, s, syscall.SIGSTOP)
		if doc := r.turns(t, http.StatusServiceUnavailable); doc.Reason != "database_check_failed" || doc.Detail != "timeout" {
			t.Errorf("%+v", doc)
		}
		r.alive(t)
		began := time.Now()
		_, _, body := request(t, http.MethodGet, r.url+"/metrics", nil)
		if took := time.Since(began); took > 8*time.Second || !strings.Contains(body, "\npg_up 0\n") {
			t.Errorf("the metrics of a frozen server took %s", took)
		}
		signalAll(t, s, syscall.SIGCONT)
		r.turns(t, http.StatusOK)
	}
	signalAll(t, s, syscall.SIGSTOP)
	defer signalAll(t, s, syscall.SIGCONT)
	began := time.Now()
	r.finish(t)
	if took := time.Since(began); took > 3*time.Second {
		t.Errorf("it took %s to end while the server is frozen", took)
	}
}
