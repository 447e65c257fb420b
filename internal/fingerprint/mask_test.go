package fingerprint

import (
	"strings"
	"testing"
)

func TestMaskSecrets(t *testing.T) {
	for query, want := range map[string]string{ //nolint:gosec // the passwords are what is masked
		"SELECT 1":                       "SELECT 1",
		"ALTER ROLE a PASSWORD 'geheim'": "ALTER ROLE a PASSWORD '***'",
		"ALTER ROLE a PASSWORD 'geh''eim' VALID UNTIL 'x'":                                 "ALTER ROLE a PASSWORD '***' VALID UNTIL 'x'",
		"alter role a encrypted password E'ge\\'heim'":                                     "alter role a encrypted password '***'",
		"ALTER ROLE a PASSWORD U&'geheim'":                                                 "ALTER ROLE a PASSWORD '***'",
		"ALTER ROLE a PASSWORD\n\t'geheim'":                                                "ALTER ROLE a PASSWORD\n\t'***'",
		"ALTER ROLE a PASSWORD 'ge\nheim'":                                                 "ALTER ROLE a PASSWORD '***'",
		"ALTER ROLE a PASSWORD $$geheim$$":                                                 "ALTER ROLE a PASSWORD '***'",
		"ALTER ROLE a PASSWORD $x$ge\nheim$x$ CREATEDB":                                    "ALTER ROLE a PASSWORD '***' CREATEDB",
		"ALTER ROLE a PASSWORD 'gehei":                                                     "ALTER ROLE a PASSWORD '***'",
		"ALTER ROLE a PASSWORD NULL":                                                       "ALTER ROLE a PASSWORD NULL",
		"ALTER ROLE a PASSWORD ''":                                                         "ALTER ROLE a PASSWORD '***'",
		"CREATE USER MAPPING FOR a SERVER s OPTIONS (user 'b', password 'geheim')":         "CREATE USER MAPPING FOR a SERVER s OPTIONS (user 'b', password '***')",
		"CREATE SUBSCRIPTION s CONNECTION 'host=h password=geheim dbname=d' PUBLICATION p": "CREATE SUBSCRIPTION s CONNECTION 'host=h password=*** dbname=d' PUBLICATION p",
		"CREATE SUBSCRIPTION s CONNECTION 'password = geheim'":                             "CREATE SUBSCRIPTION s CONNECTION 'password = ***'",
		"CREATE SUBSCRIPTION s CONNECTION 'password=''my geheim'' host=h' PUBLICATION p":   "CREATE SUBSCRIPTION s CONNECTION 'password=*** host=h' PUBLICATION p",
		"CREATE SUBSCRIPTION s CONNECTION E'password=\\'my geheim\\' host=h'":              "CREATE SUBSCRIPTION s CONNECTION E'password=*** host=h'",
		"CREATE SUBSCRIPTION s CONNECTION 'postgresql://u:geheim@h/d' PUBLICATION p":       "CREATE SUBSCRIPTION s CONNECTION 'postgresql://u:***@h/d' PUBLICATION p",
		"SELECT dblink_connect('host=h user=u password=geheim')":                           "SELECT dblink_connect('host=h user=u password=***')",
		"SELECT 'http://example.org:80/x'":                                                 "SELECT 'http://example.org:80/x'",
	} {
		got := MaskSecrets(query)
		if got != want {
			t.Errorf("%s\n got %s\nwant %s", query, got, want)
		}
		if Of(got) != Of(query) {
			t.Errorf("masked, it has another signature: %s", got)
		}
	}
}

