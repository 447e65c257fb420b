package journal

import (
	"context"
	"errors"

	"avadb/internal/fault"
)

// begin writes a set down before its first change. One that cannot be written everywhere leaves nothing behind.
func (j *Journal) begin(ctx context.Context, s *Set) error {
	if err := j.keepConfigFile(s); err != nil {
		j.o.Log.Warn("keep a copy of postgresql.auto.conf: " + err.Error())
	}
	err := j.write(ctx, s)
	if err == nil {
		return nil
	}
	if j.files && s.Rev == 1 {
		err = errors.Join(err, j.o.Folder.Remove(s))
	}
	return fault.New(fault.KindOf(err), "nothing was changed: %w", err).WithHint("%s", plainHint(err)).WithSQLState(stateOf(err))
}

// write stores a new revision of a set before a change: the file first, then the database.
func (j *Journal) write(ctx context.Context, s *Set) error {
	s.Rev++
	if err := j.toFile(s); err != nil {
		return err
	}
	return j.toTable(ctx, s)
}

// mark stores what has been done by now, wherever that is possible: a full disk must not keep it from the database.
func (j *Journal) mark(ctx context.Context, s *Set) error {
	s.Rev++
	return errors.Join(j.toFile(s), j.toTable(ctx, s))
}

func (j *Journal) toFile(s *Set) error {
	if !j.files {
		return nil
	}
	if err := j.o.Folder.Write(s); err != nil {
		return fault.New(fault.Failed, "write the journal file: %w", err).
			WithHint("see that there is room in %s and that it can be written, or name another folder with XDG_STATE_HOME", j.o.Folder.Root)
	}
	return nil
}

func (j *Journal) toTable(ctx context.Context, s *Set) error {
	if !j.keeps {
		return nil
	}
	newest, err := j.table.put(ctx, s)
	switch {
	case err != nil:
		return fault.New(fault.KindOf(err), "write the journal to the database: %w", err).WithHint("%s", plainHint(err)).WithSQLState(stateOf(err))
	case !newest:
		return fault.New(fault.Failed, "write the journal to the database: it has change set %s in this revision or a later one already", s.ID).
			WithHint("somebody else has written it: avadb history %s", s.ID)
	}
	return nil
}
