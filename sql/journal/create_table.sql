-- The journal: one document for each change set. json and not jsonb: its escapes are kept as they are, so that it
-- fits a database of any encoding. The server's id leads the key, because one store can serve many servers.
-- Least privilege: CREATE on schema avadb.
CREATE TABLE avadb.change_set (
    system_identifier text NOT NULL,
    id uuid NOT NULL,
    rev integer NOT NULL,
    document json NOT NULL,
    PRIMARY KEY (system_identifier, id)
)
