package render

import "slices"

// narrowest is what an elastic column keeps even where the terminal is too narrow: a line that wraps
// is better than one that says nothing.
const narrowest = 12

// fit cuts the elastic columns so that a line takes at most so many columns, and gives the new widths. The
// other columns are never cut; spare ones, the first before the later ones, are left out where all would not fit.
func (g *grid) fit(widths []int, columns int) []int {
	for g.least(widths) > columns {
		i := slices.IndexFunc(g.columns, func(c column) bool { return c.spare })
		if i < 0 {
			break
		}
		g.drop(i)
		widths = slices.Delete(widths, i, i+1)
	}
	excess := sum(widths) + len(columnGap)*(len(widths)-1) - columns
	for ; excess > 0; excess-- {
		i := g.widestElastic(widths)
		if i < 0 {
			break
		}
		widths[i]--
	}
	for i, c := range g.columns {
		if !c.elastic {
			continue
		}
		for _, line := range g.cells {
			line[i] = cut(line[i], widths[i])
		}
	}
	return widths
}

// least is what a line takes with its elastic columns at their narrowest.
func (g *grid) least(widths []int) int {
	total := len(columnGap) * (len(widths) - 1)
	for i, c := range g.columns {
		if c.elastic {
			total += min(widths[i], max(narrowest, width(c.name)))
		} else {
			total += widths[i]
		}
	}
	return total
}

// widestElastic is the column to take from next, -1 where none has anything to give.
func (g *grid) widestElastic(widths []int) int {
	widest := -1
	for i, c := range g.columns {
		if c.elastic && widths[i] > max(narrowest, width(c.name)) && (widest < 0 || widths[i] > widths[widest]) {
			widest = i
		}
	}
	return widest
}
