package render

import (
	"encoding"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// rawText is a value in csv: unchanged, empty where nothing is known.
func rawText(v reflect.Value, _ column) string {
	text, _ := valueText(v, time.RFC3339Nano)
	return text
}

// safeText is rawText for a terminal.
func safeText(v reflect.Value, c column) string { return Safe(rawText(v, c)) }

// tableText is a value in a table: safe for a terminal, "-" where nothing is known.
func tableText(v reflect.Value, c column) string {
	if c.decimals >= 0 {
		return fixed(v, c.decimals)
	}
	text, known := valueText(v, time.RFC3339)
	switch {
	case !known:
		return unknown
	case c.elastic: // a preview: a statement of many lines reads as one
		return Preview(text, 0)
	}
	return Safe(text)
}

// plainText is a table's text, except that an empty cell is "-" too: awk counts fields by blanks.
func plainText(v reflect.Value, c column) string {
	if text := tableText(v, c); strings.TrimSpace(text) != "" {
		return text
	}
	return unknown
}

const unknown = "-"

// fixed is a number with so many decimals. What is no number is shown as it is.
func fixed(v reflect.Value, decimals int) string {
	v = dereference(v)
	switch {
	case !v.IsValid():
		return unknown
	case v.CanFloat():
		return decimal(v.Float(), decimals)
	case v.CanInt():
		return decimal(float64(v.Int()), decimals)
	}
	text, _ := valueText(v, time.RFC3339)
	return Safe(text)
}

func decimal(f float64, decimals int) string {
	text := strconv.FormatFloat(f, 'f', decimals, 64)
	if strings.Trim(text, "-0.") == "" {
		return strings.TrimPrefix(text, "-") // -0.001 is not -0.00
	}
	return text
}

// valueText is a value as text, and whether there is one behind its pointers.
func valueText(v reflect.Value, timeLayout string) (text string, known bool) {
	v = dereference(v)
	if !v.IsValid() {
		return "", false
	}
	switch value := v.Interface().(type) {
	case time.Time:
		return value.UTC().Format(timeLayout), true
	case encoding.TextMarshaler:
		if text, err := value.MarshalText(); err == nil {
			return string(text), true
		}
	case fmt.Stringer:
		return value.String(), true
	}
	switch {
	case v.Kind() == reflect.String:
		return v.String(), true
	case v.Kind() == reflect.Bool:
		return strconv.FormatBool(v.Bool()), true
	case v.CanInt():
		return strconv.FormatInt(v.Int(), 10), true
	case v.CanUint():
		return strconv.FormatUint(v.Uint(), 10), true
	case v.CanFloat():
		return strconv.FormatFloat(trimmed(v.Float()), 'f', -1, v.Type().Bits()), true
	case v.Kind() == reflect.Slice:
		return listText(v, timeLayout), true
	}
	return compactJSON(v), true
}

// trimmed takes from a number the digits that nobody measured: sums of binary fractions end in some (34.62636100000001), quotients in all that
// there is room for. Six decimals stay, of a number below 1 six digits.
func trimmed(f float64) float64 {
	const kept = 6
	size := math.Abs(f)
	if size < 1e-12 || !(size < 1e9) { // 0 and NaN, too: from 1e9 on six decimals are about all that there are
		return f
	}
	decimals := kept
	if size < 1 {
		decimals -= int(math.Floor(math.Log10(size))) + 1
	}
	short, err := strconv.ParseFloat(strconv.FormatFloat(f, 'f', decimals, 64), 64)
	if err != nil {
		return f
	}
	return short
}

func dereference(v reflect.Value) reflect.Value {
	for v.IsValid() && (v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface) {
		v = v.Elem()
	}
	return v
}

func listText(v reflect.Value, timeLayout string) string {
	items := make([]string, v.Len())
	for i := range items {
		items[i], _ = valueText(v.Index(i), timeLayout)
	}
	return strings.Join(items, ", ")
}

// compactJSON shows what has no short form of its own, such as an object within a row.
func compactJSON(v reflect.Value) string {
	text, err := json.Marshal(v.Interface())
	if err != nil {
		return fmt.Sprint(v.Interface())
	}
	return string(text)
}
