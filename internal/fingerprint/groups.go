package fingerprint

import "bytes"

// deepest nesting whose lists are collapsed.
const deepest = 24

// group is an open parenthesis or bracket. Offsets are of the text that is written.
type group struct {
	start            int32 // of it
	lastFrom, lastTo int32 // the group within it that was closed last; lastTo is 0 where there is none
	pure             bool  // it holds constants and commas alone
}

// groups are those that are open; the first is the statement.
type groups struct {
	depth int // also of those deeper than there is room for
	stack [deepest + 1]group
}

// impure notes that the innermost group holds more than constants.
func (g *groups) impure() {
	if g.depth <= deepest {
		g.stack[g.depth].pure = false
	}
}

func (g *groups) open(at int) {
	g.impure()
	if g.depth++; g.depth <= deepest {
		g.stack[g.depth] = group{start: int32(at), pure: true} //nolint:gosec // a text is shorter than 2 GB
	}
}

// shut ends a group with the parenthesis before n: a list becomes its first constant, and a group that repeats the one before it goes. It
// gives the text's new end.
func (g *groups) shut(out []byte, n int) int {
	if g.depth == 0 {
		return n
	}
	g.depth--
	if g.depth >= deepest {
		return n
	}
	inner, outer := &g.stack[g.depth+1], &g.stack[g.depth]
	if list := inner.list(out, n); list < n {
		out[list], out[list+1] = ' ', out[n-1]
		n = list + 2
	}
	start, last := int(inner.start), outer.lastTo
	if last > 0 && string(out[last:start]) == " , " && bytes.Equal(out[outer.lastFrom:last], out[start:n]) {
		return int(last)
	}
	outer.lastFrom, outer.lastTo = inner.start, int32(n) //nolint:gosec // a text is shorter than 2 GB
	return n
}

// cutOff collapses the list that is still open at the end.
func (g *groups) cutOff(out []byte, n int) int {
	if g.depth == 0 || g.depth > deepest {
		return n
	}
	return g.stack[g.depth].list(out, n)
}

// list gives the end of the first constant of a list of them, and n for any other group.
func (g *group) list(out []byte, n int) int {
	first := int(g.start) + 2 // behind the parenthesis and the space
	if to := first + len(Placeholder); g.pure && to <= n && string(out[first:to]) == Placeholder {
		return to
	}
	return n
}
