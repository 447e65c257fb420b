package pg

import (
	"fmt"
	"strings"
)

// option is one key of a connection string, as libpq spells it, with its decoded value.
type option struct{ key, value string }

// isConnectionString tells whether a text is what libpq takes for a connection string and not for the name
// of a database (recognized_connection_string in fe-connect.c).
func isConnectionString(s string) bool { return isURL(s) || strings.Contains(s, "=") }

func isURL(s string) bool {
	return strings.HasPrefix(s, "postgres://") || strings.HasPrefix(s, "postgresql://")
}

// parseDSN reads a connection string in either of libpq's forms; the last occurrence of a key wins, which
// is left to the caller. Its errors never quote the text: in a malformed string any part of it may be a
// piece of the password.
func parseDSN(dsn string) ([]option, error) {
	if strings.ContainsRune(dsn, 0) {
		return nil, fmt.Errorf("a NUL byte is in it")
	}
	if isURL(dsn) {
		return parseURL(dsn)
	}
	return parseKeywords(dsn)
}

const blanks = " \t\n\r\v\f"

// parseKeywords reads `host=a password='it”s'`, where a backslash takes the next character as it is.
func parseKeywords(dsn string) ([]option, error) {
	var options []option
	rest := strings.TrimLeft(dsn, blanks)
	for rest != "" {
		at := len(dsn) - len(rest) + 1
		name, after, found := strings.Cut(rest, "=")
		name = strings.TrimRight(name, blanks)
		if !found || name == "" || strings.ContainsAny(name, blanks) {
			return nil, fmt.Errorf("an equals sign is missing after the word at character %d", at)
		}
		value, left, err := keywordValue(strings.TrimLeft(after, blanks))
		if err != nil {
			return nil, fmt.Errorf("the value at character %d: %w", at, err)
		}
		options = append(options, option{name, value})
		rest = strings.TrimLeft(left, blanks)
	}
	return options, nil
}

// keywordValue takes one value off the front of s and gives back what is left.
func keywordValue(s string) (value, rest string, err error) {
	quoted := strings.HasPrefix(s, "'")
	if quoted {
		s = s[1:]
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\':
			if i++; i < len(s) {
				b.WriteByte(s[i])
			}
		case quoted && c == '\'':
			return b.String(), s[i+1:], nil
		case !quoted && strings.IndexByte(blanks, c) >= 0:
			return b.String(), s[i:], nil
		default:
			b.WriteByte(c)
		}
	}
	if quoted {
		return "", "", fmt.Errorf("a closing quote is missing")
	}
	return b.String(), "", nil
}

// parseURL reads postgres://user:password@host:port,host:port/database?key=value, with libpq's rules: only
// a slash ends the search for the @, and lists of hosts and ports stay aligned.
func parseURL(dsn string) ([]option, error) {
	rest := dsn[strings.Index(dsn, "://")+3:]
	var raw []option
	if i := strings.IndexAny(rest, "@/"); i >= 0 && rest[i] == '@' {
		user, password, _ := strings.Cut(rest[:i], ":")
		raw = append(raw, option{"user", user}, option{"password", password})
		rest = rest[i+1:]
	}
	hosts, ports, rest, err := urlHosts(rest)
	if err != nil {
		return nil, err
	}
	raw = append(raw, option{"host", hosts}, option{"port", ports})
	path, query, _ := strings.Cut(rest, "?")
	raw = append(raw, option{"dbname", strings.TrimPrefix(path, "/")})
	raw = dropEmpty(raw)
	if query != "" {
		pairs, err := urlQuery(query)
		if err != nil {
			return nil, err
		}
		raw = append(raw, pairs...)
	}
	return decodeAll(raw)
}

// urlHosts takes the comma-separated host[:port] list off the front of s.
func urlHosts(s string) (hosts, ports, rest string, err error) {
	for {
		end := strings.IndexAny(s, ":/?,")
		if strings.HasPrefix(s, "[") {
			closing := strings.IndexByte(s, ']')
			if closing < 2 {
				return "", "", "", fmt.Errorf("an IPv6 address in brackets is empty or not closed")
			}
			hosts += s[1:closing]
			if s = s[closing+1:]; s != "" && strings.IndexByte(":/?,", s[0]) < 0 {
				return "", "", "", fmt.Errorf("after the bracket of an IPv6 address only a colon, comma, slash or question mark may follow")
			}
		} else {
			if end < 0 {
				end = len(s)
			}
			hosts += s[:end]
			s = s[end:]
		}
		if strings.HasPrefix(s, ":") {
			if end = strings.IndexAny(s, "/?,"); end < 0 {
				end = len(s)
			}
			ports += s[1:end]
			s = s[end:]
		}
		if !strings.HasPrefix(s, ",") {
			return hosts, ports, s, nil
		}
		hosts, ports, s = hosts+",", ports+",", s[1:]
	}
}

func urlQuery(query string) ([]option, error) {
	var pairs []option
	for i, pair := range strings.Split(query, "&") {
		key, value, found := strings.Cut(pair, "=")
		if !found || strings.Contains(value, "=") {
			return nil, fmt.Errorf("parameter %d after the question mark is not key=value", i+1)
		}
		pairs = append(pairs, option{key, value})
	}
	return pairs, nil
}

func dropEmpty(options []option) []option {
	kept := options[:0]
	for _, o := range options {
		if o.value != "" {
			kept = append(kept, o)
		}
	}
	return kept
}

func decodeAll(raw []option) ([]option, error) {
	decoded := make([]option, 0, len(raw))
	for _, o := range raw {
		key, err := percentDecode(o.key)
		if err != nil {
			return nil, fmt.Errorf("the name of a parameter: %w", err)
		}
		value, err := percentDecode(o.value)
		if err != nil {
			return nil, fmt.Errorf("a value: %w", err)
		}
		if key == "ssl" && value == "true" { // JDBC's spelling, which libpq takes too
			key, value = "sslmode", "require"
		}
		decoded = append(decoded, option{key, value})
	}
	return decoded, nil
}

func percentDecode(s string) (string, error) {
	s = strings.Trim(s, " ")
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == ' ' {
			return "", fmt.Errorf("a blank must be written %%20")
		}
		if s[i] != '%' {
			b.WriteByte(s[i])
			continue
		}
		if i+2 >= len(s) {
			return "", fmt.Errorf("a percent sign must be followed by two hexadecimal digits, or be written %%25")
		}
		high, low := hexDigit(s[i+1]), hexDigit(s[i+2])
		if high < 0 || low < 0 {
			return "", fmt.Errorf("a percent sign must be followed by two hexadecimal digits, or be written %%25")
		}
		if high == 0 && low == 0 {
			return "", fmt.Errorf("%%00 is not allowed")
		}
		b.WriteByte(byte(high<<4 | low)) //nolint:gosec // two digits of four bits
		i += 2
	}
	return b.String(), nil
}

// hexDigit is the value of a hexadecimal digit, -1 for anything else.
func hexDigit(c byte) int {
	if 'A' <= c && c <= 'F' {
		c += 'a' - 'A'
	}
	return strings.IndexByte("0123456789abcdef", c)
}

// writeDSN is the keyword form of options, each value quoted.
func writeDSN(options []option) string {
	words := make([]string, len(options))
	for i, o := range options {
		value := strings.ReplaceAll(strings.ReplaceAll(o.value, `\`, `\\`), `'`, `\'`)
		words[i] = o.key + "='" + value + "'"
	}
	return strings.Join(words, " ")
}
