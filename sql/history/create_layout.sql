-- Which layout the history has, for the avadb that will have another.
-- Least privilege: owner of the table.
COMMENT ON TABLE avadb.server IS 'avadb history, layout 1'
