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
	case h.app.flags.quiet:
		return false
	case h.app.flags.verbose:
		return true
	}
	return level >= slog.LevelInfo
}

// Handle is part of slog.Handler.
func (h *noticeHandler) Handle(_ context.Context, r slog.Record) error {
	paint := render.NewPainter(h.app.colorOn(h.app.errOut))
	label := paint.Faint("note:  ")
	if r.Level >= slog.LevelWarn {
		label = paint.Yellow("warn:  ")
	}
	var attributes strings.Builder
	r.Attrs(func(a slog.Attr) bool {
		fmt.Fprintf(&attributes, " %s=%v", a.Key, a.Value)
		return true
	})
	_, err := fmt.Fprintln(h.app.errOut, label+safeLines(r.Message+attributes.String()))
	return err
}

// WithAttrs is part of slog.Handler; avadb's notices are sentences.
func (h *noticeHandler) WithAttrs([]slog.Attr) slog.Handler { return h }

// WithGroup is part of slog.Handler.
func (h *noticeHandler) WithGroup(string) slog.Handler { return h }
