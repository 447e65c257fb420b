package pg

import (
	"slices"
	"strconv"
	"strings"

	"avadb/internal/fault"
)

// check refuses what cannot be kept, drops what has no effect here, and looks at the values that the driver
// would refuse with a message that quotes the whole connection string.
func (r *resolution) check() error {
	for _, key := range sortedKeys() {
		s, given := r.settings[key]
		if !given {
			continue
		}
		switch effective(key, s.value) {
		case refused:
			return r.refusal(key, s.from)
		case dropped:
			r.warnings = append(r.warnings, s.from+": "+key+" has no effect here")
			delete(r.settings, key)
		case harmless:
			delete(r.settings, key)
		case passed, translated:
			if err := checkValue(r.kind(s.from), key, s); err != nil {
				return err
			}
		}
	}
	return r.checkLists()
}

// kind is that of a mistake in a value: of usage where it was typed on this command line.
func (r *resolution) kind(from string) fault.Kind {
	if strings.HasPrefix(from, "-") {
		return fault.Usage
	}
	return fault.Config
}

func (r *resolution) refusal(key, from string) error {
	why := map[string]string{
		"sslcrl":      "certificates cannot be checked against a list of revoked ones",
		"sslcrldir":   "certificates cannot be checked against lists of revoked ones",
		"requirepeer": "the owner of the server's process cannot be checked over a socket",
		"gssencmode":  "the connection cannot be encrypted with GSSAPI",
	}
	return fault.New(fault.Config, "%s asks for %s: %s, and going on without would be less safe than asked for", from, key, why[key]).
		WithHint("take %s out for avadb, or use sslmode=verify-full", key)
}

// checkValue looks at one value. The value is not shown: a malformed string may have put a piece of the
// password here.
func checkValue(kind fault.Kind, key string, s setting) error {
	if want := allowedValues(key); want != nil && !slices.Contains(want, s.value) {
		return fault.New(kind, "%s: %s has a value that does not exist", s.from, key).WithHint("one of %s", strings.Join(want, ", "))
	}
	switch key {
	case "port":
		for port := range strings.SplitSeq(s.value, ",") {
			if checkPort(kind, "", port) != nil {
				return fault.New(kind, "%s: the port is not a number from 1 to 65535", s.from).
					WithHint("PostgreSQL listens on 5432 unless told otherwise; in a URL, @ : / in a password are written %%40 %%3A %%2F")
			}
		}
	case "connect_timeout", "keepalives", "keepalives_idle", "keepalives_interval", "keepalives_count":
		if n, err := strconv.Atoi(s.value); err != nil || n > maxSeconds {
			return fault.New(kind, "%s: %s is not a number of sensible size", s.from, key).WithHint("for example %s=10", key)
		}
	}
	return nil
}

// maxSeconds keeps a number of seconds well inside of time.Duration.
const maxSeconds = 1 << 30

func allowedValues(key string) []string {
	switch key {
	case "sslmode":
		return []string{"disable", "allow", "prefer", "require", "verify-ca", "verify-full"}
	case "target_session_attrs":
		return []string{"any", "read-write", "read-only", "primary", "standby", "prefer-standby"}
	case "load_balance_hosts":
		return []string{"disable", "random"}
	case "sslcertmode":
		return []string{"disable", "allow", "require"}
	case "sslnegotiation":
		return []string{"postgres", "direct"}
	case "channel_binding":
		return []string{"disable", "prefer", "require"}
	case "min_protocol_version", "max_protocol_version":
		return []string{"3.0", "3.2", "latest"}
	case "ssl_min_protocol_version", "ssl_max_protocol_version":
		return []string{"TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"}
	}
	return nil
}

// checkLists compares the lengths of the lists of hosts, addresses and ports.
func (r *resolution) checkLists() error {
	hosts := strings.Count(r.settings.get("host"), ",") + 1
	if ports := strings.Count(r.settings.get("port"), ",") + 1; ports > 1 && ports != hosts {
		return fault.New(r.kind(r.settings["port"].from), "there are %d ports for %d host(s)", ports, hosts).WithHint("give one port, or one for each host")
	}
	if address, given := r.settings["hostaddr"]; given {
		if n := strings.Count(address.value, ",") + 1; n != hosts {
			return fault.New(r.kind(address.from), "there are %d addresses (hostaddr) for %d host(s)", n, hosts).WithHint("give one address for each host")
		}
	}
	return nil
}
