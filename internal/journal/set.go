package journal

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Kind says what an item changes. It is part of the JSON contract.
type Kind string

// The kinds of item.
const (
	SystemSetting Kind = "system_setting" // an entry of postgresql.auto.conf
	RoleSetting   Kind = "role_setting"   // a parameter that a role or a database sets for itself
	PreloadEntry  Kind = "preload_entry"  // one library in shared_preload_libraries
	ExtensionKind Kind = "extension"      // an extension in one database
	TableKind     Kind = "table"          // a table of avadb's in one database
	GrantKind     Kind = "grant"          // a privilege that a role was given in one database
	EventKind     Kind = "event"          // kept for the audit: no rollback takes it back
)

// State is what stands for an item: whether it is there, and its value as the server keeps it (the raw text of
// postgresql.auto.conf, the version of an extension, the layout of a table). Value is nil where it is absent.
type State struct {
	Present bool    `json:"present"` // whether it is there
	Value   *string `json:"value"`   // as the server keeps it: the text of postgresql.auto.conf, the version of an extension, the layout of a table; null where it is absent
}

// Present is the state of something that is there.
func Present(value string) State { return State{Present: true, Value: &value} }

// Absent is the state of something that is not there.
func Absent() State { return State{} }

// Text is the value, empty where there is none.
func (s State) Text() string {
	if s.Value == nil {
		return ""
	}
	return *s.Value
}

// String shows the state in a table.
func (s State) String() string {
	if !s.Present {
		return "(absent)"
	}
	return s.Text()
}

// Item is one thing on a server that avadb can change. Applying and undoing are the same act: Write brings the
// server to a state, whether that is ours or the one that stood before.
type Item interface {
	Kind() Kind
	Name() string
	// Database is where the item lives; empty for what belongs to the whole server.
	Database() string
	// Read gives what stands now.
	Read(ctx context.Context) (State, error)
	// Write brings the server to the state. A *KeptError says that it must not be done, and why.
	Write(ctx context.Context, to State) error
	// Same compares two states by meaning.
	Same(a, b State) bool
}

// KeptError is returned by Item.Write where undoing would break something; the item is kept and reported.
type KeptError struct{ Reason string }

func (e *KeptError) Error() string { return e.Reason }

// Change is an item and the state avadb wants it in.
type Change struct {
	Item Item
	Ours State
	// Irreversible marks what no rollback can take back, such as ALTER EXTENSION UPDATE.
	Irreversible bool
}

// Factory makes the item that a record in the journal speaks of.
type Factory func(r Record) (Item, error)

// SetState is the state of a change set. It is part of the JSON contract.
type SetState string

// The states of a change set.
const (
	SetApplied SetState = "applied" // all items stand
	SetPartial SetState = "partial" // something failed and not all of it could be undone
	SetOpen    SetState = "open"    // being applied, or a crash in between
	SetUndone  SetState = "undone"  // a rollback has gone over all of it, or a failure was undone at once
)

// Progress of one record within its set.
type Progress string

// The progress of a record.
const (
	Pending    Progress = "pending" // not written yet, or a crash before it could be marked
	Written    Progress = "applied"
	RolledBack Progress = "undone"
	KeptAsIs   Progress = "kept"
	FailedItem Progress = "failed"
)

// Record is an item as the journal keeps it.
type Record struct {
	Kind         Kind     `json:"kind" col:""`            // what it changes
	Name         string   `json:"name" col:""`            // parameter, library, extension, table, grant, or what happened
	Database     string   `json:"database" col:""`        // of an extension, table or grant; empty for what belongs to the whole server
	Before       State    `json:"before" col:"left"`      // what stood before
	Ours         State    `json:"ours" col:"left"`        // what avadb wrote or was about to
	State        Progress `json:"state" col:"status"`     // what became of it
	Irreversible bool     `json:"irreversible,omitempty"` // no rollback can take it back
	Error        string   `json:"error" col:"elastic"`    // of an item that failed

	olderOurs []State // of Merged: what else of avadb's can stand, newest first
}

// inConfiguration tells whether any of the records stands in the server's configuration files.
func inConfiguration(records []Record) bool {
	return slices.ContainsFunc(records, func(r Record) bool { return r.Kind == SystemSetting || r.Kind == PreloadEntry })
}

