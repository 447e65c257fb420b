package history

import "avadb/internal/fingerprint"

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
		text = fingerprint.MaskSecrets(string(fingerprint.AppendRedacted(nil, sql)))
	}
	return text, &of
}
