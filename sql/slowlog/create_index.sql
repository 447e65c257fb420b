-- The index that every window reads.
-- Least privilege: owner of the table.
CREATE INDEX ON {{schema}}.slow_query_log ("timestamp")
