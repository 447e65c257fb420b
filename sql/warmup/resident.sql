-- What is in shared_buffers: of the connected database and the shared catalogue the main forks, in pieces; of all else the sum, with a null filenode.
-- $1 blocks of a piece
-- Least privilege: pg_monitor.
-- Returns: tablespace, filenode, piece, blocks
SELECT CASE WHEN mine THEN reltablespace END::bigint AS tablespace, CASE WHEN mine THEN relfilenode END::bigint AS filenode,
       CASE WHEN mine THEN relblocknumber / $1::bigint END AS piece, count(*) AS blocks
FROM (SELECT b.*, b.relforknumber = 0 AND b.reldatabase IN (0, d.oid) AS mine
      FROM {{schema}}.pg_buffercache AS b CROSS JOIN pg_catalog.pg_database AS d
      WHERE b.relfilenode IS NOT NULL AND d.datname = pg_catalog.current_database()) AS b
GROUP BY 1, 2, 3