// No spelling, quoting or cut lets one through.
func TestMaskSecretsHoldsBack(t *testing.T) {
	for _, query := range []string{
		"ALTER ROLE a PASSWORD /* c */ 'geheim'", "ALTER ROLE a PASSWORD -- c\n 'geheim'", "ALTER ROLE a PASSWORD $x$gehei", "ALTER ROLE a PASSWORD $$gehei",
		"ALTER ROLE a PASSWORD $x$geh$y$geheim$x$", "ALTER ROLE a PASSWORD $ä$geheim$ä$", "ALTER ROLE a PASSWORD 'x'\n'geheim'", "ALTER ROLE a PASSWORD E'a\\' geheim",
		"ALTER ROLE a PASSWORD 'x\\' ; ALTER ROLE b PASSWORD 'geheim'", "ALTER ROLE a PASSWORD 'x\\' geheim'", "SELECT 'it\\'s'; ALTER ROLE b PASSWORD 'geheim'",
		"ALTER ROLE a PASSWORD b'geheim'", "ALTER ROLE a PASSWORD n'geheim'", "OPTIONS (\"password\" 'geheim')", "OPTIONS (U&\"p\\0061ssword\" 'geheim')",
		"OPTIONS (sslpassword 'geheim')", "OPTIONS (passfile 'x', password\t\v'geheim')", "UPDATE u SET password = ('geheim')", "SELECT f(password => 'geheim')",
		"CREATE SUBSCRIPTION s CONNECTION 'host=h password=geheim", "CREATE SUBSCRIPTION s CONNECTION 'host=h password=ge\\ heim x=1'",
		"CREATE SUBSCRIPTION s CONNECTION 'password=''my geheim", "CREATE SUBSCRIPTION s CONNECTION $$password='my geheim' host=h$$",
		"CREATE SUBSCRIPTION s CONNECTION 'postgresql://u:geheim", "CREATE SUBSCRIPTION s CONNECTION 'postgresql://u:gehe/im@h/d'",
		"CREATE SUBSCRIPTION s CONNECTION 'postgresql://u:gehe im@h/d'", "CREATE SUBSCRIPTION s CONNECTION 'postgresql://h/d?user=u&password=geheim'",
		"CREATE SUBSCRIPTION s CONNECTION 'postgresql://h/d?user=u&p%61ssword=geheim'", "CREATE SUBSCRIPTION s CONNECTION U&'p\\0061ssword=geheim'",
		"CREATE SUBSCRIPTION s CONNECTION U&'p!0061ssword=geheim' UESCAPE '!'", "CREATE SUBSCRIPTION s CONNECTION E'p\\x61ssword=geheim'",
		"CREATE SUBSCRIPTION s CONNECTION E'password=\\'my geheim", "CREATE SUBSCRIPTION s CONNECTION 'host=h pass'\n'word=geheim'", "ALTER SUBSCRIPTION s CONNECTION 'sslpassword = geheim'",
		"SELECT dblink('password=geheim dbname=x','select 1')", "SELECT dblink_exec('c', 'ALTER ROLE a PASSWORD ''geheim''')",
		"DO $$ BEGIN EXECUTE 'ALTER ROLE a PASSWORD ''geheim'''; END $$", "-- ALTER ROLE a PASSWORD 'geheim'\nSELECT 1", "SELECT 1 /* password=geheim */",
	} {
		got := MaskSecrets(query)
		if strings.Contains(got, "gehei") || strings.Contains(got, "heim") || strings.Contains(got, "im@") || !strings.Contains(got, "***") {
			t.Errorf("%s\n got %s", query, got)
		}
	}
}

// What names no password stays as it is.
func TestMaskSecretsLeaves(t *testing.T) {
	for _, query := range []string{
		"UPDATE u SET password = $1 WHERE a.password = b.password", "SELECT password, 'x' FROM u WHERE password_id = 5", `SELECT E'a\'b', 'c\', $$d$$ -- it's`,
		"set session authorization 'bob'", "set session_authorization to 'bob'", "set search_path to a, 'b'", "set work_mem = '64MB'", "set enable_seqscan = off",
		"set password_encryption = 'md5'", "set tcp_keepalives_idle = 60", "set authentication_timeout = '1min'", "alter role a set search_path = 'key'",
		"select set_config('search_path', 'key, secret', false)", "select key, 'x' from token where key = 'k' and secret = 'x'", "select set_config('my.token', $1, false)",
		"create table t (key text default 'x', primary key (key))", "alter table t alter column token set default 'x'", "alter table t set schema auth",
		"alter role a set my.token from current", "reset my.token", "select program = 'x' from t", "set my.token = default; select 'x'", "update t set token = s.token from s where s.a = 'x'",
		"SELECT 'http://example.org:80/x', 'a'\n'b'", "ALTER ROLE a PASSWORD NULL", "UPDATE u SET password = $?",
	} {
		if got := MaskSecrets(query); got != query {
			t.Errorf("%s\n got %s", query, got)
		}
	}
}

// Whatever stands around it and however it is quoted, whole or cut off, a password never comes through.
func FuzzMaskSecrets(f *testing.F) {
	f.Add("ALTER ROLE a ", " CREATEDB", uint8(0), uint8(0))
	f.Add(`SELECT 'it\'s', "$x$`, `' $$ \`, uint8(3), uint8(2))
	f.Fuzz(func(t *testing.T, before, after string, form, cut uint8) {
		const secret = "Geheim7"
		if strings.Contains(before+after, "Geheim") || !isWhole(before) {
			return
		}
		forms := []string{
			"'Geheim7'", `E'\'Geheim7'`, "N'Geheim7'", "U&'Geheim7'", "B'Geheim7'", "X'Geheim7'", "'''Geheim7'", "$$'Geheim7$$", "$ä$ $$Geheim7$ä$",
			"/* ' */ 'Geheim7'", "-- '\n'Geheim7'", "'a'\n'Geheim7'", `'\Geheim7'`,
		}
		statement := " PASSWORD " + forms[int(form)%len(forms)]
		if cut%2 == 1 {
			statement = statement[:len(statement)-1]
		} else {
			statement += " " + after
		}
		if got := MaskSecrets(before + statement); strings.Contains(got, secret) {
			t.Errorf("it comes through: %s", got)
		}
	})
}

// isWhole tells that a text ends outside of a literal, a quoted name and a comment: what follows is a statement's next token.
func isWhole(text string) bool {
	const probe = " PASSWORD "
	text += probe
	for i := 0; i < len(text); {
		k, from, to := next(text, i)
		if from >= len(text)-len(probe) {
			return k == word && text[from:to] == "PASSWORD"
		}
		i = to
	}
	return false
}
