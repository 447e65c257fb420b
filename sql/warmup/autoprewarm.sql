-- Whether autoprewarm is on, and when it last wrote down what is in the buffers. Its process connects to no database: pg_stat_activity does
-- not show it.
-- Least privilege: EXECUTE on pg_stat_file(text, boolean).
-- Returns: one row: enabled (its parameter; false where the library is not loaded), saved_at (null: never)
SELECT coalesce((SELECT setting = 'on' FROM pg_catalog.pg_settings WHERE name = 'pg_prewarm.autoprewarm'), false) AS enabled,
       (pg_catalog.pg_stat_file('autoprewarm.blocks', true)).modification AS saved_at
