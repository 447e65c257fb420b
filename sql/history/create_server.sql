-- The servers whose history this store keeps. error is what the last collection failed with; null after one that did not.
-- Least privilege: CREATE on schema avadb.
CREATE TABLE avadb.server (
    id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    system_identifier text NOT NULL,
    node text NOT NULL,
    error text,
    error_at timestamptz,
    UNIQUE (system_identifier, node)
)
