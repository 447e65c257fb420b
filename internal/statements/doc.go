// Package statements knows pg_stat_statements: enabling it, and reading what was slow in a window that is either a true
// one or says what it is.
package statements
