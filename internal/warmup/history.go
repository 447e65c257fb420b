package warmup

import (
	"context"
	"regexp"
	"strings"
	"sync"
	"time"

	"avadb/internal/history"
	"avadb/internal/query"
)

// told is a statement of the history and the blocks it asked for.
type told struct {
	Query  string
	Blocks int64
}

// AddHistory takes from the history what the counters have lost: the statements that asked for most blocks name their tables.
func (s *State) AddHistory(ctx context.Context, store *history.Store, server *history.Server, database string, since time.Time) error {
	statements, err := query.Rows[told](ctx, store.Conn, "warmup/history", server.ID, database, since)
	if err == nil {
		s.guess(statements)
	}
	return err
}

// word is an identifier, quoted or not, or a literal, in which names mean nothing.
var word = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`'(?:[^']|'')*'|"(?:[^"]|"")*"|[\p{L}_][\p{L}\p{N}_$]*`)
})

// guess shares the blocks of each statement among the tables that it names, and their indexes, evenly: which of them it read is not
// known. A name that several schemas have stands for each of them.
func (s *State) guess(statements []told) {
	byName := map[string][]*Relation{}
	for i := range s.Relations {
		r := &s.Relations[i]
		byName[r.Table] = append(byName[r.Table], r)
	}
	for _, t := range statements {
		var named []*Relation
		seen := map[string]bool{}
		for _, w := range word().FindAllString(t.Query, -1) {
			name := strings.ToLower(w)
			if strings.HasPrefix(w, `"`) {
				name = strings.ReplaceAll(strings.Trim(w, `"`), `""`, `"`)
			}
			if !seen[name] && !strings.HasPrefix(w, "'") {
				seen[name] = true
				named = append(named, byName[name]...)
			}
		}
		for _, r := range named {
			r.told += float64(t.Blocks) / float64(len(named))
		}
	}
}
