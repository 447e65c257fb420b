package cmd

import (
	"context"

	"avadb/internal/checks"
	"avadb/internal/fault"
	"avadb/internal/journal"
	"avadb/internal/pg"
)

// figures is what --save and --against ask for.
type figures struct {
	folder  checks.FigureFolder
	save    string
	against *checks.Saved // nil: nothing to compare with
}

// openFigures reads what is to be compared with before anything is measured.
func (a *app) openFigures(o verifyOptions, conn *pg.Conn) (*figures, error) {
	f := &figures{save: o.save}
	if o.save == "" && o.against == "" {
		return f, nil
	}
	root, err := journal.StateHome(a.env)
	if err != nil {
		return nil, fault.New(fault.Failed, "find the folder of the figures: %w", err).WithHint("set XDG_STATE_HOME")
	}
	f.folder = checks.FigureFolder{Root: root}
	if _, err := checks.NewSaved(o.save, conn, a.now(), nil); err != nil {
		return nil, err
	}
	if o.against != "" {
		f.against, err = f.folder.Read(conn.Server.SystemIdentifier, o.against)
	}
	return f, err
}

// measure fills in the document's figures, and keeps them where that was asked for.
func (f *figures) measure(ctx context.Context, a *app, e *checks.Env, doc *verifyDocument) error {
	if f.save == "" && f.against == nil {
		return nil
	}
	now, err := checks.Measure(ctx, e, f.against)
	if err != nil {
		return err
	}
	doc.Figures = checks.Compare(now, f.against)
	if f.against != nil {
		doc.Against = &savedInfo{Name: f.against.Name, SavedAt: f.against.SavedAt}
		a.log.Info("compared with " + f.against.String())
		if !f.against.OfNode(e.Conn.Server) {
			a.log.Warn("these figures were kept of another node of the cluster, or before it was promoted: " + f.against.Node.String())
		}
	}
	if f.save == "" {
		return nil
	}
	saved, err := checks.NewSaved(f.save, e.Conn, a.now(), now)
	if err != nil {
		return err
	}
	if err := saved.KeepSessionEnds(ctx, e); err != nil {
		return err
	}
	if err := f.folder.Write(saved); err != nil {
		return err
	}
	a.log.Info("figures kept: compare with avadb verify --against " + f.save)
	return nil
}
