-- The counters of the newest snapshot: what the next one is subtracted from. Room is left in the pages, because the rows are updated
-- in place.
-- Least privilege: CREATE on schema avadb.
CREATE TABLE avadb.counter (
    server int NOT NULL,
    statement int NOT NULL,
    calls bigint NOT NULL,
    total_ms float8 NOT NULL,
    min_ms float8 NOT NULL,
    max_ms float8 NOT NULL,
    mean_ms float8 NOT NULL,
    stddev_ms float8 NOT NULL,
    rows bigint NOT NULL,
    shared_blks_hit bigint NOT NULL,
    shared_blks_read bigint NOT NULL,
    shared_blks_written bigint NOT NULL,
    local_blks_read bigint NOT NULL,
    local_blks_written bigint NOT NULL,
    temp_blks_read bigint NOT NULL,
    temp_blks_written bigint NOT NULL,
    wal_bytes bigint NOT NULL,
    stats_since timestamptz,
    minmax_stats_since timestamptz,
    PRIMARY KEY (server, statement)
) WITH (fillfactor = 50)
