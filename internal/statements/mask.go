package statements

import (
	"regexp"
	"sync"
)

// secret finds a password in a utility statement, which pg_stat_statements keeps up to 17: PASSWORD '...' in any of its
// spellings, and password=... within a connection string, whose own quotes are doubled or stand behind a backslash there.
var secret = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?is)(\bpassword\s*=\s*)(?:''(?:[^'\\]|\\.)+''|\\'(?:[^'\\]|\\.)+\\')` +
		`|(\bpassword\s*=?\s*)(?:[eu]?&?'(?:[^'\\]|''|\\.)*'?|\$(\w*)\$.*?\$\w*\$)` +
		`|(\bpassword\s*=\s*)[^\s'"]+`)
})

// inURL finds the password of a connection URL.
var inURL = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(://[^:/@\s']*:)[^@\s']+@`) })

// MaskSecrets replaces passwords in a statement's text.
func MaskSecrets(query string) string {
	return inURL().ReplaceAllString(secret().ReplaceAllString(query, "${1}${2}${4}'***'"), "${1}***@")
}
