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
		"SELECT id - 1, id -1, id-1, id*-1 FROM item WHERE id = - 5 AND id > -1.5e3 AND id < +2",
		"SELECT id FROM item WHERE name = E'a\\\\' AND name = U&'\\0041' UESCAPE '!'",
		"SELECT 'a'\n'b'",
		"SELECT id FROM item WHERE id NOT IN (1, -2) AND name IN ('a', NULL) AND flag IN (true, false)",
		"SELECT id FROM item WHERE id = ANY ('{1,2}') ORDER BY id OFFSET 5 LIMIT 10",
		"INSERT INTO item (id, name) VALUES (1, DEFAULT), (2, DEFAULT)",
		"INSERT INTO item SELECT g, 'x' FROM generate_series(1, 10) AS g",
		"UPDATE item SET (id, name) = (1, 'x') WHERE id = 2",
		"SELECT id FROM item FETCH FIRST 5 ROWS ONLY",
		"SELECT at AT TIME ZONE 'UTC', interval '1' day, interval '1 day' * 2 FROM item",
		"SELECT substring(name from 1 for 2), trim('x' from name), position('a' in name) FROM item",
		"SELECT coalesce(name, 'a'), nullif(id, 0), greatest(id, 5) FROM item",
		"SELECT doc->'a'->>'b', doc#>>'{a,b}', doc->0 FROM item",
		"SELECT ARRAY[[1, 2], [3, 4]], ROW(1, 2)",
		"SELECT tags[1], id::text::varchar(5), CAST(id AS char(3)), 1.5::numeric(10, 2) FROM item",
		"SELECT true AND flag, NOT false, NOT flag FROM item",
		"SELECT id FROM item WHERE flag IS TRUE AND flag IS NOT FALSE AND name LIKE 'a!%' ESCAPE '!'",
		"SELECT id FROM item WHERE name ~ '^a' AND name !~* 'b'",
		"SELECT id FROM item TABLESAMPLE bernoulli (10) REPEATABLE (5)",
		"SELECT * FROM (VALUES (1, 'a'), (2, 'b')) AS v (a, b)",
		"SELECT rank() OVER (ORDER BY id ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM item",
		"SELECT 0.5, 5., .5e1, 1e10, $q$it's -- not a comment$q$, /* it's */ 1 + 1",
		"SELECT count(*) FROM item GROUP BY id HAVING count(*) > 1",
		"SELECT id FROM item WHERE EXISTS (SELECT 1 FROM item AS i WHERE i.id = 1)",
		"SELECT string_agg(name, ',' ORDER BY id) FROM item WHERE at > now() - interval '5 min'",
		"SELECT id FROM item WHERE id BETWEEN -5 AND -1 OR NOT id = -3",
		"SELECT 1 UNION SELECT -2",
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
