package pg

import (
	"regexp"
	"sync"
)

// secretInText finds what must not reach the journal or a screen: a password in a URL, what stands behind password= and the
// like or behind such a flag, in whatever quotes, and the token of an HTTP header.
var secretInText = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)(://[^:/@\s]*:)[^@\s]*(@)` +
		`|((?:password|passwd|pwd|secret(?:_\w+)?|token)\s*=\s*|--[\w-]*(?:password|passwd|secret|token)\s+|\bbearer\s+)` +
		`(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|(?:\\.|[^\s'"])+)`)
})

// MaskSecrets replaces the secrets within a text, such as a command line, with ***.
func MaskSecrets(text string) string {
	return secretInText().ReplaceAllString(text, "${1}${3}***${2}")
}
