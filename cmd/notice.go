package cmd

import (
	"context"
	"fmt"
	"log/slog"
	"strings"

	"avadb/internal/render"
)

// noticeHandler writes notices and warnings to stderr as a person reads them; -q silences them, -v adds the details.
type noticeHandler struct{ app *app }

// Enabled is part of slog.Handler.
func (h *noticeHandler) Enabled(_ context.Context, level slog.Level) bool {
	switch {
	case h.app.flags.quiet || h.app.nagios:
		return false
	case h.app.flags.verbose:
		return true
	}
	return level >= slog.LevelInfo
}

// Handle is part of slog.Handler. Beside JSON the notices wait for the end: an error must be the one object on stderr, and
// then holds them.
func (h *noticeHandler) Handle(_ context.Context, r slog.Record) error {
	var attributes strings.Builder
	r.Attrs(func(a slog.Attr) bool {
		fmt.Fprintf(&attributes, " %s=%v", a.Key, a.Value)
		return true
	})
	n := notice{warning: r.Level >= slog.LevelWarn, text: r.Message + attributes.String()}
	if h.app.asJSON {
		h.app.held = append(h.app.held, n)
		return nil
	}
	return h.app.tell(n)
}

type notice struct {
	warning bool
	text    string
}

func (a *app) tell(n notice) error {
	paint := render.NewPainter(a.colorOn(a.errOut))
	label := paint.Faint("note:  ")
	if n.warning {
		label = paint.Yellow("warn:  ")
	}
	_, err := fmt.Fprintln(a.errOut, label+safeLines(n.text))
	return err
}

// WithAttrs is part of slog.Handler; avadb's notices are sentences.
func (h *noticeHandler) WithAttrs([]slog.Attr) slog.Handler { return h }

// WithGroup is part of slog.Handler.
func (h *noticeHandler) WithGroup(string) slog.Handler { return h }
