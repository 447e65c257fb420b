-- How a window finds its snapshots.
-- Least privilege: owner of the table.
CREATE INDEX ON avadb.snapshot (server, taken_at)
