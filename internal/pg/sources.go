package pg

// Sources is everything a target may be resolved from, as plain values: cmd fills it from the flags, the
// environment and the configuration file. An empty text means "not given".
type Sources struct {
	DSN, Service, Target string // --dsn, --service, --target

	Host, Port, User, Database string // -h -p -U -d, laid over the base; Port is checked by Resolve

	Env           func(key string) string // os.Getenv; nil is an empty environment
	DefaultTarget string                  // default_target of the configuration
	Targets       map[string]TargetConfig // targets of the configuration
}

// TargetConfig is one named target of the configuration file. It has no password: that is for
// ~/.pgpass, PGPASSWORD or a service.
type TargetConfig struct {
	DSN      string `yaml:"dsn"`
	Service  string `yaml:"service"`
	Host     string `yaml:"host"`
	Port     string `yaml:"port"`
	User     string `yaml:"user"`
	Database string `yaml:"database"`
	SSLMode  string `yaml:"sslmode"`
	Store    string `yaml:"store"` // database (or DSN) that holds the journal; empty for the default
}

// Value is one line of `avadb config show`: a connection option, its value and where it came from. A
// password is shown as "(set)".
type Value struct {
	Key   string `json:"key"   col:""` // the option, as a DSN names it
	Value string `json:"value" col:""` // what it is; a password only as "(set)"
	From  string `json:"from"  col:""` // the flag, variable or file that gave it
}

func (s Sources) env(key string) string {
	if s.Env == nil {
		return ""
	}
	return s.Env(key)
}

// base is what a target starts from, before the flags are laid over it.
type base struct {
	kind   baseKind
	value  string // the DSN, the service or the name of the target
	from   string // what to call its origin: "--dsn", "AVADB_TARGET", "default_target"
	byFlag bool   // given on this command line: a mistake in it is one of usage, and it is printed again in next steps
}

type baseKind int

const (
	baseLibpq   baseKind = iota // libpq's environment and its defaults
	baseDSN                     // a connection string
	baseService                 // a section of the service file
	baseTarget                  // a named target of the configuration
)

// placeVariables name a server; they count only where libpq's environment is the base.
var placeVariables = []variable{
	{"PGHOST", "host"},
	{"PGHOSTADDR", "hostaddr"},
	{"PGPORT", "port"},
	{"PGDATABASE", "dbname"},
	{"PGUSER", "user"},
	{"PGSERVICE", "service"},
	{"PGTARGETSESSIONATTRS", "target_session_attrs"},
	{"PGLOADBALANCEHOSTS", "load_balance_hosts"},
}

// accessVariables say how to get in and how to behave; they stand below every base.
var accessVariables = []variable{
	{"PGPASSWORD", "password"},
	{"PGPASSFILE", "passfile"},
	{"PGSERVICEFILE", "servicefile"},
	{"PGAPPNAME", "application_name"},
	{"PGCONNECT_TIMEOUT", "connect_timeout"},
	{"PGOPTIONS", "options"},
	{"PGTZ", "timezone"},
	{"PGSSLMODE", "sslmode"},
	{"PGSSLKEY", "sslkey"},
	{"PGSSLCERT", "sslcert"},
	{"PGSSLCERTMODE", "sslcertmode"},
	{"PGSSLSNI", "sslsni"},
	{"PGSSLROOTCERT", "sslrootcert"},
	{"PGSSLPASSWORD", "sslpassword"},
	{"PGSSLNEGOTIATION", "sslnegotiation"},
	{"PGSSLMINPROTOCOLVERSION", "ssl_min_protocol_version"},
	{"PGSSLMAXPROTOCOLVERSION", "ssl_max_protocol_version"},
	{"PGSSLCRL", "sslcrl"},
	{"PGSSLCRLDIR", "sslcrldir"},
	{"PGREQUIREPEER", "requirepeer"},
	{"PGGSSENCMODE", "gssencmode"},
	{"PGREQUIREAUTH", "require_auth"},
	{"PGCHANNELBINDING", "channel_binding"},
	{"PGKRBSRVNAME", "krbsrvname"},
	{"PGMINPROTOCOLVERSION", "min_protocol_version"},
	{"PGMAXPROTOCOLVERSION", "max_protocol_version"},
}

type variable struct{ name, key string }

// base chooses what the target starts from and names the flags that lose.
func (s Sources) base() (base, []string) {
	candidates := []base{
		{baseDSN, s.DSN, "--dsn", true},
		{baseService, s.Service, "--service", true},
		{baseTarget, s.Target, "--target", true},
		{baseDSN, s.env("AVADB_DSN"), "AVADB_DSN", false},
		{baseTarget, s.env("AVADB_TARGET"), "AVADB_TARGET", false},
	}
	if !s.placeGiven() {
		candidates = append(candidates, base{baseTarget, s.DefaultTarget, "default_target", false})
	}
	chosen, warnings := base{kind: baseLibpq}, []string(nil)
	for _, c := range candidates {
		switch {
		case c.value == "":
		case chosen.value == "":
			chosen = c
		case c.byFlag:
			warnings = append(warnings, c.from+" is ignored: "+chosen.from+" goes first")
		}
	}
	return chosen, warnings
}

// placeGiven tells whether libpq's environment names a server or a part of one.
func (s Sources) placeGiven() bool {
	for _, v := range placeVariables[:6] {
		if s.env(v.name) != "" {
			return true
		}
	}
	return false
}
