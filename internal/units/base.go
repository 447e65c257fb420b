package units

import "strconv"

// FormatBase writes a number of a parameter's base units the way a person would: 2GB for 262144 x 8kB, 200ms for 200 ms.
func FormatBase(n float64, unit string) string {
	text := strconv.FormatFloat(n, 'f', -1, 64)
	bytes, isMemory := BytesPerUnit(unit)
	if isMemory && n > 0 && n < 1<<50/float64(bytes) {
		return FormatSize(int64(n) * bytes)
	}
	if n <= 0 || isMemory {
		return text
	}
	return text + unit
}

// BytesPerUnit reads pg_settings.unit where it is one of memory: B, kB, MB, or a block such as 8kB.
func BytesPerUnit(unit string) (int64, bool) {
	if unit == "" {
		return 0, false
	}
	if unit[0] < '0' || unit[0] > '9' {
		unit = "1" + unit
	}
	n, ok := BaseInt(unit, "B")
	return n, ok && n > 0
}