// isNamed tells whether a person means this record: a parameter of a role goes by its own name, too.
func (r Record) isNamed(name string) bool {
	own := r.Name[strings.LastIndexByte(r.Name, ' ')+1:]
	return strings.EqualFold(name, r.Name) || r.Kind == RoleSetting && strings.EqualFold(name, own)
}

// sameItem tells whether two records speak of the same thing. Names of parameters fold; those of roles and tables do not.
func (r Record) sameItem(o Record) bool {
	if r.Kind != o.Kind || r.Database != o.Database {
		return false
	}
	switch r.Kind {
	case RoleSetting, TableKind, GrantKind, EventKind:
		return r.Name == o.Name
	case SystemSetting, PreloadEntry, ExtensionKind:
	}
	return strings.EqualFold(r.Name, o.Name)
}

// Node names a server by what it reports of itself, so that a socket, 127.0.0.1 and ::1 are one node.
type Node struct {
	SystemIdentifier string `json:"system_identifier"`        // the cluster's; text: it exceeds 2^53
	Port             int    `json:"port"`                     // it listens on
	DataDirectory    string `json:"data_directory,omitempty"` // empty where the role may not see it
	Address          string `json:"address"`                  // as the server sees it; empty over a socket
	Timeline         int    `json:"timeline"`                 // grows with each promotion
	InRecovery       bool   `json:"in_recovery"`              // it was a standby
}

// Is tells whether n, as it was when a change was made, can be the node that now describes itself as o. A standby shares
// its primary's system identifier, and so the port and, where both saw it, the data directory decide. Two hosts in the usual
// layout have these in common as well: a primary keeps its timeline over a crash and a restart, so that a higher one, or
// another role, means a promotion.
func (n Node) Is(o Node) bool {
	switch {
	case n.SystemIdentifier != o.SystemIdentifier, n.Port != o.Port, n.InRecovery != o.InRecovery:
		return false
	case !n.InRecovery && n.Timeline > 0 && o.Timeline > n.Timeline:
		return false
	}
	return n.DataDirectory == "" || o.DataDirectory == "" || n.DataDirectory == o.DataDirectory
}

// String describes the node in a message.
func (n Node) String() string {
	role := "primary"
	if n.InRecovery {
		role = "standby"
	}
	return fmt.Sprintf("%s on timeline %d, port %d, data directory %q, address %s", role, n.Timeline, n.Port, n.DataDirectory, n.Address)
}

// ConfigFile is what avadb knows of postgresql.auto.conf where it runs on the server's host and may read it.
type ConfigFile struct {
	Backup      string `json:"backup"`       // file name beside the set's own: the bytes that stood before
	AfterSHA256 string `json:"after_sha256"` // of the file as avadb left it, hex; empty while the set is open
}

// Set is a change set.
type Set struct {
	ID          string      `json:"id"`
	Rev         int         `json:"rev"` // grows with each writing; the higher one wins between file and database
	Command     string      `json:"command"`
	CommandLine string      `json:"command_line"` // without secrets
	Node        Node        `json:"node"`
	Actor       string      `json:"actor"` // operating system user
	Role        string      `json:"role"`  // PostgreSQL role
	Host        string      `json:"host"`  // where avadb ran
	StartedAt   time.Time   `json:"started_at"`
	FinishedAt  *time.Time  `json:"finished_at"`
	State       SetState    `json:"state"`
	Undoes      []string    `json:"undoes,omitempty"` // a rollback: the sets it went over
	UndoneBy    *string     `json:"undone_by"`
	ConfigFile  *ConfigFile `json:"config_file,omitempty"`
	Probation   *Probation  `json:"probation,omitempty"` // nil where it was kept for good at once
	Items       []Record    `json:"items"`
}

// InConfiguration tells whether the set changed the server's configuration files: what can keep a server from starting.
func (s *Set) InConfiguration() bool { return inConfiguration(s.Items) }

// EventsAlone tells whether there is nothing in the set that could be undone.
func (s *Set) EventsAlone() bool {
	return len(s.Items) > 0 && !slices.ContainsFunc(s.Items, func(r Record) bool { return r.Kind != EventKind })
}

// IsRollback tells whether the set undoes others.
func (s *Set) IsRollback() bool { return len(s.Undoes) > 0 }
