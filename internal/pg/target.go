package pg

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
)

// Target is a resolved server and database, ready to be connected to.
type Target struct {
	Name     string   // of a named target, else empty
	Store    string   // where a named target keeps its journal, else empty
	Values   []Value  // each option and where it came from, for `avadb config show`
	Warnings []string // what was left out or is unwise, to be printed once

	settings settings
	config   *pgx.ConnConfig
	words    []string // the explicit connection flags, without secrets and without -d
	database string   // the explicit -d, empty where none was given
	refusal  *refusal // of its pool and its probe
}

func newTarget(r *resolution) (*Target, error) {
	config, err := r.settings.config()
	if err != nil {
		return nil, err
	}
	t := &Target{
		Name: r.name, Store: r.store, Warnings: r.warnings,
		settings: r.settings, config: config, words: r.words(), database: r.sources.Database, refusal: &refusal{},
	}
	t.Values = t.values()
	return t, nil
}

// WithDatabase is the same target in another database of the server.
func (t *Target) WithDatabase(database string) *Target {
	other := *t
	other.database, other.refusal = database, &refusal{}
	other.settings = maps.Clone(t.settings)
	other.settings["dbname"] = setting{database, "-d"}
	if config, err := other.settings.config(); err == nil {
		other.config = config
	} else { // a certificate went away in between: what was read before still serves
		other.config = t.config.Copy()
		other.config.Database = database
	}
	other.Values = other.values()
	return &other
}

// Host is the name, address or socket folder of the server; of several, the first.
func (t *Target) Host() string { return t.config.Host }

// Port is the port of the server; of several, the first.
func (t *Target) Port() int { return int(t.config.Port) }

// User is the role to log in as.
func (t *Target) User() string { return t.config.User }

// Database is the database to connect to.
func (t *Target) Database() string { return t.config.Database }

// CommandFlags are the connection flags as this command line gave them, quoted for a shell and without
// secrets: what a "next step" must repeat to reach the same server. The environment need not be repeated.
func (t *Target) CommandFlags() string {
	words := slices.Clone(t.words)
	if t.database != "" {
		words = append(words, "-d", t.database)
	}
	for i, word := range words {
		words[i] = ShellQuote(word)
	}
	return strings.Join(words, " ")
}

// CommandFlagsAs are those for another role.
func (t *Target) CommandFlagsAs(user string) string {
	other := *t
	other.words = slices.Clone(t.words)
	if n := len(other.words); n >= 2 && other.words[n-2] == userFlag { // words puts it last
		other.words = other.words[:n-2]
	}
	return strings.TrimSpace(other.CommandFlags() + " " + userFlag + " " + ShellQuote(user))
}

const userFlag = "-U"

func (r *resolution) words() []string {
	var words []string
	add := func(flag, value string) {
		if value != "" {
			words = append(words, flag, value)
		}
	}
	if r.base.byFlag {
		value := r.base.value
		if r.base.kind == baseDSN {
			value = publicDSN(r.given)
		}
		add(r.base.from, value)
	}
	add("-h", r.sources.Host)
	add("-p", r.sources.Port)
	add(userFlag, r.sources.User)
	return words
}

// publicDSN writes options in the keyword form, without the secret ones.
func publicDSN(options []option) string {
	var words []string
	for _, o := range options {
		// What is not known may be a mistyped password.
		if how, known := keys[o.key]; !known || secret(o.key) || how != passed && how != translated || o.value == "" {
			continue
		}
		word := writeDSN([]option{o})
		if plain := o.key + "=" + o.value; !strings.ContainsAny(o.value, blanks+`'\`) {
			word = plain
		}
		words = append(words, word)
	}
	return strings.Join(words, " ")
}

// ShellQuote quotes a word for a POSIX shell where it needs it.
func ShellQuote(word string) string {
	const safe = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:,@%+="
	if word != "" && strings.Trim(word, safe) == "" {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// Psql is a command line of psql that runs a statement in a database of this server.
func (t *Target) Psql(database, statement string) string {
	if strings.ContainsAny(database, "=:") { // psql takes such a name for a connection string
		database = writeDSN([]option{{key: "dbname", value: database}})
	}
	quoted := `"` + statement + `"`
	if !strings.Contains(statement, "'") || strings.ContainsAny(statement, "\"$`!\\") {
		quoted = ShellQuote(statement)
	}
	return "psql -h " + ShellQuote(t.Host()) + " -p " + strconv.Itoa(t.Port()) + " -U " + ShellQuote(t.User()) + " -d " + ShellQuote(database) + " -c " + quoted
}

// values lists the options for the user, the place first.
func (t *Target) values() []Value {
	order := []string{"host", "hostaddr", "port", "user", "dbname", "password", "service", "sslmode"}
	for _, key := range slices.Sorted(maps.Keys(t.settings)) {
		if !slices.Contains(order, key) {
			order = append(order, key)
		}
	}
	values := make([]Value, 0, len(order))
	for _, key := range order {
		s, given := t.settings[key]
		switch {
		case key == "password" && !given && t.config.Password != "":
			s = setting{"", "the password file"}
		case !given:
			continue
		}
		if secret(key) {
			s.value = "(set)"
		}
		values = append(values, Value{Key: key, Value: s.value, From: s.from})
	}
	return values
}
