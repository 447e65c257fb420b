package fingerprint

// AppendRedacted writes a statement behind dst as it was written, with Placeholder for each constant: for people to read. Parameters stay,
// comments do not, because they may hold what constants hold.
func AppendRedacted(dst []byte, sql string) []byte {
	begin := len(dst)
	for i := 0; ; {
		k, from, to := next(sql, i)
		if k == end {
			return dst
		}
		if len(dst) > begin {
			dst = appendGap(dst, sql[i:from])
		}
		if k == literal && !isParameter(sql[from:to]) {
			if from := len(dst); from > begin && isWord(dst[from-1]) {
				dst = append(dst, ' ') // date'2026-01-01'
			}
			dst = append(dst, Placeholder...)
		} else {
			dst = append(dst, sql[from:to]...)
		}
		i = to
	}
}

func isParameter(text string) bool {
	return len(text) > 1 && text[0] == '$' && classes[text[1]] == digit
}

// appendGap writes the space between two tokens, and one blank for a comment.
func appendGap(dst []byte, gap string) []byte {
	for i := range len(gap) {
		if classes[gap[i]] != space {
			return append(dst, ' ')
		}
	}
	return append(dst, gap...)
}
