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
		"CREATE SUBSCRIPTION s CONNECTION 'host=h password=geheim dbname=d' PUBLICATION p": "CREATE SUBSCRIPTION s CONNECTION 'host=h password='***' dbname=d' PUBLICATION p",
		"CREATE SUBSCRIPTION s CONNECTION 'password = geheim'":                             "CREATE SUBSCRIPTION s CONNECTION 'password = '***''",
		"CREATE SUBSCRIPTION s CONNECTION 'password=''my geheim'' host=h' PUBLICATION p":   "CREATE SUBSCRIPTION s CONNECTION 'password='***' host=h' PUBLICATION p",
		"CREATE SUBSCRIPTION s CONNECTION E'password=\\'my geheim\\' host=h'":              "CREATE SUBSCRIPTION s CONNECTION E'password='***' host=h'",
		"CREATE SUBSCRIPTION s CONNECTION 'postgresql://u:geheim@h/d' PUBLICATION p":       "CREATE SUBSCRIPTION s CONNECTION 'postgresql://u:***@h/d' PUBLICATION p",
		"SELECT dblink_connect('host=h user=u password=geheim')":                           "SELECT dblink_connect('host=h user=u password='***'')",
		"SELECT 'http://example.org:80/x'":                                                 "SELECT 'http://example.org:80/x'",
	} {
		if got := MaskSecrets(query); got != want {
			t.Errorf("%s\n got %s\nwant %s", query, got, want)
		}
	}
}

// Whatever stands around it, a password never comes through.
func FuzzMaskSecrets(f *testing.F) {
	f.Add("ALTER ROLE a ", "geheim", " CREATEDB")
	f.Add("", "with ' quote and \\ backslash", "'")
	f.Fuzz(func(t *testing.T, before, secret, after string) {
		if len(secret) < 4 || strings.Contains(before+after, secret) || strings.ContainsAny(before+after, `'"$\`) || strings.Contains("password'***'PASSWORD", secret) ||
			strings.TrimSpace(secret) == "" {
			return
		}
		literal := "'" + strings.ReplaceAll(secret, "'", "''") + "'"
		if strings.Contains(secret, `\`) {
			literal = "E" + strings.ReplaceAll(literal, `\`, `\\`)
		}
		bare := strings.ReplaceAll(strings.ReplaceAll(secret, "'", "''"), `\`, `\\`)
		if got := MaskSecrets(before + " PASSWORD " + literal + " " + after); strings.Contains(got, secret) || strings.Contains(got, bare) {
			t.Errorf("%q comes through: %s", secret, got)
		}
	})
}
