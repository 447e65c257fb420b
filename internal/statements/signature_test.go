package statements

import (
	"testing"

	"avadb/internal/fingerprint"
)

// The signature of a statement as it was sent is that of the text which pg_stat_statements shows for it.
func TestSignatureOfTheSentText(t *testing.T) {
	d := newDatabase(t, "")
	conn := dial(t, d.name)
	mustExec(t, conn, "CREATE TABLE item (id int, name text, flag bool, doc jsonb, tags int[], at timestamptz)", "SELECT pg_stat_statements_reset()")
	sent := []string{
		"SELECT 1",
		"SELECT id FROM item WHERE id = 42 AND name = 'it''s'",
		"SELECT id , name FROM item -- a comment\nWHERE id=-7 OR id = 3-1",
		"SELECT - 1, +2, 1.5e-9, .5, 7 - -1",
		"SELECT 'a', E'b\\'c', U&'d\\0061t', B'01', X'1F', $$d $ e$$, $x$ $$ $x$",
		"SELECT * FROM item WHERE id IN (1, 2, 3)",
		"SELECT name FROM item WHERE id IN (1)",
		"SELECT id FROM item WHERE id = ANY (ARRAY[1, 2])",
		"INSERT INTO item (id, name, flag) VALUES (1, 'a', true), (2, NULL, false)",
		"INSERT INTO item (id, at) VALUES (3, now()), (4, now())",
		"UPDATE item SET flag = true, name = NULL WHERE flag IS NULL AND name IS NOT NULL",
		"DELETE FROM item WHERE flag = false AND flag IS NOT TRUE",
		"SELECT doc ? 'k', doc ?| ARRAY['a', 'b'], doc ->> 'x', doc @> '{\"a\": 1}' FROM item",
		"SELECT name::varchar(10), CAST('5' AS int), '7'::int FROM item LIMIT 5 OFFSET 2",
		"SELECT date '2026-01-01', interval '1 day', timestamptz '2026-01-01 10:00'",
		"SELECT tags[1:2] FROM item WHERE name LIKE 'a%' AND id BETWEEN 1 AND 2",
		"SELECT CASE WHEN id > 5 THEN 'x' ELSE 'y' END FROM item ORDER BY 1",
		"SELECT count(*) FILTER (WHERE id > 2) OVER (PARTITION BY flag) FROM item",
		"WITH w AS (SELECT 1 AS a UNION ALL SELECT 2) SELECT a FROM w WHERE a <> 3",
		"SELECT \"id\", \"name\" FROM \"item\" WHERE (id, name) IN ((1, 'a'), (2, 'b'))",
	}
	for _, sql := range sent {
		mustExec(t, conn, sql)
	}
	known := map[fingerprint.Signature]string{}
	rows, err := conn.Query(t.Context(), "SELECT query FROM pg_stat_statements WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())")
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		var query string
		if err := rows.Scan(&query); err != nil {
			t.Fatal(err)
		}
		known[fingerprint.Of(query)] = query
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	for _, sql := range sent {
		if _, ok := known[fingerprint.Of(sql)]; !ok {
			t.Errorf("no entry has the signature of %s: %s", sql, fingerprint.Append(nil, sql))
		}
	}
	if t.Failed() {
		for _, query := range known {
			t.Logf("%s", query)
		}
	}
}
