package statements

import "regexp"

// secret finds a password in a utility statement, which pg_stat_statements keeps up to 17: PASSWORD '...' in any of its
// spellings, and password=... within a connection string.
var secret = regexp.MustCompile(`(?i)(\bpassword\s*=?\s*)(?:[eu]?&?'(?:[^'\\]|''|\\.)*'?|\$(\w*)\$.*?\$\w*\$)|(\bpassword\s*=\s*)[^\s'"]+`)

// MaskSecrets replaces passwords in a statement's text.
func MaskSecrets(query string) string {
	return secret.ReplaceAllString(query, "${1}${3}'***'")
}
