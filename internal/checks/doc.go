// Package checks is the verification checklist: one file a group, one value a check, and the figures that are kept from
// one run to compare with another. What a role could not see is SKIP with the GRANT that would show it, never OK.
package checks
