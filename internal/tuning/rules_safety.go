package tuning

import "avadb/internal/units"

// safeguards are the parameters whose other setting can cost data, which no rollback brings back.
func safeguards() []struct {
	name    string
	safe    bool // the setting that keeps data
	harm    string
	warning bool // it costs something, but no data that was confirmed to be on disk
} {
	return []struct {
		name    string
		safe    bool
		harm    string
		warning bool
	}{
		{"fsync", true, "a crash of the machine can leave the whole cluster corrupt", false},
		{"full_page_writes", true, "a crash in the middle of a write can leave torn pages that recovery does not mend", false},
		{"zero_damaged_pages", false, "reading a damaged page empties it, and its rows are gone", false},
		{"ignore_checksum_failure", false, "damaged pages are read and written on as if they were sound", false},
		{"autovacuum", true, "tables bloat, their statistics age, and at the end the server has to stop against wraparound", true},
		{"track_counts", true, "autovacuum does not see what to do", true},
		{"synchronous_commit", true, "a crash can lose the last transactions, though their clients were told that they are committed", true},
	}
}

// ruleSafeguards asks for --force where the user switches off what keeps the data.
func ruleSafeguards(v *validation) {
	for _, guard := range safeguards() {
		on, isBool := units.ParseBool(v.future.text(guard.name))
		switch {
		case !v.future.asked(guard.name) || !isBool || on == guard.safe:
		case guard.warning:
			v.warn(guard.name, "%s = %s: %s", guard.name, v.future.text(guard.name), guard.harm)
		default:
			v.risk(guard.name, "keep it as it is; --force if this server's data can be thrown away",
				"%s = %s: %s, and no rollback brings that back", guard.name, v.future.text(guard.name), guard.harm)
		}
	}
}
