-- Completes a node's name with the data directory, once a role sees it.
-- Least privilege: UPDATE and SELECT on avadb.server.
UPDATE avadb.server SET node = $2 WHERE id = $1
