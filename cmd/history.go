package cmd

import (
	"context"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"avadb/internal/journal"
	"avadb/internal/pg"
)

type historyDocument struct {
	head
	ChangeSets []changeSetRow `json:"change_sets"` // oldest first; with an ID that one alone
}

// changeSetRow is a change set as history shows it.
type changeSetRow struct {
	ID          string             `json:"id"`                 // UUIDv7; any unique prefix names it
	ShortID     string             `json:"short_id" col:""`    // enough characters to name it
	Command     string             `json:"command" col:""`     // such as tune
	State       journal.SetState   `json:"state" col:"status"` // what became of it
	StartedAt   time.Time          `json:"started_at" col:""`  // when the set was written down, before its first change
	FinishedAt  *time.Time         `json:"finished_at"`        // null while it is open
	Actor       string             `json:"actor" col:""`       // operating system user
	Role        string             `json:"role"`               // PostgreSQL role
	Host        string             `json:"host" col:""`        // where avadb ran
	UndoneBy    *string            `json:"undone_by"`          // id of the rollback that went over all of it
	Undoes      []string           `json:"undoes"`             // of a rollback: ids of the sets it went over
	CommandLine string             `json:"command_line"`       // without secrets
	Node        journal.Node       `json:"node"`               // the server it changed
	Probation   *journal.Probation `json:"probation"`          // how it is or was watched; null: it was not
	ItemCount   int                `json:"item_count" col:""`  // how many items it has
	Items       []journal.Record   `json:"items"`              // in the order they were written
}

func newHistory(a *app) *cobra.Command {
	c := newCommand(spec{
		use: "history [ID]", short: "The change sets of this server, or one of them in full", args: atMost(1),
		example:    "avadb history\navadb history 019a\navadb history -o json | jq '.change_sets[] | select(.state == \"open\")'",
		privileges: "  any role; SELECT on avadb.change_set for what other hosts did",
		exits:      "  2  no such change set",
	}, func(ctx context.Context, _ *cobra.Command, args []string) error {
		return a.withJournal(ctx, pg.Options{Class: pg.Normal}, func(conn *pg.Conn, j *journal.Journal) error {
			sets, err := j.Sets(ctx)
			if err != nil {
				return err
			}
			short := journal.ShortIDs(sets)
			if len(args) == 1 {
				one, err := journal.Find(sets, args[0])
				if err != nil {
					return err
				}
				return a.printSet(conn, one, short)
			}
			doc := historyDocument{head: a.head("history", conn)}
			for _, s := range sets {
				doc.ChangeSets = append(doc.ChangeSets, historyRow(s, short))
			}
			return a.result(doc, doc.ChangeSets)
		})
	})
	completeHistory(a, c)
	return c
}

func historyRow(s *journal.Set, short map[string]string) changeSetRow {
	return changeSetRow{
		ID: s.ID, ShortID: short[s.ID], Command: s.Command, State: s.State, StartedAt: s.StartedAt, FinishedAt: s.FinishedAt,
		Actor: s.Actor, Role: s.Role, Host: s.Host, UndoneBy: s.UndoneBy, Undoes: s.Undoes, CommandLine: s.CommandLine,
		Node: s.Node, Probation: s.Probation, ItemCount: len(s.Items), Items: s.Items,
	}
}

func (a *app) printSet(conn *pg.Conn, s *journal.Set, short map[string]string) error {
	doc := historyDocument{head: a.head("history", conn), ChangeSets: []changeSetRow{historyRow(s, short)}}
	a.log.Info(strings.Join([]string{"change set " + s.ID, string(s.State), s.StartedAt.Format(time.RFC3339), s.CommandLine}, ", "))
	if s.UndoneBy != nil {
		a.log.Info("undone by " + *s.UndoneBy)
	}
	return a.result(doc, s.Items)
}
