// Package probation measures what a server does before and after a change, and judges whether it has become slower.
package probation
