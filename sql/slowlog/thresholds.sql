-- What the table says of itself for a window: its oldest row, and the thresholds that its writers logged with.
-- $1 the writers' time zone, or null; $2 from, $3 to
-- Least privilege: SELECT on the table.
-- Returns: one row: no_number (rows of the window whose duration or threshold is none), oldest (of the whole table; null where it is empty), lowest and highest threshold_ms in the window (null where it has no row)
SELECT count(*) FILTER (WHERE no_number) AS no_number, (SELECT min(at) FROM ({{slowlog/rows}}) AS r) AS oldest,
       (min(threshold_ms) FILTER (WHERE NOT no_number))::float8 AS lowest, (max(threshold_ms) FILTER (WHERE NOT no_number))::float8 AS highest
FROM ({{slowlog/rows}}) AS r WHERE at >= $2 AND at < $3
