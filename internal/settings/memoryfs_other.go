//go:build !linux

package settings

import "avadb/internal/pg"

func sharedMemoryFS(pg.Server) int64 { return 0 }
