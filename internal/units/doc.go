// Package units reads and writes quantities the way PostgreSQL's users write them: sizes ("8GB" is
// 8 GiB), durations ("1h", "7d"), points in time, and the values of GUCs in their base units.
// It is pure: text in, plain values out, and no clock of its own.
package units
