package pg

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"avadb/internal/fault"
)

func TestParseDSN(t *testing.T) {
	for _, test := range []struct{ dsn, want string }{
		{"", ""},
		{"  ", ""},
		{"host=db1 dbname=shop", "host='db1' dbname='shop'"},
		{" host = db1\tport\n=\n5433 ", "host='db1' port='5433'"},
		{`password='it\'s \\ me' user=ann`, `password='it\'s \\ me' user='ann'`},
		{`user=a\ b`, `user='a b'`},
		{`user=a\`, `user='a'`},
		{"user= dbname=x", "user='dbname=x'"}, // libpq skips blanks after the equals sign too
		{"password=", "password=''"},
		{"postgres://", ""},
		{"postgresql:///shop", "dbname='shop'"},
		{"postgres://ann@db1/shop", "user='ann' host='db1' dbname='shop'"},
		{"postgres://ann:p%40ss@db1:5433/shop?sslmode=require", "user='ann' password='p@ss' host='db1' port='5433' dbname='shop' sslmode='require'"},
		{"postgres://db1,db2:5433,db3/shop", "host='db1,db2,db3' port=',5433,' dbname='shop'"},
		{"postgres://[::1]:5433,[fe80::1]/", "host='::1,fe80::1' port='5433,'"},
		{"postgres://%2Ftmp:5433/shop", "host='/tmp' port='5433' dbname='shop'"},
		{"postgres:///shop?host=/tmp&port=5433&application_name=my%20app", "dbname='shop' host='/tmp' port='5433' application_name='my app'"},
		{"postgres://db1?ssl=true", "host='db1' sslmode='require'"},
	} {
		options, err := parseDSN(test.dsn)
		if err != nil {
			t.Errorf("%s: %v", test.dsn, err)
		} else if got := writeDSN(options); got != test.want {
			t.Errorf("%s:\n got %s\nwant %s", test.dsn, got, test.want)
		}
	}
}

func TestParseDSNRefuses(t *testing.T) {
	for _, dsn := range []string{
		"sEcret", "host=a sEcret", "host=a password=one sEcret", "=sEcret", "password='sEcret", "password='sEcret\\",
		"user=a\x00sEcret", "postgres://u@h/d?sEcret", "postgres://u@h/d?password=sEcret=1", "postgres://u:sEcret%4@h/d",
		"postgres://u:sEcret%00@h/d", "postgres://u:sE cret@h/d", "postgres://u:sEcret@[::1/d", "postgres://u:sEcret@[]/d",
		"postgres://u:sEcret@[::1]x/d", "postgres://u@h/d?a%zz=sEcret",
	} {
		_, err := parseDSN(dsn)
		if err == nil {
			t.Errorf("%s: accepted", dsn)
		} else if strings.Contains(err.Error(), "cret") {
			t.Errorf("%s: the error shows the password: %v", dsn, err)
		}
	}
}

// FuzzResolveDSN looks for a connection string that makes Resolve panic, whose error is without kind, or whose
// password comes out anywhere.
func FuzzResolveDSN(f *testing.F) {
	for _, seed := range []string{
		"host=db1 password=%s", "password='%s' host=", "postgres://u:%s@h:1,[::1]/d?sslmode=require", "postgres://u:%s/x@h/d",
		"postgres://h/d?password=%s&ssl=true", "password=a %s=b", "host=h sslpassword=%s sslmode=verify-full sslrootcert=/nope",
		"postgres://u:a/%s?x=y@h", "port=x password=%s", "hostaddr=1,2 host=a password=%s", "postgres://u:%s@h:5432,h2:x/d", "service=x password=%s",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, shape string) {
		const password = "sEcr3tQ7"
		if strings.Contains(shape, password) || strings.Count(shape, "%s") != 1 || isFileKey(shape) {
			return
		}
		dsn := strings.ReplaceAll(shape, "%s", password)
		if options, err := parseDSN(dsn); err == nil && !slices.ContainsFunc(options, func(o option) bool { return secret(o.key) && strings.Contains(o.value, password) }) {
			return // it is the name of a service, say
		}
		target, err := Resolve(Sources{DSN: dsn})
		if err != nil {
			e := fault.As(err)
			if e == nil {
				t.Fatalf("%q: an error without kind: %v", dsn, err)
			}
			noSecret(t, dsn, password, e.Message, e.Hint)
			for inner := errors.Unwrap(err); inner != nil; inner = errors.Unwrap(inner) {
				noSecret(t, dsn, password, inner.Error())
			}
			return
		}
		noSecret(t, dsn, password, target.CommandFlags(), strings.Join(target.Warnings, " "))
		for _, v := range target.Values {
			noSecret(t, dsn, password, v.Key, v.Value, v.From)
		}
		if again, err := parseDSN(target.dsnShown()); err != nil || len(again) > len(target.settings)+len(keys) {
			t.Fatalf("%q: CommandFlags cannot be read again: %v", dsn, err)
		}
	})
}

// dsnShown is the connection string in CommandFlags.
func (t *Target) dsnShown() string {
	for i, word := range t.words {
		if word == "--dsn" {
			return t.words[i+1]
		}
	}
	return ""
}

// isFileKey keeps the fuzzer from opening whatever file it can name: a pipe or a terminal would block it.
func isFileKey(dsn string) bool {
	options, err := parseDSN(dsn)
	for _, o := range options {
		switch o.key {
		case "servicefile", "passfile", "sslcert", "sslkey", "sslrootcert":
			return o.value != "" && o.value != "/nope"
		}
	}
	return err != nil && strings.Contains(dsn, "file")
}

func noSecret(t *testing.T, dsn, password string, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if strings.Contains(text, password) {
			t.Fatalf("%q: the password is shown in %q", dsn, text)
		}
	}
}
