package pg

import (
	"context"
	"errors"
	"testing"
)

// A connection that could not be marked is not kept: the next one to ask would take it for marked.
func TestDatabasesKeepNoUnmarkedConnection(t *testing.T) {
	main := mustConnect(t, server.DSN("postgres"), Options{})
	refused := errors.New("not now")
	var opened []*Conn
	d := NewDatabases(main, Options{}, func(_ context.Context, c *Conn) error {
		if opened = append(opened, c); len(opened) == 1 {
			return refused
		}
		return nil
	})
	t.Cleanup(d.Close)
	if c, err := d.On(t.Context(), "template1"); c != nil || !errors.Is(err, refused) {
		t.Fatalf("%v, %v", c, err)
	}
	if opened[0].Alive(t.Context()) == nil {
		t.Error("the unmarked connection is open")
	}
	second, err := d.On(t.Context(), "template1")
	if err != nil || len(opened) != 2 || second != opened[1] {
		t.Fatalf("%d connections were marked, %v", len(opened), err)
	}
	if again, err := d.On(t.Context(), "template1"); again != second || err != nil || len(opened) != 2 {
		t.Errorf("asked again: %v, marked %d times", err, len(opened))
	}
}
