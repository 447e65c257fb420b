// Package activity looks at the sessions of a server: who they are, how full it is, who blocks whom, what was left open, and which
// program loses connections. It also ends sessions, by way of the journal.
package activity
