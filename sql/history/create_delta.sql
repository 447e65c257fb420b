-- What a statement counted within a snapshot's interval; only the statements that ran. max_ms only where it rose; the numbers from
-- rows on are null for 0. flags: 1 counted from zero, 2 a lower bound, 4 first seen, 8 over a restart.
-- Least privilege: CREATE on schema avadb.
CREATE TABLE avadb.delta (
    server int NOT NULL,
    snapshot int NOT NULL,
    statement int NOT NULL,
    flags smallint NOT NULL DEFAULT 0,
    calls bigint NOT NULL,
    total_ms float8 NOT NULL,
    squares float8 NOT NULL,
    max_ms float8,
    rows bigint,
    shared_blks_hit bigint,
    shared_blks_read bigint,
    shared_blks_written bigint,
    local_blks_read bigint,
    local_blks_written bigint,
    temp_blks_read bigint,
    temp_blks_written bigint,
    wal_bytes bigint,
    PRIMARY KEY (server, snapshot, statement)
)
