package history

import (
	"fmt"

	"avadb/internal/statements"
)

// signatureOf is the statement's own, whatever the server's version; 0 where its text is not known.
func signatureOf(statements.Text) int64 { return 0 }

// shown is a signature as text; nil where there is none.
func shown(signature int64) *string {
	if signature == 0 {
		return nil
	}
	text := fmt.Sprintf("%016x", uint64(signature)) //nolint:gosec // the same bits
	return &text
}
