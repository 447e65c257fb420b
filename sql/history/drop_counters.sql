-- Forgets the counters of entries that pg_stat_statements no longer has: if one comes back, it counts from zero.
-- $1 server, $2 statements
-- Least privilege: DELETE and SELECT on avadb.counter.
DELETE FROM avadb.counter WHERE server = $1 AND statement = ANY ($2::int[])
