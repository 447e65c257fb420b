package render

import (
	"testing"

	"github.com/olekukonko/tablewriter/pkg/twwidth"
)

// In East Asian locales "…" may take two columns; the goldens are for those where it takes one.
func TestMain(m *testing.M) {
	twwidth.SetOptions(twwidth.Options{})
	m.Run()
}
