package cmd

import (
	"context"

	"avadb/internal/pg"
	"avadb/internal/settings"
)

// warnOfLibraries tells before a restart which entries of shared_preload_libraries it would fail with.
func warnOfLibraries(ctx context.Context, a *app, conn *pg.Conn, snapshot *settings.Snapshot, next []string) error {
	said, err := settings.Unloadable(ctx, conn, snapshot, next)
	for _, text := range said {
		a.log.Warn(text)
	}
	return err
}
