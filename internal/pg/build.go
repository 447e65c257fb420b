package pg

import (
	"context"
	"crypto/tls"
	"errors"
	"math/rand/v2"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"avadb/internal/fault"
)

// config turns settings into the driver's configuration. Every key that the driver would otherwise take from
// the environment of the process and that names a place is given explicitly.
func (s settings) config() (*pgx.ConnConfig, error) {
	endpoints := s.endpoints()
	config, err := parseOptions(s.explicit(endpoints), pgx.ParseConfig)
	if err != nil {
		return nil, err
	}
	config.RuntimeParams = s.startup()
	config.DefaultQueryExecMode = pgx.QueryExecModeCacheDescribe // right behind a pooler too, and a statement runs once anyway
	config.DialFunc = s.dialer(config.ConnectTimeout).DialContext
	config.LookupFunc = lookup(endpoints)
	config.BuildContextWatcherHandler = newCancelHandler
	config.MaxProtocolMessageBodyLen = longestMessage
	if validate := config.ValidateConnect; validate != nil {
		config.ValidateConnect = pathPinned(validate)
	}
	s.boundTLS(config)
	return config, nil
}

// explicit are all options that the driver is given.
func (s settings) explicit(endpoints []endpoint) []option {
	explicit := []option{
		{"host", join(endpoints, func(e endpoint) string { return e.host })},
		{"port", join(endpoints, func(e endpoint) string { return e.port })},
		{"dbname", s.get("dbname")},
		{"user", s.get("user")},
		{"password", s.get("password")},
	}
	for _, key := range sortedKeys() {
		given := slices.ContainsFunc(explicit, func(o option) bool { return o.key == key })
		if _, set := s[key]; set && keys[key] == passed && !given {
			explicit = append(explicit, option{key, s.get(key)})
		}
	}
	return explicit
}

// pathPinned lets the driver ask for target_session_attrs within a transaction whose search_path is pinned: it calls
// pg_is_in_recovery() by its bare name.
func pathPinned(validate pgconn.ValidateConnectFunc) pgconn.ValidateConnectFunc {
	return func(ctx context.Context, c *pgconn.PgConn) error {
		if _, err := c.Exec(ctx, "BEGIN /*avadb:pg/begin*/;"+pinPath).ReadAll(); err != nil {
			return err
		}
		verdict := validate(ctx, c)
		_, err := c.Exec(ctx, "COMMIT /*avadb:pg/commit*/").ReadAll()
		if verdict != nil {
			return verdict // the driver uses the connection all the same where it is only not preferred
		}
		return err
	}
}

// longestMessage bounds one message from the server, in bytes. It also tells other services apart: letters
// taken for a length mean at least 512 MB, which the driver would allocate before it reads on.
const longestMessage = 256 << 20

// startup is what goes into the startup packet: a pooler refuses most of it, so nothing of avadb's own but
// application_name.
func (s settings) startup() map[string]string {
	parameters := map[string]string{"application_name": s.get("application_name")}
	for _, key := range []string{"options", "timezone"} {
		if value := s.get(key); value != "" {
			parameters[key] = value
		}
	}
	return parameters
}

// parseOptions hands options to a parser of the driver. PGSERVICE of the process would make it read a service even where
// the base is another: an empty section in a file of our own takes that place, as an environment must not be
// changed under running goroutines.
func parseOptions[T any](options []option, parse func(string) (T, error)) (T, error) {
	var none T
	if os.Getenv("PGSERVICE") != "" {
		path, err := emptyService()
		if err != nil {
			return none, fault.New(fault.Config, "making a service file that stands in for PGSERVICE: %w", err).WithHint("unset PGSERVICE")
		}
		defer os.Remove(path) //nolint:errcheck // a file of one line in the temp folder
		options = append(options, option{"service", "avadb"}, option{"servicefile", path})
	}
	config, err := parse(writeDSN(options))
	if err != nil {
		return none, fault.New(fault.Config, "the connection options do not fit: %s", withoutDSN(err)).
			WithHint("`avadb config show` lists them and where each came from")
	}
	return config, nil
}

