package checks

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"avadb/internal/units"
)

// standby is a client that takes WAL from this primary.
type standby struct {
	Name    string
	State   string
	Replays bool     // it reports a position of replaying; pg_receivewal never does
	Seconds *float64 // nil: the server has measured nothing lately, as when all is replayed, or when replay stands still
	Bytes   int64    // of WAL not replayed yet
}

// unmeasuredBytes is how much WAL a standby may be behind while no lag is measured: four segments of 16 MB, which is more than
// what is on its way to one that follows.
const unmeasuredBytes = 64 << 20

const showStandbys = "SELECT application_name, client_addr, state, sent_lsn, replay_lsn, replay_lag FROM pg_catalog.pg_stat_replication"

func judgeStandbys(t Threshold, clients []standby, leaveOut string) Outcome {
	var standbys []standby
	var others []string
	for _, s := range clients {
		if s.Replays {
			standbys = append(standbys, s)
		} else {
			others = append(others, fmt.Sprintf("%q (%s)", s.Name, s.State))
		}
	}
	beside := ""
	if len(others) > 0 {
		beside = "; takes WAL and reports no replaying: " + strings.Join(others, ", ")
	}
	if len(standbys) == 0 {
		return skipped("no standby is attached"+beside, leaveOut)
	}
	worst := slices.MaxFunc(standbys, func(a, b standby) int {
		return cmp.Or(a.judge(t, "").Status.rank()-b.judge(t, "").Status.rank(), cmp.Compare(a.lag(), b.lag()), cmp.Compare(a.Bytes, b.Bytes))
	})
	detail := fmt.Sprintf("%d attached; the last: %q (%s), %s of WAL behind", len(standbys), worst.Name, worst.State, units.HumanSize(worst.Bytes))
	o := worst.judge(t, detail)
	o.Detail += beside
	return o
}

// judge takes a standby without a measured lag for one that follows only where it streams and is next to nothing behind.
func (s standby) judge(t Threshold, detail string) Outcome {
	if s.Seconds == nil && (s.Bytes > unmeasuredBytes || s.State != "streaming") {
		return found(Warn, detail+", and no lag is measured", showStandbys)
	}
	return t.measured(s.lag(), detail, showStandbys)
}

func (s standby) lag() float64 {
	if s.Seconds == nil {
		return 0
	}
	return *s.Seconds
}
