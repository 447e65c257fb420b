package fingerprint

import "strings"

// isPassword tells PASSWORD, and names that end so: sslpassword.
func isPassword(name string) bool {
	const length = len("password")
	return len(name) >= length && strings.EqualFold(name[len(name)-length:], "password")
}

// isSecretSetting tells a parameter whose value is a secret, or may hold one, by its name: my.jwt_token, archive_command.
func isSecretSetting(name string) bool {
	for part := range strings.SplitSeq(name, ".") {
		if isSecret(part, len(part) < len(name)) {
			return true
		}
	}
	return false
}

// isSecret is likewise of a part of a name between dots. dotted tells that it has others.
func isSecret(part string, dotted bool) bool {
	part = strings.ToLower(part)
	switch part {
	case "password_encryption", "oauth_validator_libraries": // PostgreSQL's own, of which none is secret
		return false
	case "authorization": // SET SESSION AUTHORIZATION names a role
		return dotted
	}
	if strings.HasSuffix(part, "_command") { // a shell's, with what it logs in with elsewhere
		return true
	}
	for _, word := range []string{"password", "passwd", "passphrase", "secret", "token", "credential", "conninfo"} {
		if strings.Contains(part, word) {
			return true
		}
	}
	for word := range strings.FieldsFuncSeq(part, func(r rune) bool { return r == '_' || r == '-' }) {
		switch word = strings.TrimRight(word, "0123456789"); {
		case word == "pass", word == "jwt", word == "bearer", word == "keys",
			strings.HasSuffix(word, "key"), strings.HasSuffix(word, "pwd"), strings.HasSuffix(word, "auth"):
			return true
		}
	}
	return false
}

// namesSecret looks for what no secret is named without, anywhere: it only leaves out texts that need no closer look.
func namesSecret(sql string) bool {
	for i := range len(sql) {
		var found bool
		rest := sql[i:]
		switch sql[i] | 0x20 {
		case 'a':
			found = begins(rest, "auth")
		case 'b':
			found = begins(rest, "bearer")
		case 'c':
			found = begins(rest, "command") || begins(rest, "conninfo") || begins(rest, "credential")
		case 'j':
			found = begins(rest, "jwt")
		case 'k':
			found = begins(rest, "key")
		case 'p':
			found = begins(rest, "pass") || begins(rest, "pwd") || begins(rest, "program")
		case 's':
			found = begins(rest, "secret")
		case 't':
			found = begins(rest, "token")
		}
		if found {
			return true
		}
	}
	return false
}

// begins tells that a text begins with a word, which is in small letters.
func begins(text, word string) bool {
	if len(text) < len(word) {
		return false
	}
	for i := 1; i < len(word); i++ {
		if text[i]|0x20 != word[i] {
			return false
		}
	}
	return true
}
