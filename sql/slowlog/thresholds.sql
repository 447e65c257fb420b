-- What the table says of itself for a window: its oldest row, and the thresholds that its writers logged with.
-- $1 the writers' time zone, or null; $2 from, $3 to
-- Least privilege: SELECT on the table.
-- Returns: one row: no_number (rows of the window whose duration or threshold is none), oldest (of the whole table; null where it is empty), lowest and highest threshold_ms in the window (null where it has no row)
SELECT (SELECT count(*) FROM ({{slowlog/rows}}) AS r WHERE at >= $2 AND at < $3 AND no_number) AS no_number,
       (SELECT min(at) FROM ({{slowlog/rows}}) AS r) AS oldest,
       (SELECT min(threshold_ms)::float8 FROM ({{slowlog/rows}}) AS r WHERE at >= $2 AND at < $3 AND NOT no_number) AS lowest,
       (SELECT max(threshold_ms)::float8 FROM ({{slowlog/rows}}) AS r WHERE at >= $2 AND at < $3 AND NOT no_number) AS highest
