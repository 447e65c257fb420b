package pglog

// infer guesses prefixes from the lines themselves.
func infer(all [][]byte) []*Prefix { return nil }
