-- Each statement that was ever counted, with its text, once. own: avadb's, of which nothing is counted; signature 0: the text is
-- not known.
-- Least privilege: CREATE on schema avadb.
CREATE TABLE avadb.statement (
    server int NOT NULL,
    id int NOT NULL,
    dbid oid NOT NULL,
    userid oid NOT NULL,
    queryid bigint NOT NULL,
    signature bigint NOT NULL,
    first_seen timestamptz NOT NULL,
    toplevel boolean NOT NULL,
    own boolean NOT NULL,
    dbname text,
    usename text,
    query text,
    PRIMARY KEY (server, id),
    UNIQUE (server, dbid, userid, queryid, toplevel)
)
