// Package fingerprint tells which statements are the same but for their constants: it brings a text into a canonical form and gives
// that a signature of 64 bits. One lexer serves pg_stat_statements, slow_query_log and server logs. docs/signatures.md specifies both,
// with test vectors: neither changes silently.
package fingerprint
