package cmd

import (
	"avadb/internal/rehearsal"
	"avadb/internal/settings"
	"avadb/internal/tuning"
)

type tuneDocument struct {
	head
	ChangeSet       *string            `json:"change_set"`       // null where nothing was written
	DryRun          bool               `json:"dry_run"`          // nothing was written
	Profile         string             `json:"profile"`          // quickwins, web, oltp, dw, mixed or desktop; the priority class with --for-role and --for-db
	Storage         *tuning.Storage    `json:"storage"`          // ssd, nvme, hdd or san; null with --for-role and --for-db
	RAMBytes        int64              `json:"ram_bytes"`        // tuned for
	CPUs            *int               `json:"cpus"`             // tuned for; null: not known
	DBBytes         *int64             `json:"db_bytes"`         // what the databases will hold, as --db-size says; null: not given
	RestartRequired bool               `json:"restart_required"` // a value waits for a restart of the server
	OfflineRollback *string            `json:"offline_rollback"` // the command line for the day the server does not start
	Memory          memoryDocument     `json:"memory"`           // the worst case next to what there is
	Warnings        []string           `json:"warnings"`         // what to know before relying on it
	Settings        []settings.Setting `json:"settings"`         // one line a parameter
	Evidence        *tuning.Evidence   `json:"evidence"`         // what the server has counted; null with --no-evidence, and for quickwins without --explain
	Rehearsal       *rehearsal.Result  `json:"rehearsal"`        // whether the server would start with them; null: nothing to try out
	Probation       *probationDocument `json:"probation"`        // what became of it on probation; null: it was on none
}

type memoryDocument struct {
	WorstCaseBytes *int64 `json:"worst_case_bytes"` // work_mem x max_connections; null where not known
	PlannedBytes   *int64 `json:"planned_bytes"`    // shared_buffers, maintenance, and a hash in every session and worker; null where not known
	RAMBytes       int64  `json:"ram_bytes"`        // tuned for
}

func newMemoryDocument(m tuning.Memory) memoryDocument {
	doc := memoryDocument{RAMBytes: m.RAMBytes}
	if m.WorstCaseBytes > 0 {
		doc.WorstCaseBytes = &m.WorstCaseBytes
	}
	if m.PlannedBytes > 0 {
		doc.PlannedBytes = &m.PlannedBytes
	}
	return doc
}
