package cmd

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"avadb/internal/activity"
	"avadb/internal/fault"
	"avadb/internal/pg"
	"avadb/internal/render"
)

// connectionLists are the lists of the document by the word that picks them with --only, in their order: the long ones, which a small
// screen cuts, are the last.
func connectionLists() []string {
	return []string{"saturation", "blocking", "transactions", "leaks", "groups", "pools", "pooled"}
}

func checkLists(only []string) error {
	for _, name := range only {
		if !slices.Contains(connectionLists(), name) {
			return fault.New(fault.Usage, "connections has no list %q", name).WithHint("one or more of %s", strings.Join(connectionLists(), ", "))
		}
	}
	return nil
}

// blockingRow is a row of the tree as a person sees it.
type blockingRow struct {
	Session     string   `json:"session" col:""` // the process, further to the right the deeper it is
	Blocks      int      `json:"blocks" col:""`
	WaitS       *float64 `json:"wait_s" col:"num.0"`
	XactS       *float64 `json:"xact_s" col:"num.0,spare"`
	User        string   `json:"user" col:"spare"`
	Application string   `json:"application" col:"elastic,spare"`
	State       *string  `json:"state" col:"spare"`
	Lock        string   `json:"lock" col:""` // what it waits for, or holds: the last to be cut
	Query       *string  `json:"query" col:"elastic,spare"`
}

// transactionRow is an open transaction as a person sees it.
type transactionRow struct {
	Session     string   `json:"session" col:""`
	Reason      string   `json:"reason" col:""`
	XactS       *float64 `json:"xact_s" col:"num.0"`
	StateS      *float64 `json:"state_s" col:"num.0"`
	User        string   `json:"user" col:""`
	Application string   `json:"application" col:"elastic"`
	Database    string   `json:"database" col:""`
	Client      string   `json:"client" col:""`
	Query       string   `json:"query" col:"elastic"`
}

// leakRow is a suspect as a person sees it.
type leakRow struct {
	Application string  `json:"application" col:"elastic"`
	User        string  `json:"user" col:""`
	Client      string  `json:"client" col:""`
	Count       int     `json:"count" col:""`
	Reason      string  `json:"reason" col:""`
	OldestS     float64 `json:"oldest_s" col:"num.0"`
	Evidence    string  `json:"evidence" col:"elastic"`
}

// endRow is a row with the command that ends it; a terminal has it below the table, whole.
type (
	blockingEndRow struct {
		blockingRow
		End *string `json:"end" col:""`
	}
	transactionEndRow struct {
		transactionRow
		End string `json:"end" col:""`
	}
	leakEndRow struct {
		leakRow
		End string `json:"end" col:""`
	}
)

func blockingRowOf(b *activity.Blocking) blockingRow {
	return blockingRow{
		Session: strings.Repeat("  ", b.Depth) + sessionName(b.PID, b.GID), Blocks: b.Blocks, WaitS: b.WaitS, XactS: b.XactS, User: b.User,
		Application: withPooled(b.Application, b.Pooled), State: b.State, Lock: lockOf(b), Query: b.Query,
	}
}

func transactionRowOf(t *activity.Transaction) transactionRow {
	return transactionRow{
		Session: sessionName(t.PID, t.GID), Reason: t.Reason, XactS: t.XactS, StateS: t.StateS, User: t.User,
		Application: withPooled(t.Application, t.Pooled), Database: t.Database, Client: t.Client, Query: t.Query,
	}
}

func leakRowOf(l *activity.Leak) leakRow {
	return leakRow{l.Application, l.User, l.Client, l.Count, l.Reason, l.OldestS, l.Evidence}
}

// each makes the rows of a list.
func each[T, R any](list []T, row func(*T) R) []R {
	rows := make([]R, 0, len(list))
	for i := range list {
		rows = append(rows, row(&list[i]))
	}
	return rows
}

