package tuning

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

func namesOf(all map[string]Parameter) []string { return slices.Sorted(maps.Keys(all)) }

// longestTypo bounds the work on a name that is nothing a hand would type.
const longestTypo = 100

// nearestHint names the known parameter that was probably meant.
func nearestHint(name string, known []string) string {
	best, least := "", len(name)/2+1
	if len(name) > longestTypo {
		known = nil
	}
	for _, candidate := range known {
		if d := distance(strings.ToLower(name), strings.ToLower(candidate)); d < least {
			best, least = candidate, d
		}
	}
	if best == "" {
		return "SELECT name FROM pg_settings lists the parameters that this server has"
	}
	return fmt.Sprintf("did you mean %s?", best)
}

// distance is Levenshtein's: how many bytes to insert, delete or replace to get from a to b.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replace := diagonal
			if a[i] != b[j] {
				replace++
			}
			diagonal = row[j+1]
			row[j+1] = min(replace, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}
