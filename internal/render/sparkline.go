package render

import "strings"

// The levels of a sparkline, lowest first: for terminals that show block elements, and for all others.
const (
	blockLevels = "▁▂▃▄▅▆▇█"
	asciiLevels = "_.-:=+*#"
)

// Sparkline draws values from 0 up to the largest as one character each; a blank where there is none.
func Sparkline(values []*float64, ascii bool) string {
	levels, most := []rune(blockLevels), 0.0
	if ascii {
		levels = []rune(asciiLevels)
	}
	for _, v := range values {
		if v != nil {
			most = max(most, *v)
		}
	}
	var line strings.Builder
	for _, v := range values {
		switch {
		case v == nil:
			line.WriteByte(' ')
		case most <= 0 || *v <= 0:
			line.WriteRune(levels[0])
		default:
			line.WriteRune(levels[min(1+int(*v/most*float64(len(levels)-1)), len(levels)-1)])
		}
	}
	return line.String()
}
