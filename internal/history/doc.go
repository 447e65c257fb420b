// Package history keeps what pg_stat_statements counted, reading by reading, in schema avadb of the store: statements that
// ran, and nothing else. What it writes are rows of avadb's own tables and of slow_query_log, which is data and no change to a
// server, so that no journal is involved.
package history
