package journal

import (
	"cmp"
	"context"
	"slices"

	"avadb/internal/fault"
)

// Sets gives all change sets of the server, oldest first: the union of files and table, the higher rev of each. What cannot
// be read is a warning in the log.
func (j *Journal) Sets(ctx context.Context) ([]*Set, error) {
	sets, problems, err := j.read(ctx)
	for _, p := range problems {
		if text := p.Error() + hintOf(p, ""); !j.warned[text] { // a command reads more than once
			j.o.Log.Warn(text)
			if j.warned == nil {
				j.warned = map[string]bool{}
			}
			j.warned[text] = true
		}
	}
	return sets, err
}

// Complete is Sets for who concludes from what is not there: what cannot be read is an error.
func (j *Journal) Complete(ctx context.Context) ([]*Set, error) {
	sets, problems, err := j.read(ctx)
	switch {
	case err != nil:
		return nil, err
	case len(problems) > 0:
		return nil, problems[0]
	case j.o.FolderError != nil:
		return nil, fault.New(fault.Failed, "find the journal's files: %w", j.o.FolderError)
	}
	return sets, nil
}

func (j *Journal) read(ctx context.Context) (sets []*Set, problems []error, err error) {
	byID := map[string]*Set{}
	merge := func(sets []*Set) {
		for _, s := range sets {
			if known := byID[s.ID]; known == nil || known.Rev < s.Rev {
				byID[s.ID] = s
			}
		}
	}
	if j.o.FolderError == nil {
		sets, damaged, err := j.o.Folder.Sets(j.node.SystemIdentifier)
		if err != nil {
			problems = append(problems, fault.New(fault.Failed, "the journal's files cannot be read: %w", err))
		}
		problems = append(problems, damaged...)
		merge(sets)
	}
	if j.table != nil {
		sets, damaged, err := j.table.sets(ctx, j.node.SystemIdentifier)
		if err != nil && fault.KindOf(err) != fault.Privilege {
			return nil, nil, err
		}
		if err != nil {
			problems = append(problems, fault.New(fault.Privilege, "the journal in the database is not visible: %w", err).WithHint("%s", plainHint(err)))
		}
		problems = append(problems, damaged...)
		merge(sets)
	}
	j.known = Ordered(byID)
	return j.known, problems, nil
}

// Ordered gives sets oldest first: a UUIDv7 begins with its time.
func Ordered(byID map[string]*Set) []*Set {
	sets := make([]*Set, 0, len(byID))
	for _, s := range byID {
		sets = append(sets, s)
	}
	slices.SortFunc(sets, func(a, b *Set) int { return cmp.Compare(a.ID, b.ID) })
	return sets
}
