-- How a signature finds its statements.
-- Least privilege: owner of the table.
CREATE INDEX ON avadb.statement (server, signature)
