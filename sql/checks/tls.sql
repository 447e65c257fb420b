-- Whether this connection is encrypted, and whether it crosses a network at all.
-- Least privilege: any role: each sees its own connection.
-- Returns: one row: encrypted, local, offered
SELECT coalesce((SELECT s.ssl FROM pg_catalog.pg_stat_ssl AS s WHERE s.pid = pg_catalog.pg_backend_pid()), false) AS encrypted,
       coalesce(c.client <<= '127.0.0.0/8' OR c.client = '::1' OR pg_catalog.host(c.client) = pg_catalog.host(c.server), true) AS local,
       pg_catalog.current_setting('ssl')::boolean AS offered
FROM (SELECT pg_catalog.inet_client_addr() AS client, pg_catalog.inet_server_addr() AS server) AS c
