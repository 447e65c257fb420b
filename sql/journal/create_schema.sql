-- The schema for avadb's own tables.
-- Least privilege: CREATE on the database.
CREATE SCHEMA avadb
