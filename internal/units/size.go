package units

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"avadb/internal/fault"
)

// The sizes of PostgreSQL's memory units in bytes: each is 1024 of the one before.
const (
	KB int64 = 1 << 10
	MB int64 = 1 << 20
	GB int64 = 1 << 30
	TB int64 = 1 << 40
)

const sizeForms = "write a number and a unit, as in 8GB, 512MB or 1.5TB; units are B, kB, MB, GB and TB, and 1GB is 1024MB"

type sizeUnit struct {
	name  string // PostgreSQL's spelling
	bytes int64
}

// sizeUnits are PostgreSQL's memory units, largest first.
func sizeUnits() []sizeUnit {
	return []sizeUnit{{"TB", TB}, {"GB", GB}, {"MB", MB}, {"kB", KB}, {"B", 1}}
}

// ParseSize reads a size in bytes. The units are PostgreSQL's, powers of 1024, and forgiving in their
// spelling: 8GB, 8gb, 8GiB, 8G and "8 GB" are the same. A fraction is rounded to the next smaller
// unit as PostgreSQL does, so 1.3GB is 1331MB. A number without a unit is refused: for PostgreSQL its
// meaning depends on the parameter. The error is a fault.Usage.
func ParseSize(s string) (int64, error) {
	number, name := splitNumber(strings.TrimSpace(s))
	name = strings.TrimSpace(name)
	switch {
	case number == "":
		return 0, badSize(s, "is not a size")
	case name == "":
		return 0, badSize(s, "has no unit")
	}
	unit, step, ok := findSizeUnit(name)
	if !ok {
		return 0, badSize(s, "has an unknown unit")
	}
	bytes, ok := multiply(number, unit, step)
	switch {
	case !ok:
		return 0, badSize(s, "is too large")
	case bytes == 0:
		return 0, badSize(s, "is zero")
	}
	return bytes, nil
}

// findSizeUnit gives the bytes of a unit and of the next smaller one, the step of its fractions.
func findSizeUnit(name string) (unit, step int64, ok bool) {
	for _, u := range sizeUnits() {
		letter := u.name[:1]
		if strings.EqualFold(name, u.name) || strings.EqualFold(name, letter) || u.bytes > 1 && strings.EqualFold(name, letter+"iB") {
			return u.bytes, max(u.bytes/1024, 1), true
		}
	}
	return 0, 0, false
}

func badSize(s, what string) error {
	return fault.New(fault.Usage, "size %q %s", s, what).WithHint(sizeForms)
}

// FormatSize writes bytes in the largest unit that divides them exactly, as PostgreSQL shows a
// setting: 2GB, 1536MB, 8kB, 1000B. ParseSize reads every positive one back.
func FormatSize(bytes int64) string {
	for _, u := range sizeUnits() {
		if bytes != 0 && bytes%u.bytes == 0 {
			return strconv.FormatInt(bytes/u.bytes, 10) + u.name
		}
	}
	return "0"
}

// HumanSize writes bytes for reading, with one decimal: "12.5 GB", and below 1 kB "512 B".
func HumanSize(bytes int64) string {
	for _, u := range sizeUnits() {
		amount := float64(bytes) / float64(u.bytes)
		// What would be printed as 1024.0 of the smaller unit is 1.0 of this one.
		if u.bytes > 1 && math.Abs(amount)*1024 >= 1023.95 {
			return fmt.Sprintf("%.1f %s", amount, u.name)
		}
	}
	return fmt.Sprintf("%d B", bytes)
}
