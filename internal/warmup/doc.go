// Package warmup loads what a server needs most into its buffers after a restart, and measures what the first query of a
// connection costs before and after.
package warmup
