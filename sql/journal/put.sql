-- Writes a revision of a change set; an older revision never replaces a newer one.
-- Least privilege: INSERT, SELECT and UPDATE on avadb.change_set.
-- Returns: rev; no row where nothing was written
INSERT INTO avadb.change_set AS t (system_identifier, id, rev, document)
VALUES ($1, $2::text::uuid, $3, $4::text::json)
ON CONFLICT (system_identifier, id) DO UPDATE SET rev = excluded.rev, document = excluded.document
WHERE t.rev < excluded.rev
RETURNING t.rev
