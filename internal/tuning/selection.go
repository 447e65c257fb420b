package tuning

import (
	"slices"
	"strconv"
	"strings"
)

// selection is what --only and --skip leave of the profile. What the user sets himself always stays.
type selection struct {
	only, skip []string
}

// newSelection refuses names that are in neither the profile nor the user's own settings, and a
// parameter that the user both sets and skips.
func newSelection(in Input, asked []Recommendation) (selection, error) {
	own := make([]string, 0, len(asked))
	for _, rec := range asked {
		own = append(own, rec.Name)
	}
	known := append(ProfileNames(in.Profile), own...)
	var bad violations
	resolve := func(flag string, names []string) (resolved []string) {
		for _, name := range names {
			i := slices.IndexFunc(known, func(k string) bool { return strings.EqualFold(k, name) })
			if i < 0 {
				bad.add(violation{byUser: true, message: flag + " names " + strconv.Quote(name) + ", which is not among the settings of this run", hint: "the settings are " + strings.Join(known, ", ")})
				continue
			}
			resolved = append(resolved, known[i])
		}
		return resolved
	}
	s := selection{only: resolve("--only", in.Only), skip: resolve("--skip", in.Skip)}
	for _, name := range own {
		if s.skips(name) {
			bad.add(violation{byUser: true, message: name + " is both set and skipped", hint: "take " + name + " out of --skip, or do not set it"})
		}
	}
	return s, bad.err()
}

func (s selection) skips(name string) bool { return slices.Contains(s.skip, name) }

func (s selection) keeps(name string) bool { return len(s.only) == 0 || slices.Contains(s.only, name) }
