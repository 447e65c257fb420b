// Package pglog reads PostgreSQL's own log files: stderr with any log_line_prefix, csvlog and jsonlog, plain or compressed, as fast
// as the machine's memory allows, and counts what they say.
//
// A file is read in blocks that end where an event ends, so that a worker always has whole events and no result depends on where a
// block ends. Texts are slices of the block: what outlives it is copied. A duration is a message that begins with it; no line is ever
// searched for one.
package pglog
