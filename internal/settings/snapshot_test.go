package settings

import (
	"context"
	"testing"
	"time"
)

// TestReadParametersCancelled: wherever the cancel comes, the connection is not left inside of the transaction.
func TestReadParametersCancelled(t *testing.T) {
	conn := connect(t, shared)
	for i := range 60 {
		ctx, stop := context.WithTimeout(t.Context(), time.Duration(i)*150*time.Microsecond)
		_, failed := ReadParameters(ctx, conn)
		stop()
		if status := conn.Raw().PgConn().TxStatus(); status != 'I' {
			t.Fatalf("cancelled after %d x 150us (%v): transaction status %q", i, failed, status)
		}
		if err := conn.Alive(t.Context()); err != nil {
			t.Fatalf("cancelled after %d x 150us (%v): %v", i, failed, err)
		}
	}
	parameters, err := ReadParameters(t.Context(), conn)
	if err != nil || parameters["statement_timeout"].Source != "default" {
		t.Errorf("statement_timeout is %+v, %v", parameters["statement_timeout"], err)
	}
}
