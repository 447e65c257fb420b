-- The index that every window reads.
-- Least privilege: owner of the table.
CREATE INDEX ON avadb.slow_query_log (server, "timestamp")
