// Package slowlog keeps the slow_query_log table: made, upgraded, dropped and read.
package slowlog
