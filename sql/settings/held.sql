-- What lasts over a restart and needs room in the configuration.
-- Least privilege: any role.
-- Returns: one row: slots, logical_slots, prepared
SELECT (SELECT count(*) FROM pg_catalog.pg_replication_slots)::int AS slots,
       (SELECT count(*) FROM pg_catalog.pg_replication_slots WHERE slot_type = 'logical')::int AS logical_slots,
       (SELECT count(*) FROM pg_catalog.pg_prepared_xacts)::int AS prepared
