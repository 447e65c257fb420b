package pg

import (
	"slices"
	"strings"

	"avadb/internal/fault"
)

// treatment says what becomes of a key of a connection string. The driver would send every key that it does
// not know to the server, which then refuses the connection.
type treatment int

const (
	passed     treatment = iota // the driver knows it
	translated                  // done here, in place of the driver
	harmless                    // no effect on a connection of ours: dropped without a word
	dropped                     // has an effect in psql that is missing here: dropped with a warning
	refused                     // a safeguard that cannot be kept: the connection is not made
)

// keys are the connection options of libpq 14 to 18.
var keys = map[string]treatment{
	"host": passed, "port": passed, "dbname": passed, "user": passed, "password": passed, "passfile": passed,
	"application_name": passed, "channel_binding": passed, "connect_timeout": passed, "krbsrvname": passed,
	"max_protocol_version": passed, "min_protocol_version": passed, "options": passed, "require_auth": passed,
	"sslcert": passed, "sslcertmode": passed, "sslkey": passed, "sslmode": passed, "sslnegotiation": passed,
	"sslpassword": passed, "sslrootcert": passed, "sslsni": passed, "target_session_attrs": passed,
	"service": translated, "servicefile": translated, "hostaddr": translated, "load_balance_hosts": translated,
	"fallback_application_name": translated, "ssl_min_protocol_version": translated,
	"ssl_max_protocol_version": translated, "keepalives": translated, "keepalives_idle": translated,
	"keepalives_interval": translated, "keepalives_count": translated,
	"sslcompression": harmless, "gsslib": harmless,
	"client_encoding": dropped, "gssdelegation": dropped, "tcp_user_timeout": dropped, "replication": dropped,
	"sslkeylogfile": dropped, "scram_client_key": dropped, "scram_server_key": dropped, "oauth_issuer": dropped,
	"oauth_client_id": dropped, "oauth_client_secret": dropped, "oauth_scope": dropped,
	"sslcrl": refused, "sslcrldir": refused, "requirepeer": refused, "gssencmode": refused,
}

// secret tells whether the value of a key must never be shown.
func secret(key string) bool {
	switch key {
	case "password", "sslpassword", "scram_client_key", "scram_server_key", "oauth_client_secret":
		return true
	}
	return false
}

// driverOnly are settings of connection pools and drivers that people carry over in their application's
// URL; no tool of PostgreSQL knows them.
func driverOnly(key string) bool {
	return strings.HasPrefix(key, "pool_") || key == "default_query_exec_mode" ||
		key == "statement_cache_capacity" || key == "description_cache_capacity"
}

// effective is the treatment of a key with its value: a value that asks for nothing special is harmless.
func effective(key, value string) treatment {
	switch how := keys[key]; {
	case value == "":
		return harmless
	case key == "gssencmode" && value != "require", key == "replication" && isOff(value):
		return harmless
	case key == "client_encoding" && (value == "auto" || slices.Contains([]string{"utf8", "utf-8"}, strings.ToLower(value))):
		return harmless
	default:
		return how
	}
}

func isOff(value string) bool {
	return slices.Contains([]string{"0", "off", "false", "no"}, strings.ToLower(value))
}

// unknownKey is the error for a key that libpq does not know. The key is shown only where it is nearly a
// known one: in a string with an unquoted blank it may be a piece of the password.
func unknownKey(kind fault.Kind, from, key string, number int) *fault.Error {
	if near := Nearest(key, sortedKeys()); near != "" && len(key) > 3 {
		return fault.New(kind, "%s: unknown connection option %q", from, key).WithHint("did you mean %s?", near)
	}
	return fault.New(kind, "%s: option %d is not one that psql knows", from, number).
		WithHint("a parameter of the server goes into options='-c name=value'; a value with blanks needs single quotes, in a URL %%20")
}

func sortedKeys() []string {
	names := make([]string, 0, len(keys))
	for name := range keys {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
