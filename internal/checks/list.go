package checks

import (
	"slices"
	"strings"

	"avadb/internal/fault"
	"avadb/internal/pg"
)

// All is the checklist, in its order.
func All() []Check {
	return slices.Concat(connection(), pool(), sessions(), counters(), slowTable(), healthEndpoints(), configuration(), timeouts(), wraparound(), replication(), archiving())
}

func groupOf(id string) string { return strings.TrimRight(id, "0123456789") }

// IDs lists the checks, Groups what they begin with: both are what Select takes.
func IDs() []string {
	var ids []string
	for _, c := range All() {
		ids = append(ids, c.ID)
	}
	return ids
}

// Groups lists the groups.
func Groups() []string {
	var groups []string
	for _, c := range All() {
		if !slices.Contains(groups, c.Group()) {
			groups = append(groups, c.Group())
		}
	}
	return groups
}

// Select picks checks by ID or group, in whatever case: those of only (none: all) without those of skip. A name that is
// neither, or nothing left, is a fault.Usage.
func Select(only, skip []string) ([]Check, error) {
	known := append(IDs(), Groups()...)
	for _, name := range slices.Concat(only, skip) {
		if !slices.Contains(known, strings.ToUpper(name)) {
			return nil, unknownCheck(name, known)
		}
	}
	var chosen []Check
	for _, c := range All() {
		if (len(only) == 0 || names(only, c)) && !names(skip, c) {
			chosen = append(chosen, c)
		}
	}
	if len(chosen) == 0 {
		return nil, fault.New(fault.Usage, "--only and --skip leave no check").WithHint("groups: %s", strings.Join(Groups(), ", "))
	}
	return chosen, nil
}

func names(list []string, c Check) bool {
	return slices.ContainsFunc(list, func(name string) bool {
		return strings.EqualFold(name, c.ID) || strings.EqualFold(name, c.Group())
	})
}

func unknownCheck(name string, known []string) error {
	err := fault.New(fault.Usage, "there is no check or group %q", name)
	if near := pg.Nearest(strings.ToUpper(name), known); near != "" {
		return err.WithHint("did you mean %s?", near)
	}
	return err.WithHint("groups: %s; checks are a group and a number, such as %s", strings.Join(Groups(), ", "), known[0])
}
