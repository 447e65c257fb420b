package fingerprint

import (
	"regexp"
	"strings"
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

// MaskSecrets replaces passwords in a statement's text. One that names none comes back as it is, and fast.
func MaskSecrets(sql string) string {
	if namesPassword(sql) {
		sql = secret().ReplaceAllString(sql, "${1}${2}${4}'***'")
	}
	if strings.Contains(sql, "://") {
		sql = inURL().ReplaceAllString(sql, "${1}***@")
	}
	return sql
}

// namesPassword looks for the word at its letter w, which is rare, and in its many spellings.
func namesPassword(sql string) bool {
	const at = len("pass")
	for i := 0; i < len(sql); i++ {
		step := strings.IndexAny(sql[i:], "wW")
		if step < 0 {
			return false
		}
		i += step
		if i >= at && i+at <= len(sql) && strings.EqualFold(sql[i-at:i+at], "password") {
			return true
		}
	}
	return false
}