// tables are the lists as a person sees them.
func (d *connectionsDocument) tables(onTerminal bool) (transactions, blocking, leaks any) {
	if onTerminal {
		return each(d.Transactions, transactionRowOf), each(d.Blocking, blockingRowOf), each(d.Leaks, leakRowOf)
	}
	return each(d.Transactions, func(t *activity.Transaction) transactionEndRow { return transactionEndRow{transactionRowOf(t), t.End} }),
		each(d.Blocking, func(b *activity.Blocking) blockingEndRow { return blockingEndRow{blockingRowOf(b), b.End} }),
		each(d.Leaks, func(l *activity.Leak) leakEndRow { return leakEndRow{leakRowOf(l), l.End} })
}

// sessionName is a process, or a prepared transaction.
func sessionName(pid *int32, gid *string) string {
	switch {
	case pid != nil:
		return strconv.Itoa(int(*pid))
	case gid != nil && *gid != "":
		return "prepared " + pg.TypeableLiteral(*gid)
	}
	return "prepared"
}

func withPooled(application string, pooled *string) string {
	if pooled == nil {
		return application
	}
	return strings.TrimSpace(application + " (" + *pooled + ")")
}

// lockOf tells what a session waits for, else what it holds that others wait for.
func lockOf(b *activity.Blocking) string {
	text := b.Lock()
	if b.Relation != nil && text != "" {
		text = *b.Relation + ": " + text
	}
	if b.Deadlock {
		text += " (deadlock)"
	}
	return text
}

// rows are the lists to print: those that were asked for, else those that say something.
func (d *connectionsDocument) rows(a *app, only []string) []any {
	transactions, blocking, leaks := any(d.Transactions), any(d.Blocking), any(d.Leaks)
	if a.format == render.Table || a.format == render.Plain {
		transactions, blocking, leaks = d.tables(a.endsBelow())
	}
	var lists []any
	for _, list := range []struct {
		name  string
		rows  any
		count int
	}{
		{"saturation", d.Saturation, 1},
		{"blocking", blocking, len(d.Blocking)},
		{"transactions", transactions, len(d.Transactions)},
		{"leaks", leaks, len(d.Leaks)},
		{"groups", render.Without{Rows: d.Groups, Columns: d.notGrouped}, 1},
		{"pools", d.Pools, len(d.Pools)},
		{"pooled", d.Pooled, len(d.Pooled)},
	} {
		if slices.Contains(only, list.name) || len(only) == 0 && list.count > 0 {
			lists = append(lists, list.rows)
		}
	}
	return lists
}

// endsBelow tells a terminal: commands stand below the tables there, where nothing cuts them off.
func (a *app) endsBelow() bool {
	return a.format == render.Table && width(a.out) > 0 && a.flags.outFile == ""
}

// where names the database in which alone a prepared transaction can be ended.
func where(b *activity.Blocking) string {
	if b.GID == nil {
		return ""
	}
	return ", in database " + b.Database
}

// ends are the commands of the findings, whole: each session once.
func (d *connectionsDocument) ends(only []string) string {
	var b strings.Builder
	said := map[string]bool{}
	say := func(list, what string, commands ...string) {
		if said[commands[0]] || len(only) > 0 && !slices.Contains(only, list) {
			return
		}
		said[commands[0]] = true
		fmt.Fprintln(&b, render.Safe(what))
		for _, command := range commands {
			fmt.Fprintln(&b, "       "+render.Safe(command))
		}
	}
	for i := range d.Blocking {
		if row := &d.Blocking[i]; row.End != nil {
			say("blocking", fmt.Sprintf("%s blocks %s; to end it%s:", sessionName(row.PID, row.GID), countSessions(row.Blocks), where(row)), slices.Compact([]string{*row.End, *row.EndSQL})...)
		}
	}
	for i := range d.Blocking {
		if row := &d.Blocking[i]; row.RelationDB != nil {
			say("blocking", "for the names of relations of database "+*row.RelationDB+" add:", "-d "+shellQuote(*row.RelationDB))
		}
	}
	for _, l := range d.Leaks {
		say("leaks", fmt.Sprintf("%s of %s from %s: %s", l.Application, l.User, l.Client, l.Evidence), l.End)
	}
	for _, t := range d.Transactions {
		say("transactions", "to end "+sessionName(t.PID, t.GID)+":", t.End)
	}
	return b.String()
}
