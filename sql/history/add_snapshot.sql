-- Adds a snapshot, as the last of what its transaction writes.
-- Least privilege: INSERT on avadb.snapshot.
INSERT INTO avadb.snapshot (server, id, entries, max_entries, server_version, gap, taken_at, started_at, stats_reset, dealloc, evictions,
                            not_visible, server_ms, bytes, extension, flags)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
