package statements

import (
	"strings"
	"testing"
	"time"
)

// After a reset of one statement nobody can tell what it had counted, though the begin of all lies in the window.
func TestSinceAfterAResetOfOneStatement(t *testing.T) {
	d := newDatabase(t, "")
	mustExec(t, d.app, reset)
	for range 5 {
		mustExec(t, d.app, "SELECT pi()")
	}
	answer, err := Since(t.Context(), d.avadb, Ago(time.Hour), Scope{By: ByTotal, Database: d.avadb.Server.Database})
	if err != nil || answer.row(t, "pi()").Confidence != Exact {
		t.Fatalf("before: %+v, %v", answer, err)
	}
	time.Sleep(10 * time.Millisecond)
	mustExec(t, d.app, "SELECT pg_stat_statements_reset(0, 0, queryid) FROM pg_stat_statements WHERE query = 'SELECT pi()'", "SELECT pi()")
	answer, err = Since(t.Context(), d.avadb, Ago(time.Hour), Scope{By: ByTotal, Database: d.avadb.Server.Database})
	if err != nil {
		t.Fatal(err)
	}
	if row := answer.row(t, "pi()"); row.Calls != 1 || row.Confidence != LowerBound {
		t.Errorf("%+v", row)
	}
	if all := strings.Join(answer.Window.Reasons, "; "); !strings.Contains(all, "single statements were reset 1 times") {
		t.Errorf("the reasons: %s", all)
	}
}
