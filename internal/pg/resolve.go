package pg

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"os/user"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"avadb/internal/fault"
)

// setting is the value of a connection option and where it came from.
type setting struct{ value, from string }

// settings are the options of a target by libpq's key.
type settings map[string]setting

func (s settings) get(key string) string { return s[key].value }

// resolution collects the layers of a target, lowest first.
type resolution struct {
	sources  Sources
	base     base
	settings settings
	given    []option // the options of --dsn, in order, to print them again
	warnings []string
	name     string
	store    string
}

// Resolve decides which server a command talks to. Nothing is connected to, though the service file and
// certificates may be read. Its errors are of the kinds Usage (a flag), Config (environment or files) and
// NotFound (a target or service of that name); none holds a password.
func Resolve(s Sources) (*Target, error) {
	chosen, warnings := s.base()
	r := &resolution{sources: s, base: chosen, settings: settings{}, warnings: warnings}
	for _, layer := range []func() error{r.environment, r.chosen, r.flags, r.defaults, r.check} {
		if err := layer(); err != nil {
			return nil, err
		}
	}
	return newTarget(r)
}

// set lays a value over what stands; an empty one leaves it.
func (r *resolution) set(key, value, from string) {
	if value != "" {
		r.settings[key] = setting{value, from}
	}
}

func (r *resolution) environment() error {
	variables := accessVariables
	if r.base.kind == baseLibpq {
		variables = append(slices.Clone(placeVariables), accessVariables...)
	}
	for _, v := range variables {
		r.set(v.key, r.sources.env(v.name), v.name)
	}
	if r.base.kind == baseLibpq && r.settings.get("service") != "" {
		return r.service(r.settings.get("service"))
	}
	return nil
}

// chosen lays the base over the environment.
func (r *resolution) chosen() error {
	kind := fault.Config
	if r.base.byFlag {
		kind = fault.Usage
	}
	switch r.base.kind {
	case baseDSN:
		return r.dsn(r.base.value, r.base.from, kind)
	case baseService:
		r.set("service", r.base.value, r.base.from)
		return r.service(r.base.value)
	case baseTarget:
		return r.target()
	case baseLibpq:
	}
	return nil
}

// dsn lays a connection string over what stands; a service named in it lies below its own options.
func (r *resolution) dsn(dsn, from string, kind fault.Kind) error {
	options, err := parseDSN(dsn)
	if err != nil {
		return fault.New(kind, "%s is not a connection string: %v", from, err).
			WithHint("write %s or %s", `"host=db1 dbname=shop user=ann"`, `"postgres://ann@db1/shop"`)
	}
	own := settings{}
	for i, o := range options {
		if driverOnly(o.key) {
			r.warnings = append(r.warnings, fmt.Sprintf("%s: %s is a setting of a driver, it is left out", from, o.key))
			continue
		}
		if _, known := keys[o.key]; !known {
			return unknownKey(kind, from, o.key, i+1)
		}
		own[o.key] = setting{o.value, from}
		if o.key == "password" && o.value != "" && from == "--dsn" {
			r.warnings = append(r.warnings, "the password in --dsn can be seen by every user of this machine in the list of processes: use ~/.pgpass or PGPASSWORD")
		}
	}
	if name := own.get("service"); name != "" {
		if file := own.get("servicefile"); file != "" {
			r.set("servicefile", file, from)
		}
		if err := r.service(name); err != nil {
			return err
		}
	}
	maps.Copy(r.settings, own)
	if from == "--dsn" {
		r.given = options
	}
	return nil
}

func (r *resolution) target() error {
	name := r.base.value
	target, found := r.sources.Targets[name]
	if !found {
		return unknownTarget(r.base, r.sources.Targets)
	}
	from := "target " + name
	r.name, r.store = name, target.Store
	if target.Service != "" {
		r.set("service", target.Service, from)
		if err := r.service(target.Service); err != nil {
			return err
		}
	}
	if target.DSN != "" {
		if err := r.dsn(target.DSN, from, fault.Config); err != nil {
			return err
		}
	}
	if err := checkPort(fault.Config, from+": port", target.Port); err != nil {
		return err
	}
	r.place(target.Host, target.Port, target.User, target.Database, [4]string{from, from, from, from})
	r.set("sslmode", target.SSLMode, from)
	return nil
}