func emptyService() (string, error) {
	file, err := os.CreateTemp("", "avadb-service-*")
	if err != nil {
		return "", err
	}
	_, err = file.WriteString("[avadb]\n")
	return file.Name(), errors.Join(err, file.Close())
}

// withoutDSN is the driver's message without the connection string that it quotes.
func withoutDSN(err error) string {
	var parse *pgconn.ParseConfigError
	if !errors.As(err, &parse) {
		return "the driver refuses them"
	}
	parse.ConnString = ""
	return strings.TrimPrefix(parse.Error(), "cannot parse ``: ")
}

// endpoint is one server of a list; address is where to dial when it is not what the name resolves to.
type endpoint struct{ host, address, port string }

// endpoints takes the lists apart; load_balance_hosts=random shuffles them.
func (s settings) endpoints() []endpoint {
	hosts := strings.Split(s.get("host"), ",")
	ports := strings.Split(s.get("port"), ",")
	addresses := strings.Split(s.get("hostaddr"), ",")
	list := make([]endpoint, len(hosts))
	for i, host := range hosts {
		list[i] = endpoint{host: host, port: ports[min(i, len(ports)-1)]}
		if len(addresses) == len(hosts) && addresses[i] != "" {
			list[i].address = addresses[i]
			if host == "" || strings.HasPrefix(host, "/") { // libpq: the address wins over a socket
				list[i].host = addresses[i]
			}
		}
	}
	if s.get("load_balance_hosts") == "random" {
		//nolint:gosec // spreading load needs no secret order
		rand.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	}
	return list
}

func join(list []endpoint, part func(endpoint) string) string {
	parts := make([]string, len(list))
	for i, e := range list {
		parts[i] = part(e)
	}
	return strings.Join(parts, ",")
}

// lookup resolves a host to its hostaddr where one was given, else by DNS.
func lookup(list []endpoint) pgconn.LookupFunc {
	addresses := map[string][]string{}
	for _, e := range list {
		if e.address != "" {
			addresses[e.host] = append(addresses[e.host], e.address)
		}
	}
	return func(ctx context.Context, host string) ([]string, error) {
		if given := addresses[host]; len(given) > 0 {
			return given, nil
		}
		return net.DefaultResolver.LookupHost(ctx, host)
	}
}

// dialer carries libpq's keepalive options; Go's own defaults otherwise.
func (s settings) dialer(timeout time.Duration) *net.Dialer {
	d := &net.Dialer{Timeout: timeout}
	if s.get("keepalives") == "0" {
		d.KeepAlive = -1
		return d
	}
	number := func(key string) int { n, _ := strconv.Atoi(s.get(key)); return n }
	d.KeepAliveConfig = net.KeepAliveConfig{
		Enable:   true,
		Idle:     time.Duration(number("keepalives_idle")) * time.Second,
		Interval: time.Duration(number("keepalives_interval")) * time.Second,
		Count:    number("keepalives_count"),
	}
	return d
}

// boundTLS applies ssl_min_protocol_version and ssl_max_protocol_version, which the driver does not know.
func (s settings) boundTLS(config *pgx.ConnConfig) {
	versions := map[string]uint16{"TLSv1": tls.VersionTLS10, "TLSv1.1": tls.VersionTLS11, "TLSv1.2": tls.VersionTLS12, "TLSv1.3": tls.VersionTLS13}
	bound := func(c *tls.Config) {
		if c == nil {
			return
		}
		c.MinVersion = max(versions[s.get("ssl_min_protocol_version")], tls.VersionTLS12)
		c.MaxVersion = versions[s.get("ssl_max_protocol_version")]
	}
	bound(config.TLSConfig)
	for _, fallback := range config.Fallbacks {
		bound(fallback.TLSConfig)
	}
}
