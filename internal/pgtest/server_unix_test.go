//go:build unix

package pgtest

import (
	"errors"
	"io"
	"os"
	"syscall"
	"testing"
	"time"
)

// A server that inherited the write end of a pipe would keep its reader waiting for as long as it runs.
func TestServerInheritsNothing(t *testing.T) {
	var ends [2]int
	if err := syscall.Pipe(ends[:]); err != nil { // os.Pipe's ends are never inherited
		t.Fatal(err)
	}
	reader := os.NewFile(uintptr(ends[0]), "reader")
	start(t, Options{})
	if err := syscall.Close(ends[1]); err != nil {
		t.Fatal(err)
	}
	closed := make(chan error, 1)
	go func() {
		_, err := reader.Read(make([]byte, 1))
		closed <- err
	}()
	select {
	case err := <-closed:
		if !errors.Is(err, io.EOF) {
			t.Error(err)
		}
	case <-time.After(time.Minute):
		t.Error("the server holds the pipe")
	}
}
