package pglog

import (
	"os"
	"testing"
)

func BenchmarkRun(b *testing.B) {
	name := os.Getenv("LOG")
	st, _ := os.Stat(name)
	b.SetBytes(st.Size())
	for b.Loop() {
		r, err := Run(b.Context(), []string{name}, nil, Options{Statements: os.Getenv("NOST") == ""})
		if err != nil || r.Files[0].Error != nil {
			b.Fatal(err, *r.Files[0].Error)
		}
	}
}
