-- One reading of a server's pg_stat_statements. What it counted since the one before it, in (that one's taken_at, its own], is in
-- avadb.delta. Times are of the watched server's clock. flags: first, reset, restart, evicted, clock, away, hidden (see docs/history.md).
-- Least privilege: CREATE on schema avadb.
CREATE TABLE avadb.snapshot (
    server int NOT NULL,
    id int NOT NULL,
    entries int NOT NULL,
    max_entries int NOT NULL,
    server_version int NOT NULL,
    gap boolean NOT NULL,
    taken_at timestamptz NOT NULL,
    started_at timestamptz NOT NULL,
    stats_reset timestamptz,
    dealloc bigint NOT NULL,
    evictions bigint NOT NULL,
    not_visible bigint NOT NULL,
    server_ms float8 NOT NULL,
    bytes bigint NOT NULL,
    extension text NOT NULL,
    flags text[] NOT NULL,
    PRIMARY KEY (server, id)
)
