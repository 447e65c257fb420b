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

// connectionLists are the lists of the document by the word that picks them with --only, in their order.
func connectionLists() []string {
	return []string{"saturation", "groups", "transactions", "blocking", "leaks", "pools", "pooled"}
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
	XactS       *float64 `json:"xact_s" col:"num.0"`
	User        string   `json:"user" col:""`
	Application string   `json:"application" col:""`
	State       *string  `json:"state" col:""`
	Lock        string   `json:"lock" col:""` // what it waits for, or holds
	Query       *string  `json:"query" col:"elastic"`
	End         *string  `json:"end" col:"elastic"`
}

// blockingTable draws the tree.
func blockingTable(tree []activity.Blocking) []blockingRow {
	rows := make([]blockingRow, 0, len(tree))
	for i := range tree {
		b := &tree[i]
		rows = append(rows, blockingRow{
			Session: strings.Repeat("  ", b.Depth) + nameOfBlocking(b), Blocks: b.Blocks, WaitS: b.WaitS, XactS: b.XactS, User: b.User,
			Application: applicationOf(b), State: b.State, Lock: lockOf(b), Query: b.Query, End: b.End,
		})
	}
	return rows
}

func nameOfBlocking(b *activity.Blocking) string {
	if b.PID != nil {
		return strconv.Itoa(int(*b.PID))
	}
	return "prepared " + pg.Literal(*b.GID)
}

func applicationOf(b *activity.Blocking) string {
	if b.Pooled != nil {
		return b.Application + " (" + *b.Pooled + ")"
	}
	return b.Application
}

// lockOf tells what a session waits for, else what it holds that others wait for.
func lockOf(b *activity.Blocking) string {
	var words []string
	switch {
	case b.LockMode != nil:
		words = append(words, "waits for", *b.LockMode, "on a", *b.LockType)
	case b.HeldMode != nil:
		words = append(words, "holds", *b.HeldMode)
	}
	if b.Relation != nil && len(words) > 0 {
		words = append(words, "of", *b.Relation)
	}
	if b.Deadlock {
		words = append(words, "(deadlock)")
	}
	return strings.Join(words, " ")
}

// rows are the lists to print: those that were asked for, else those that say something.
func (d *connectionsDocument) rows(a *app, only []string) []any {
	forPeople := a.format == render.Table || a.format == render.Plain
	blocking := any(d.Blocking)
	if forPeople {
		blocking = blockingTable(d.Blocking)
	}
	var lists []any
	for _, list := range []struct {
		name  string
		rows  any
		count int
	}{
		{"saturation", d.Saturation, 1},
		{"groups", d.Groups, 1},
		{"transactions", d.Transactions, len(d.Transactions)},
		{"blocking", blocking, len(d.Blocking)},
		{"leaks", d.Leaks, len(d.Leaks)},
		{"pools", d.Pools, len(d.Pools)},
		{"pooled", d.Pooled, len(d.Pooled)},
	} {
		if slices.Contains(only, list.name) || len(only) == 0 && list.count > 0 {
			lists = append(lists, list.rows)
		}
	}
	return lists
}

// ends are the commands of the findings, whole: a narrow terminal has cut them off in the table.
func (d *connectionsDocument) ends(only []string) string {
	var b strings.Builder
	shown := func(list string) bool { return len(only) == 0 || slices.Contains(only, list) }
	for i := range d.Blocking {
		if row := &d.Blocking[i]; row.End != nil && shown("blocking") {
			fmt.Fprintf(&b, "to end %s, which blocks %d:\n       %s\n", render.Safe(nameOfBlocking(row)), row.Blocks, render.Safe(*row.End))
			if *row.EndSQL != *row.End {
				fmt.Fprintf(&b, "       or %s\n", *row.EndSQL)
			}
		}
	}
	for _, l := range d.Leaks {
		if shown("leaks") {
			fmt.Fprintf(&b, "%s of %s from %s: %s\n       %s\n", render.Safe(l.Application), render.Safe(l.User), l.Client, render.Safe(l.Evidence), render.Safe(l.End))
		}
	}
	return b.String()
}
