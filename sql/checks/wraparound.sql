-- The databases with the oldest transaction ID and the oldest multixact ID.
-- Least privilege: any role; also on a standby.
-- Returns: one row: xid_database, xid_age, multixact_database, multixact_age
SELECT x.datname::text AS xid_database, x.age AS xid_age, m.datname::text AS multixact_database, m.age AS multixact_age
FROM (SELECT datname, pg_catalog.age(datfrozenxid)::bigint AS age FROM pg_catalog.pg_database ORDER BY 2 DESC, datallowconn DESC, 1 LIMIT 1) AS x,
     (SELECT datname, pg_catalog.mxid_age(datminmxid)::bigint AS age FROM pg_catalog.pg_database ORDER BY 2 DESC, datallowconn DESC, 1 LIMIT 1) AS m
