package pg

import "strings"

// PublicDSN writes a connection string of either form without its secrets, in the keyword form. A bare database name stays
// as it is; a string that cannot be read is hidden as a whole, because there is no telling what in it is secret.
func PublicDSN(dsn string) string {
	if !strings.ContainsAny(dsn, "=:/") {
		return dsn
	}
	options, err := parseDSN(dsn)
	if err != nil {
		return "***"
	}
	return publicDSN(options)
}
