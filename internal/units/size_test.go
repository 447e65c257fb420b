package units

import (
	"math"
	"strings"
	"testing"

	"avadb/internal/fault"
)

func TestParseSize(t *testing.T) {
	for text, want := range map[string]int64{
		"8GB": 8 * GB, "8gb": 8 * GB, "8GiB": 8 * GB, "8gib": 8 * GB, "8G": 8 * GB, "8 GB": 8 * GB, " 8GB ": 8 * GB,
		"512MB": 512 * MB, "64mb": 64 * MB, "8kB": 8 * KB, "8KB": 8 * KB, "8k": 8 * KB, "100B": 100, "100b": 100,
		"1.5TB": 1536 * GB, "0.5GB": 512 * MB, "007MB": 7 * MB,
		"1.3GB":             1331 * MB, // as PostgreSQL rounds it
		"1.5B":              2,
		"8388607TB":         8388607 * TB,
		"9007199254740993B": 1<<53 + 1, // a float64 would lose one
	} {
		got, err := ParseSize(text)
		if err != nil || got != want {
			t.Errorf("ParseSize(%q) = %d, %v; want %d", text, got, err, want)
		}
	}
}

func TestParseSizeRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"":                               "is not a size",
		"8192":                           "has no unit",
		"8.5":                            "has no unit",
		"0GB":                            "is zero",
		"0.0001B":                        "is zero",
		"-8GB":                           "is not a size",
		"+8GB":                           "is not a size",
		"8388608TB":                      "is too large",
		"99999999999999999999GB":         "is too large",
		"8PB":                            "has an unknown unit",
		"8iB":                            "has an unknown unit",
		"8GBs":                           "has an unknown unit",
		"8GB 4MB":                        "has an unknown unit",
		"1e3GB":                          "has an unknown unit",
		"0x8GB":                          "has an unknown unit",
		"NaN":                            "is not a size",
		"inf":                            "is not a size",
		"GB":                             "is not a size",
		".5GB":                           "is not a size",
		"5.GB":                           "is not a size",
		"1.2.3GB":                        "is not a size",
		"٨GB":                            "is not a size",
		strings.Repeat("9", 1000) + "GB": "is not a size",
	} {
		_, err := ParseSize(text)
		wantUsage(t, text, err, want)
	}
}

// wantUsage checks that an error is a usage error, says what is wrong and shows the accepted forms.
func wantUsage(t *testing.T, text string, err error, want string) {
	t.Helper()
	e := fault.As(err)
	if e == nil || e.Kind != fault.Usage || !strings.Contains(e.Message, want) || e.Hint == "" {
		t.Errorf("%q: got %#v; want a usage error that %q, with a hint", text, err, want)
	}
}

func TestFormatSize(t *testing.T) {
	for bytes, want := range map[int64]string{
		0: "0", 1: "1B", 1000: "1000B", 1024: "1kB", 8 * KB: "8kB", 64 * MB: "64MB", 1536 * MB: "1536MB",
		2 * GB: "2GB", 6 * TB: "6TB", 1025 * GB: "1025GB", -8 * KB: "-8kB", math.MaxInt64: "9223372036854775807B",
	} {
		if got := FormatSize(bytes); got != want {
			t.Errorf("FormatSize(%d) = %s; want %s", bytes, got, want)
		}
	}
}

func TestHumanSize(t *testing.T) {
	for bytes, want := range map[int64]string{
		0: "0 B", 512: "512 B", 1023: "1023 B", 1024: "1.0 kB", 12*GB + 512*MB: "12.5 GB",
		MB - 10: "1.0 MB", GB - 1: "1.0 GB", 1000 * MB: "1000.0 MB", 3 * TB: "3.0 TB", 5000 * TB: "5000.0 TB", -2 * KB: "-2.0 kB",
	} {
		if got := HumanSize(bytes); got != want {
			t.Errorf("HumanSize(%d) = %s; want %s", bytes, got, want)
		}
	}
}

func FuzzParseSize(f *testing.F) {
	for _, seed := range []string{"8GB", "1.5TB", "64 mb", "9223372036854775807B", "0.1kB", "-1GB", "1e9GB", "8"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		bytes, err := ParseSize(text)
		if err != nil {
			return
		}
		if bytes <= 0 {
			t.Fatalf("ParseSize(%q) = %d", text, bytes)
		}
		if again, err := ParseSize(FormatSize(bytes)); err != nil || again != bytes {
			t.Fatalf("%q = %d bytes, written as %s, read back as %d, %v", text, bytes, FormatSize(bytes), again, err)
		}
	})
}