func unknownTarget(b base, targets map[string]TargetConfig) error {
	names := slices.Sorted(maps.Keys(targets))
	err := fault.New(fault.NotFound, "no target %q in the configuration (from %s)", b.value, b.from)
	if len(names) == 0 {
		return err.WithHint("add it under targets: in the configuration file")
	}
	if near := Nearest(b.value, names); near != "" {
		return err.WithHint("did you mean %s? known: %s", near, strings.Join(names, ", "))
	}
	return err.WithHint("known: %s", strings.Join(names, ", "))
}

func (r *resolution) flags() error {
	s := r.sources
	if err := checkPort(fault.Usage, "-p", s.Port); err != nil {
		return err
	}
	if isConnectionString(s.Database) {
		return fault.New(fault.Usage, "-d takes the name of a database, not a connection string").WithHint("give it as --dsn")
	}
	r.place(s.Host, s.Port, s.User, s.Database, [4]string{"-h", "-p", "-U", "-d"})
	if strings.Contains(r.settings.get("port"), ",") && s.Host != "" && strings.Count(r.settings.get("port"), ",") != strings.Count(s.Host, ",") {
		return fault.New(fault.Usage, "-h replaces a list of hosts that have a port each").WithHint("give the port of %s with -p", s.Host)
	}
	return nil
}

// place lays the four parts of a place over what stands. An address belongs to the host it was given with.
func (r *resolution) place(host, port, role, database string, from [4]string) {
	if host != "" {
		delete(r.settings, "hostaddr")
	}
	r.set("host", host, from[0])
	r.set("port", port, from[1])
	r.set("user", role, from[2])
	r.set("dbname", database, from[3])
}

// checkPort wants a plain decimal number from 1 to 65535; an empty text is none.
func checkPort(kind fault.Kind, what, port string) error {
	if port == "" {
		return nil
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil || n == 0 || strings.TrimLeft(port, "0123456789") != "" {
		return fault.New(kind, "%s wants a port number from 1 to 65535, not %q", what, port).WithHint("PostgreSQL listens on 5432 unless told otherwise")
	}
	return nil
}

// defaults fills what nothing else has given. Everything the driver would take from PGHOST and its kin gets
// a value here.
func (r *resolution) defaults() error {
	fallback := map[string]string{
		"port": "5432", "target_session_attrs": "any", "connect_timeout": "5", "sslmode": "prefer",
		"application_name": cmp.Or(r.settings.get("fallback_application_name"), "avadb"),
	}
	if r.settings.get("host") == "" {
		fallback["host"] = cmp.Or(r.settings.get("hostaddr"), defaultHost())
	}
	if r.settings.get("user") == "" {
		account, err := user.Current()
		if err != nil {
			return fault.New(fault.Usage, "no role is given, and this system has no name for the current user").WithHint("give the role with -U")
		}
		fallback["user"] = account.Username[strings.LastIndex(account.Username, `\`)+1:] // without Windows' domain
	}
	for key, value := range fallback {
		if r.settings.get(key) == "" {
			r.set(key, value, "default")
		}
	}
	if r.settings.get("dbname") == "" {
		r.set("dbname", r.settings.get("user"), "default: the role's name")
	}
	return nil
}

// defaultHost is the folder of the server's socket where one of the usual ones exists, else localhost: libpq
// has its own compiled in, which cannot be known here.
func defaultHost() string {
	if runtime.GOOS == "windows" {
		return "localhost"
	}
	for _, folder := range []string{"/var/run/postgresql", "/private/tmp", "/tmp"} {
		if _, err := os.Stat(folder); err == nil {
			return folder
		}
	}
	return "localhost"
}
