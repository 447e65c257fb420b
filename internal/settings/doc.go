// Package settings knows the layers of a PostgreSQL parameter and which of them wins, and holds the journal's items for
// ALTER SYSTEM and for shared_preload_libraries, the reload and the check that it took, and the repair of
// postgresql.auto.conf when the server does not start.
package settings
