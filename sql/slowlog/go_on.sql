-- Lets the ids of the new table go on behind those of the old one and of its sequence.
-- $1 last value of the old sequence, $2 the new table's quoted name
-- Least privilege: owner of both tables.
-- Returns: one row: next
SELECT pg_catalog.setval(pg_catalog.pg_get_serial_sequence($2, 'id'),
       greatest((SELECT coalesce(max(id), 0) FROM {{schema}}.slow_query_log_before_avadb), $1::bigint, 0) + 1, false) AS next
