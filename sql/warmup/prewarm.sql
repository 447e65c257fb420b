-- Loads blocks of a relation into shared_buffers.
-- $1 oid, $2 first block, $3 last block
-- Least privilege: SELECT on the table; EXECUTE on pg_prewarm, which PUBLIC has.
-- Returns: one row: blocks
SELECT {{schema}}.pg_prewarm($1::bigint::oid::regclass, 'buffer'::text, 'main'::text, $2::bigint, $3::bigint) AS blocks
