package history

import (
	"avadb/internal/fingerprint"
	"avadb/internal/statements"
)

// signatureOf is the statement's own, whatever the server's version; 0 where its text is not known.
func signatureOf(text statements.Text) int64 {
	if text.Query == nil {
		return 0
	}
	return int64(fingerprint.Of(*text.Query)) //nolint:gosec // the same bits
}

// shown is a signature as text; nil where there is none.
func shown(signature int64) *string {
	if signature == 0 {
		return nil
	}
	text := fingerprint.Signature(signature).String() //nolint:gosec // the same bits
	return &text
}

// described is a running statement's text as it is kept, and its signature. Constants can be anybody's data: they stay out unless
// they were asked for.
func (c *Collector) described(sql string) (text string, signature *string) {
	of := fingerprint.Of(sql).String()
	text = fingerprint.MaskSecrets(sql)
	if !c.o.KeepLiterals {
		text = string(fingerprint.AppendRedacted(nil, sql))
	}
	return text, &of
}
