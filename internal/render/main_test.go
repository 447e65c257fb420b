package render

import (
	"testing"

	"github.com/mattn/go-runewidth"
	"github.com/olekukonko/tablewriter/pkg/twwidth"
)

// In East Asian locales "…" may take two columns; the goldens are for those where it takes one.
func TestMain(m *testing.M) {
	twwidth.SetCondition(&runewidth.Condition{})
	m.Run()
}
