package statements

import (
	"strings"

	"avadb/internal/fault"
	"avadb/internal/settings"
	"avadb/internal/units"
)

// NeededSettings are the parameters without which the counters stay empty or without times. running gives the server's
// value of a parameter.
func NeededSettings(running func(name string) string) []settings.Wanted {
	wanted := []settings.Wanted{{
		Name: "track_io_timing", Value: "on", Reason: "without it the I/O times of statements stay 0",
		Source: "PostgreSQL docs, 20.9 Run-time Statistics",
	}}
	query := settings.Wanted{
		Name: "compute_query_id", Value: running("compute_query_id"), Reason: "pg_stat_statements needs query identifiers",
		Source: "PostgreSQL docs, F.32 pg_stat_statements",
	}
	if query.Value != "on" && query.Value != "auto" {
		query.Value = "auto"
	}
	return append(wanted, query)
}

// OwnSettings are the parameters of pg_stat_statements itself, as far as the user gave a value.
func OwnSettings(track, limit, save string) []settings.Wanted {
	var wanted []settings.Wanted
	for _, own := range []struct{ name, value string }{{"track", track}, {"max", limit}, {"save", save}} {
		if own.value != "" {
			wanted = append(wanted, settings.Wanted{
				Name: Library + "." + own.name, Value: own.value, Reason: "given by --" + own.name, Source: "the user",
			})
		}
	}
	return wanted
}

// CheckOwnSettings refuses wrong values before anything is written. Before the library is loaded the server takes any
// text for these from 17 up, and none before.
func CheckOwnSettings(track, limit, save string) error {
	if track != "" && track != "top" && track != "all" && track != "none" {
		return fault.New(fault.Usage, "--track %s is not valid", track).WithHint("use top, all or none")
	}
	if n, ok := units.BaseInt(limit, ""); limit != "" && (!ok || n < 100 || n > 1<<30-1) {
		return fault.New(fault.Usage, "--max %s is not valid", limit).WithHint("give a number from 100 to 1073741823")
	}
	if _, ok := units.ParseBool(save); save != "" && !ok {
		return fault.New(fault.Usage, "--save %s is not valid", strings.TrimSpace(save)).WithHint("use on or off")
	}
	return nil
}
