package tuning

import (
	"fmt"
	"strings"
	"testing"

	"avadb/internal/fault"
)

func TestTimeouts(t *testing.T) {
	for class, want := range map[string]string{
		"critical":   "statement_timeout=5s lock_timeout=2500ms idle_in_transaction_session_timeout=60s transaction_timeout=60s",
		"high":       "statement_timeout=10s lock_timeout=5s idle_in_transaction_session_timeout=60s transaction_timeout=60s",
		"normal":     "statement_timeout=30s lock_timeout=10s idle_in_transaction_session_timeout=60s transaction_timeout=60s",
		"low":        "statement_timeout=60s lock_timeout=10s idle_in_transaction_session_timeout=60s transaction_timeout=120s",
		"background": "statement_timeout=120s lock_timeout=10s idle_in_transaction_session_timeout=60s transaction_timeout=240s",
	} {
		recs, err := Timeouts(class, 17)
		var got []string
		for _, r := range recs {
			got = append(got, r.Name+"="+r.Value)
		}
		if err != nil || strings.Join(got, " ") != want {
			t.Errorf("%s: %v, %v", class, got, err)
		}
		older, err := Timeouts(class, 16)
		if last := older[len(older)-1]; err != nil || !last.Skip || last.Value != "" || last.Name != "transaction_timeout" {
			t.Errorf("%s on 16: %+v, %v", class, last, err)
		}
	}
	if _, err := Timeouts("urgent", 17); fault.KindOf(err) != fault.Usage || !strings.Contains(fmt.Sprint(fault.As(err).Hint), "critical") {
		t.Error(err)
	}
}
