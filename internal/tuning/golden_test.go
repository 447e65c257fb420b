package tuning_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"text/tabwriter"

	"avadb/internal/tuning"
)

var update = flag.Bool("update", false, "write the golden files anew")

// machines are the memory sizes of the golden tables, each with the processors that such a machine has.
func machines() []struct {
	ram  string
	cpus int
} {
	return []struct {
		ram  string
		cpus int
	}{{"1GB", 1}, {"2GB", 2}, {"8GB", 4}, {"32GB", 8}, {"64GB", 16}, {"256GB", 32}, {"1024GB", 64}}
}

// TestGoldenTables holds the value of every parameter for every profile, memory, kind of storage and major version on a
// fresh server. For storage other than ssd only what differs from it is written. -update writes them anew.
func TestGoldenTables(t *testing.T) {
	for _, profile := range tuning.Profiles() {
		for major := 14; major <= 18; major++ {
			name := fmt.Sprintf("%s_%d.txt", profile, major)
			t.Run(name, func(t *testing.T) {
				got, path := goldenTable(t, profile, major), filepath.Join("testdata", "golden", name)
				if *update {
					if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
						t.Fatal(err)
					}
				}
				want, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				if strings.ReplaceAll(string(want), "\r\n", "\n") != got {
					t.Errorf("the table differs from %s; go test -update shows how:\n%s", path, got)
				}
			})
		}
	}
}

func goldenTable(t *testing.T, profile tuning.Profile, major int) string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	row := func(cells ...string) {
		if _, err := fmt.Fprintln(w, strings.Join(cells, "\t")); err != nil {
			t.Fatal(err)
		}
	}
	head, cpus := []string{string(profile) + ", PostgreSQL " + fmt.Sprint(major)}, []string{"CPUs"}
	for _, m := range machines() {
		head, cpus = append(head, m.ram), append(cpus, fmt.Sprint(m.cpus))
	}
	row(head...)
	row(cpus...)
	ssd := goldenRows(t, profile, tuning.SSD, major)
	for _, name := range tuning.ProfileNames(profile) {
		row(append([]string{name}, ssd[name]...)...)
	}
	for _, storage := range tuning.Storages()[1:] {
		other := goldenRows(t, profile, storage, major)
		for _, name := range tuning.ProfileNames(profile) {
			if strings.Join(other[name], " ") != strings.Join(ssd[name], " ") {
				row(append([]string{string(storage) + ": " + name}, other[name]...)...)
			}
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// goldenRows gives each parameter's values for the machines; a dash is left alone.
func goldenRows(t *testing.T, profile tuning.Profile, storage tuning.Storage, major int) map[string][]string {
	rows := map[string][]string{}
	for _, m := range machines() {
		in := fresh(t, major, m.ram)
		in.Profile, in.Storage, in.CPUs = profile, storage, m.cpus
		recs, _ := recommend(t, in)
		for _, rec := range recs {
			value := rec.Value
			if rec.Skip {
				value = "-"
			}
			rows[rec.Name] = append(rows[rec.Name], value)
		}
	}
	return rows
}
