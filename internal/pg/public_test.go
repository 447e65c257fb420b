package pg

import (
	"strings"
	"testing"
)

// FuzzPublicDSN looks for a connection string whose password survives being made public, or comes back on a second reading.
func FuzzPublicDSN(f *testing.F) {
	for _, seed := range []string{
		"host=db1 password=%s", "password='%s' host=", "password = '%s\\'x' user=u", "postgres://u:%s@h:1,[::1]/d?sslmode=require", "postgres://u:%s/x@h/d",
		"postgresql://u@h/d?password=%s", "postgres://h/%%s", "postgres://u:a/%s?x=y@h", "sslpassword=%s", "shop", "pasword=%s", "postgres://u:p%%4%s@h",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, shape string) {
		const password = "sEcr3tQ7"
		if strings.Contains(shape, password) || strings.Count(shape, "%s") != 1 || !strings.ContainsAny(shape, "=:/") {
			return
		}
		dsn := strings.ReplaceAll(shape, "%s", password)
		shown := PublicDSN(dsn)
		options, err := parseDSN(dsn)
		if err != nil {
			noSecret(t, dsn, password, shown)
			return
		}
		isSecret := false
		for _, o := range options {
			_, known := keys[o.key]
			if (!known || secret(o.key)) && strings.Contains(o.value, password) {
				isSecret = true
			} else if strings.Contains(o.value, password) || strings.Contains(o.key, password) {
				return // it is the name of a host, say
			}
		}
		if isSecret {
			noSecret(t, dsn, password, shown)
		}
		if again := PublicDSN(shown); shown != "" && again != shown {
			t.Fatalf("%q: shown as %q, and that as %q", dsn, shown, again)
		}
	})
}
